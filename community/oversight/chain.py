"""The chain of a programme's log: each entry holds the hash of the one before it, so that whoever changes, removes or
reorders what is stored breaks it there. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from community.oversight.model import Act, LogEntry
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve

GENESIS = bytes(32)
"""What the first entry holds in place of a hash."""


def entry_id(programme_id: str, number: int) -> bytes:
    """There can be one of a number."""
    return derived_id("moderation_log", programme_id, number)


def entry_after(
    programme_id: str, number: int, previous: bytes, act: Act, by: str, at: datetime, salt: bytes | None
) -> LogEntry:
    """The entry that follows one with that hash. `salt`: exactly where the act has words."""
    words = words_of(act.reason, salt)
    entry = LogEntry(
        entry_id(programme_id, number), programme_id, number, at, by, act, salt, words, previous, b""
    )
    return evolve(entry, hash=hash_of(entry))


def words_of(reason: str | None, salt: bytes | None) -> bytes | None:
    """What stands for the words in the chain."""
    return sha256(salt + reason.encode()).digest() if reason is not None and salt is not None else None


def hash_of(entry: LogEntry) -> bytes:
    """The SHA-256 of an entry's canonical form."""
    return sha256(canonical(entry)).digest()


def canonical(entry: LogEntry) -> bytes:
    """The bytes that are hashed: a JSON object with sorted keys, without spaces, bytes as hexadecimal digits and instants
    as milliseconds since 1970. The words are in it by their salted hash alone."""
    act = entry.act
    form: dict[str, Any] = {
        "at": _milliseconds(entry.at),
        "by": entry.by,
        "details": dict(act.details or {}),
        "kind": act.kind.value,
        "member": act.member_id.hex() if act.member_id else None,
        "number": entry.number,
        "parent": act.parent,
        "previous": entry.previous.hex(),
        "programme": entry.programme_id,
        "rule": act.rule,
        "sanction": act.sanction_id.hex() if act.sanction_id else None,
        "space": act.space,
        "subject": [act.subject.kind.value, act.subject.id.hex()],
        "until": _milliseconds(act.until) if act.until is not None else None,
        "words": entry.words.hex() if entry.words else None,
    }
    return orjson.dumps(form, option=orjson.OPT_SORT_KEYS)


def breaks(entries: Iterable[LogEntry]) -> list[str]:
    """Where a log, in the order of its numbers, is not what was written."""
    found: list[str] = []
    number, previous = 0, GENESIS
    for entry in entries:
        number += 1
        if entry.number != number:
            found.append(f"entry {number} is missing before {entry.number}")
            number = entry.number
        elif entry.previous != previous:
            found.append(f"entry {entry.number} does not follow the one before it")
        if entry.hash != hash_of(entry):
            found.append(f"entry {entry.number} was changed")
        if entry.act.reason is not None and words_of(entry.act.reason, entry.salt) != entry.words:
            found.append(f"entry {entry.number} has other words")
        previous = entry.hash
    return found


def _milliseconds(at: datetime) -> int:
    return round(at.astimezone(UTC).timestamp() * 1000)
