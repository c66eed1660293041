"""How one text differs from another: pure."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from gamification.kit.records import record

_PARTS = re.compile(r"\s+|[A-Za-z0-9_]+|.", re.DOTALL)
"""Words, what stands between them, and each other character by itself, as Chinese has no spaces."""
_PAIRS_MAX = 40_000
"""Comparing takes time by how many pairs of parts there are between the first and the last difference: of more, lines are
compared, and where those are too many as well, all between goes and comes. It bounds what anybody can make a server do."""


class ChangeKind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@record(frozen=True, slots=True)
class Part:
    """Some text that stayed, came or went."""

    kind: ChangeKind
    text: str


def between(before: str, after: str) -> list[Part]:
    """What was done to a text, in order: the parts that are not ADDED make up `before`, those not REMOVED `after`."""
    old, new = _PARTS.findall(before), _PARTS.findall(after)
    head, tail = _alike(old, new)
    if _pairs(old, new, head + tail) > _PAIRS_MAX:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        head, tail = _alike(old, new)
    last_old, last_new = len(old) - tail, len(new) - tail
    found: list[tuple[ChangeKind, Sequence[str]]] = [(ChangeKind.SAME, old[:head])]
    if _pairs(old, new, head + tail) > _PAIRS_MAX:
        found += [(ChangeKind.REMOVED, old[head:last_old]), (ChangeKind.ADDED, new[head:last_new])]
    else:
        found += _compared(old[head:last_old], new[head:last_new])
    found.append((ChangeKind.SAME, old[last_old:]))
    return _joined(found)


def _alike(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many parts are alike at the beginning, and of the rest at the end."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - head
    return head, next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)


def _pairs(old: Sequence[str], new: Sequence[str], alike: int) -> int:
    return (len(old) - alike) * (len(new) - alike)


def _compared(old: Sequence[str], new: Sequence[str]) -> list[tuple[ChangeKind, Sequence[str]]]:
    found: list[tuple[ChangeKind, Sequence[str]]] = []
    for kind, i, j, k, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append((ChangeKind.SAME, old[i:j]))
        else:
            found += [(ChangeKind.REMOVED, old[i:j]), (ChangeKind.ADDED, new[k:end])]
    return found


def _joined(parts: Sequence[tuple[ChangeKind, Sequence[str]]]) -> list[Part]:
    """Without what is empty, and what is alike in one."""
    found: list[Part] = []
    for kind, texts in parts:
        text = "".join(texts)
        if text and found and found[-1].kind is kind:
            found[-1] = Part(kind, found[-1].text + text)
        elif text:
            found.append(Part(kind, text))
    return found
