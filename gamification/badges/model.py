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

    `barred`: a person revoked it; rules do not award it again, a person may.
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

    @property
    def stands(self) -> bool:
        return self.revoked_at is None


@lru_cache(maxsize=IDS_CACHED)
def award_id(programme_id: str, member_id: bytes, badge: str, occurrence: str) -> bytes:
    """The id of that award: there is one a member, badge and occurrence."""
    return derived_id("award", programme_id, member_id, badge, occurrence)
