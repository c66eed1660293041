"""An award of a badge to a member, and the grounds it stands on."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from functools import lru_cache

from gamification.kit.causes import Cause
from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record

BY_RULES = "rules"
BY_HAND = "hand"


@record(frozen=True, slots=True)
class BadgeAward:
    """`occurrence` is "" for a badge awarded once a member. `grounds` maps what justifies it, BY_RULES (some
    standing activity), BY_HAND, or "task:<progress id>", to the level each gives; without grounds it is revoked.

    `barred`: a person revoked it; rules do not award it again, a person may. `number`: its place in a limited edition,
    kept for good. `missed`: the edition was used up, so it never stood. `withdrawals` counts how often it was revoked or
    its level lowered: what was said of it before is no longer true.
    """

    id: bytes
    programme_id: str
    member_id: bytes
    badge: str
    occurrence: str
    badge_version: int
    level: int
    awarded_at: datetime
    cause: Cause
    grounds: Mapping[str, int] = field(default_factory=dict)
    barred: bool = False
    revoked_at: datetime | None = None
    revocation: Cause | None = None
    sequence: int = 0
    number: int | None = None
    missed: bool = False
    withdrawals: int = 0
    former_numbers: tuple[int, ...] = ()
    """Numbers beside `number` of accounts that were merged into the member's: nobody else is given them."""

    @property
    def stands(self) -> bool:
        return self.revoked_at is None


@lru_cache(maxsize=IDS_CACHED)
def award_id(programme_id: str, member_id: bytes, badge: str, occurrence: str) -> bytes:
    """The id of that award: there is one a member, badge and occurrence."""
    return derived_id("award", programme_id, member_id, badge, occurrence)


@record(frozen=True, slots=True)
class Edition:
    """How many numbers of a limited edition were given; none is ever given again."""

    id: bytes
    programme_id: str
    badge: str
    issued: int = 0


def edition_id(programme_id: str, badge: str) -> bytes:
    """The id of a badge's edition."""
    return derived_id("edition", programme_id, badge)


@record(frozen=True, slots=True)
class CollectionState:
    """A member's completion of a collection. `badges` are those it was completed by: an edit of the definition takes
    nothing away. `completions` counts how often; `transfers` and `awards` are what the reward gave."""

    id: bytes
    programme_id: str
    member_id: bytes
    collection: str
    version: int
    badges: tuple[str, ...] = ()
    completions: int = 0
    completed_at: datetime | None = None
    cause: Cause | None = None
    transfers: tuple[bytes, ...] = ()
    awards: tuple[bytes, ...] = ()
    sequence: int = 0

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None


def collection_id(programme_id: str, member_id: bytes, collection: str) -> bytes:
    """The id of that member's state in a collection."""
    return derived_id("collection", programme_id, member_id, collection)
