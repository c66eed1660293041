"""How one text differs from another: pure."""

import re
from difflib import SequenceMatcher
from enum import StrEnum

from gamification.kit.records import record

_PARTS = re.compile(r"\s+|[A-Za-z0-9_]+|.", re.DOTALL)
"""Words, what stands between them, and each other character by itself, as Chinese has no spaces."""
_PARTS_MAX = 4_000
"""Comparing takes time by the square of it: longer texts are compared by lines."""


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
    if len(old) + len(new) > _PARTS_MAX:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[Part] = []
    for kind, i, j, k, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Part(ChangeKind.SAME, "".join(old[i:j])))
            continue
        if i < j:
            found.append(Part(ChangeKind.REMOVED, "".join(old[i:j])))
        if k < end:
            found.append(Part(ChangeKind.ADDED, "".join(new[k:end])))
    return found
