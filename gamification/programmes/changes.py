"""What a new document changes in the old one, and the versions its definitions get."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.programmes.definitions import Definition, Status
from gamification.programmes.document import SECTIONS, Document, section_limit


class ChangeKind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Change:
    """One definition that differs; `fields` are the names of the fields that did, `version` its new version."""

    section: str
    key: str
    kind: ChangeKind
    version: int
    fields: tuple[str, ...] = ()


def merge(old: Document | None, new: Document) -> tuple[Document, list[Change]]:
    """`new` with definition versions set from `old`, and the changes in file order.

    A definition that `new` no longer states is archived, never deleted: what it granted must stay readable.
    Raises: InvalidInput where a change would alter the meaning of what is stored.
    """
    changes: list[Change] = []
    if old is None or old.programme != new.programme:
        kind = ChangeKind.ADDED if old is None else ChangeKind.CHANGED
        fields = () if old is None else _differing(old.programme.model_dump(), new.programme.model_dump())
        changes.append(Change("programme", new.programme.key, kind, 1, fields))
    sections: dict[str, Any] = {}
    for name in SECTIONS:
        before = {d.key: d for d in old.section(name)} if old else {}
        merged: list[Definition] = []
        for definition in new.section(name):
            kept, change = _versioned(name, before.pop(definition.key, None), definition)
            merged.append(kept)
            if change:
                changes.append(change)
        for gone in before.values():
            if gone.status is Status.ARCHIVED:
                merged.append(gone)
                continue
            archived = gone.model_copy(update={"status": Status.ARCHIVED, "version": gone.version + 1})
            merged.append(archived)
            changes.append(Change(name, gone.key, ChangeKind.ARCHIVED, archived.version, ("status",)))
        if len(merged) > section_limit(name):
            raise InvalidInput(
                f"{name} would hold {len(merged)} definitions, archived ones included.",
                code=ErrorCode.TOO_LARGE,
                path=[name],
                limit=section_limit(name),
            )
        sections[name] = tuple(merged)
    return new.model_copy(update=sections), changes


def _versioned(
    section: str, before: Definition | None, after: Definition
) -> tuple[Definition, Change | None]:
    if before is None:
        fresh = after.model_copy(update={"version": 1})
        return fresh, Change(section, after.key, ChangeKind.ADDED, 1)
    fields = _differing(before.model_dump(exclude={"version"}), after.model_dump(exclude={"version"}))
    if not fields:
        return before, None
    frozen = sorted(set(fields) & set(_FROZEN.get(section, ())))
    if frozen:
        raise InvalidInput(
            f"{section}.{after.key}: {frozen[0]} is fixed once made, since stored records were kept by it; "
            "archive this one and make another.",
            path=[section, after.key, frozen[0]],
        )
    kept = after.model_copy(update={"version": before.version + 1})
    archived = after.status is Status.ARCHIVED and before.status is not Status.ARCHIVED
    kind = ChangeKind.ARCHIVED if archived else ChangeKind.CHANGED
    return kept, Change(section, after.key, kind, kept.version, fields)


_FROZEN = {
    "leaderboards": ("operator", "order", "ties", "cycle", "time_zone", "subscore"),
    "tasks": ("measure", "cycle", "zone"),
    "badges": ("repeat",),
    "counters": ("per", "cycle"),
}


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in after if before.get(name) != after[name])
