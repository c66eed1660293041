"""Memberships of segments, and by what members are scored."""

from datetime import date, datetime

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record

SOURCE = "segments"
"""Under which name the platform records that members come and go."""
PASSAGES_A_DAY = 6
"""How often a member comes to a segment or leaves it in a day, as they act; what would follow waits for the next day. A
condition that counts what its own segment causes would else never rest."""


@record(frozen=True, slots=True)
class SegmentMember:
    """A member's being in a segment, or having been: `since` they are in it, or are not any more. `passages`: how often they
    came or left; `today` how often of them on the day of the last one."""

    id: bytes
    programme_id: str
    segment: str
    member_id: bytes
    is_in: bool
    since: datetime
    passages: int = 0
    day: date | None = None
    today: int = 0


def segment_member_id(programme_id: str, segment: str, member_id: bytes) -> bytes:
    """The id of a member's being in a segment."""
    return derived_id("segment-member", programme_id, segment, member_id)


@record(frozen=True, slots=True)
class Cuts:
    """Where quintiles end, for each of the three: four values each, in order; of `size` members on `day`."""

    day: date
    size: int
    recency: tuple[int, ...] = ()
    frequency: tuple[int, ...] = ()
    money: tuple[int, ...] = ()


@record(frozen=True, slots=True)
class Run:
    """A programme's last sweep: the day that it was of, when it was done, and the cuts that it scored by."""

    programme_id: str
    day: date | None
    done_at: datetime | None
    cuts: Cuts | None


@record(frozen=True, slots=True)
class Overlap:
    """How many members are in both of two segments, and in one of them alone."""

    both: int
    only_first: int
    only_second: int


@record(frozen=True, slots=True)
class Preview:
    """What a condition comes to: how many of the `looked_at` members meet it, of how many it can't be told, and some who do.
    `is_exact`: all members were looked at, and not a sample."""

    looked_at: int
    matching: int
    undecided: int
    sample: tuple[bytes, ...]
    is_exact: bool
    members: int
    faults: tuple[str, ...] = ()
