"""A member's place on a ladder, and each change of it."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from gamification.kit.causes import Cause
from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record

Days = Mapping[str, int]
"""What was measured by local day of the programme's zone, such as `2026-11-20`."""


class Pin(StrEnum):
    """A tier set by hand: FLOOR where it was a favour, so that the member may rise above it; EXACT where it was less
    than they qualified for."""

    FLOOR = "floor"
    EXACT = "exact"


class TierChangeKind(StrEnum):
    """RAISED and DROPPED; KEPT at a review; GRACE began, as a review found it lost; SET by hand; RESTORED: below what
    was held, as the growth that had lifted the member was taken back."""

    RAISED = "raised"
    DROPPED = "dropped"
    KEPT = "kept"
    GRACE = "grace"
    SET = "set"
    RESTORED = "restored"


@record(frozen=True, slots=True)
class Held:
    """A tier that was held before, and until when it would have been; None as long as the member qualifies."""

    tier: str | None
    until: datetime | None


@record(frozen=True, slots=True)
class TierState:
    """One member on one ladder.

    `tier` is held since `since` and, where `until` is stated, not looked at before then; with `in_grace` it drops then.
    `measured_at` is the instant as of which the member qualified for it. `told_for` is the drop that the member was
    last told of. `days` are the measures' figures by day; `version` the ladder's by which it was last assessed, at
    `assessed_at`; `changes` counts its changes. `grown_at` is when the newest of what counted happened.
    """

    id: bytes
    programme_id: str
    member_id: bytes
    ladder: str
    tier: str | None
    since: datetime
    measured_at: datetime
    assessed_at: datetime
    version: int
    days: Mapping[str, Days]
    until: datetime | None = None
    in_grace: bool = False
    pinned: Pin | None = None
    told_for: datetime | None = None
    before: Held | None = None
    look_at: datetime | None = None
    changes: int = 0
    grown_at: datetime | None = None


@record(frozen=True, slots=True)
class TierChange:
    """One entry of a member's history on a ladder; `number` counts from 1. `figures` are the measures then.

    `at` is as of when the tier changed, `occurred_at` when what changed it happened, which of history that is imported
    later is long before: of a rise the newest activity that had counted by then; else `at`.
    """

    id: bytes
    programme_id: str
    member_id: bytes
    ladder: str
    number: int
    kind: TierChangeKind
    before: str | None
    after: str | None
    at: datetime
    recorded_at: datetime
    until: datetime | None
    version: int
    cause: Cause
    occurred_at: datetime
    figures: Mapping[str, int] = field(default_factory=dict)


@record(frozen=True, slots=True)
class Growth:
    """Something that may count for a member's tiers: of a unit, then `unit` is stated, or of a counter. `at` is when it
    was earned; where that is when another transfer was, `about` is that one's id. `taken_back`: by a reversal.
    `happened_at`: when what made it count happened, where that is not when it was earned."""

    id: bytes
    member_id: bytes
    amount: int
    at: datetime
    cause: Cause
    unit: str | None = None
    counter: str | None = None
    about: bytes | None = None
    taken_back: bool = False
    happened_at: datetime | None = None


@record(frozen=True, slots=True)
class Notice:
    """A drop that is coming: from `tier` to `after` at `drops_at`, unless what is missing comes before."""

    tier: str
    after: str | None
    drops_at: datetime


@record(frozen=True, slots=True)
class Round:
    """A pyramid's review at the end of a period: how much each tier took, and of how many members."""

    id: bytes
    programme_id: str
    ladder: str
    ended_at: datetime
    version: int
    population: int
    cutoffs: Mapping[str, int]


@lru_cache(maxsize=IDS_CACHED)
def state_id(programme_id: str, ladder: str, member_id: bytes) -> bytes:
    """The id of that member's state on that ladder."""
    return derived_id("tier", programme_id, ladder, member_id)


def change_id(state: bytes, number: int) -> bytes:
    """The id of a state's change of that number: there can be one only."""
    return derived_id("tier_change", state, number)


def round_id(programme_id: str, ladder: str, ended_at: datetime) -> bytes:
    """The id of the round of the period that ended then."""
    return derived_id("tier_round", programme_id, ladder, ended_at.isoformat())
