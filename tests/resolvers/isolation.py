"""What is of one programme and of no other, and whether an answer shows any of it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from resolvers.relay import decode_id
from storage.mongo import Mongo
from tests.resolvers.test_permissions import everything
from tests.support import ProgrammeUnderTest

_TEXT_LEAST = 12
"""Shorter texts are keys and states, which both programmes may have."""
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_HEX = re.compile(r"[0-9a-f]{24,}")


class Marks:
    """The ids and texts of one programme's documents that no document of the other has."""

    def __init__(self, own: Iterable[Any], others: Iterable[Any]) -> None:
        ids, texts = _parts(own)
        other_ids, other_texts = _parts(others)
        self.ids = ids - other_ids
        self.texts = texts - other_texts
        self.is_marked = lru_cache(maxsize=200_000)(self._is_marked)

    def in_answer(self, answer: Mapping[str, Any], asked: Mapping[str, Any] | None = None) -> set[str]:
        """The strings of an answer that show something of it: in the data all, in what it says of errors those that the
        caller did not state."""
        stated = orjson.dumps(asked, default=str)
        found = {one for one in _strings(answer.get("data")) if self.is_marked(one)}
        told = [orjson.loads(orjson.dumps(answer.get("errors"), default=str))]
        return found | {one for one in _strings(told) if self.is_marked(one) and one.encode() not in stated}

    def _is_marked(self, text: str) -> bool:
        decoded = decode_id(text)
        within = f"{text} {decoded[0]} {decoded[1]}" if decoded is not None else text
        return text in self.texts or any(one in self.ids for one in _HEX.findall(within))


async def marks_of(mongo: Mongo, club: ProgrammeUnderTest, other: ProgrammeUnderTest) -> Marks:
    """Of the first programme, as compared with the other."""
    defined = (await other.services.programmes.catalogue(other.key)).document.model_dump(mode="json")
    others = [*(await everything(mongo, other)).values(), defined]
    return Marks((await everything(mongo, club)).values(), others)


def _strings(value: Any) -> set[str]:
    found = set(_STRING.findall(orjson.dumps(value, default=str)))
    return {orjson.loads(b'"' + one + b'"') if b"\\" in one else one.decode() for one in found}


def _parts(documents: Iterable[Any]) -> tuple[set[str], set[str]]:
    ids, texts = set[str](), set[str]()
    for part in _leaves(list(documents)):
        if isinstance(part, bytes) and len(part) >= _TEXT_LEAST:
            ids.add(part.hex())
        elif isinstance(part, str) and len(part) >= _TEXT_LEAST:
            texts.add(part)
    return ids, texts


def _leaves(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, Mapping):
            pending += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            pending += part
        else:
            yield part
