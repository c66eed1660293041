"""A reaction."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


class TargetKind(StrEnum):
    POST = "post"
    COMMENT = "comment"


@record(frozen=True, slots=True)
class Target:
    """What is reacted to."""

    kind: TargetKind
    id: bytes


@record(frozen=True, slots=True)
class Reaction:
    """One member's to one thing, which is the post `post_id` or under it; None is none any more. `times` counts its changes,
    `activity_id` is what it counts as for the author; `shadowed`: it is seen by who gave it alone; `marked`: what it is to came or
    went, and whether it counts is to be settled."""

    id: bytes
    programme_id: str
    target: Target
    post_id: bytes
    author_id: bytes
    member_id: bytes
    key: str | None
    at: datetime
    times: int
    activity_id: bytes | None = None
    shadowed: bool = False
    marked: bool = False

    @property
    def counted(self) -> str | None:
        """The reaction that others count; None for none."""
        return None if self.shadowed else self.key


def reaction_id(target: Target, member_id: bytes) -> bytes:
    """There can be one of a member to a thing."""
    return derived_id("reaction", target.kind, target.id, member_id)
