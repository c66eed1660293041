"""A bookmark."""

from datetime import datetime

from community.reactions.model import Target
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


@record(frozen=True, slots=True)
class Bookmark:
    """A member's of a post or a comment. `note` is theirs alone."""

    id: bytes
    programme_id: str
    member_id: bytes
    target: Target
    note: str | None
    at: datetime


def bookmark_id(member_id: bytes, target: Target) -> bytes:
    """There can be one of a member of a thing."""
    return derived_id("bookmark", member_id, target.kind, target.id)
