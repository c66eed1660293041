"""Why something happened: kept with every transfer, award and task completion, so that each can be explained."""

from dataclasses import fields
from typing import Any

from gamification.kit.records import record


@record(frozen=True, slots=True)
class Cause:
    """The activity and rule, or the task, or the collection of badges, or the person with their reason.

    `programme_version` finds the definitions as they were. `actor` is "role:subject". `tier` ("ladder/tier") is what
    multiplied the points, by `multiplier`.
    """

    activity_id: bytes | None = None
    rule: str | None = None
    rule_version: int | None = None
    task: str | None = None
    task_version: int | None = None
    programme_version: int | None = None
    actor: str | None = None
    reason: str | None = None
    collection: str | None = None
    referral: str | None = None
    check_in: str | None = None
    board: str | None = None
    period: str | None = None
    group: str | None = None
    rank: int | None = None
    reward: str | None = None
    tier: str | None = None
    multiplier: str | None = None
    draw: str | None = None
    prize: str | None = None
    goal: str | None = None
    milestone: str | None = None
    bounty: bytes | None = None
    contest: str | None = None
    agreement: bytes | None = None


_FIELDS = tuple(field.name for field in fields(Cause))


def cause_document(cause: Cause) -> dict[str, Any]:
    """The stated fields only."""
    return {name: value for name in _FIELDS if (value := getattr(cause, name)) is not None}


def cause_from(row: dict[str, Any]) -> Cause:
    return Cause(**row)
