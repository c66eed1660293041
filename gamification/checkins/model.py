"""What is kept of a member's check-ins: days, what they gave, cards and freezes, pauses."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.leaderboards.model import Contribution
from gamification.programmes.definitions import CheckInItem


class DayState(StrEnum):
    """What became of a day. CHECKED_IN and MADE_UP count; FROZEN, EXCUSED and PAUSED neither count nor break a streak;
    MISSED breaks it. OPEN is the present day, and one that can still come in late is MISSED until it does. WITHDRAWN:
    staff took the check-in back; it counts as missed. BEFORE: the member had not joined yet."""

    CHECKED_IN = "checked_in"
    MADE_UP = "made_up"
    FROZEN = "frozen"
    EXCUSED = "excused"
    PAUSED = "paused"
    MISSED = "missed"
    OPEN = "open"
    FUTURE = "future"
    BEFORE = "before"
    WITHDRAWN = "withdrawn"


COUNTS = frozenset({DayState.CHECKED_IN, DayState.MADE_UP})


@record(frozen=True, slots=True)
class Pause:
    """Days off, both ends included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@record(frozen=True, slots=True)
class Run:
    """Where a streak stands at the end of a day. `streak` counts days that count; `began` is its first. `excused` are the
    latest days that were excused, as many as bound further ones; `freezes` those still held."""

    streak: int = 0
    longest: int = 0
    total: int = 0
    began: date | None = None
    last: date | None = None
    freezes: int = 0
    excused: tuple[date, ...] = ()


@record(frozen=True, slots=True)
class Ledger:
    """The facts of one member's days after `anchor`, at the end of which the streak stood at `run`.

    `days` are those that count; `short` those that a change of zone cut short; `freezes` how many came in (or were taken
    away) on which day; `closed` is the last day that is over and judged. Before the first day that counts there is no
    anchor.
    """

    anchor: date | None = None
    run: Run = Run()
    days: Mapping[date, DayState] = field(default_factory=dict)
    short: frozenset[date] = frozenset()
    freezes: Mapping[date, int] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    closed: date | None = None


@record(frozen=True, slots=True)
class CheckInState:
    """A member's standing in one check-in programme. `run` is how the streak stands now, the present day included, as
    computed from the `ledger`; `reached` the days on which milestones given once were reached; `withdrawn` counts how
    often staff took a day back. `next_close_at`: when a day ends that will cost a freeze or the streak."""

    id: bytes
    programme_id: str
    member_id: bytes
    check_in: str
    ledger: Ledger = Ledger()
    run: Run = Run()
    make_up_cards: int = 0
    entries: int = 0
    reached: Mapping[int, date] = field(default_factory=dict)
    withdrawn: Mapping[date, int] = field(default_factory=dict)
    next_close_at: datetime | None = None
    sequence: int = 0

    def held(self, item: CheckInItem) -> int:
        """How many cards or freezes the member holds."""
        return self.make_up_cards if item is CheckInItem.MAKE_UP_CARD else self.run.freezes


@record(frozen=True, slots=True)
class CheckInDay:
    """One day that counts, was frozen, excused or withdrawn, with what it gave as applied. `position` is its place in
    its streak, from 1; `zone` the one by which the day was told; `attempt` counts how often it was taken back before,
    `rewardings` how often a reward was given since."""

    id: bytes
    programme_id: str
    member_id: bytes
    check_in: str
    day: date
    state: DayState
    position: int = 0
    at: datetime | None = None
    recorded_at: datetime | None = None
    zone: str = ""
    short: bool = False
    activity_id: bytes | None = None
    attempt: int = 0
    rewardings: int = 0
    version: int = 0
    milestones: tuple[int, ...] = ()
    transfers: tuple[bytes, ...] = ()
    awards: tuple[bytes, ...] = ()
    scores: tuple[Contribution, ...] = ()
    reward_sequence: int = 0
    cause: Cause | None = None


@record(frozen=True, slots=True)
class ItemEntry:
    """Cards or freezes that came or went: `count` as applied, signed; `held` afterwards; `entry` numbers the state's
    from 1 without a gap; `ground` is what a reward stood on. Freezes that a day used are no entries: the day says so."""

    id: bytes
    programme_id: str
    member_id: bytes
    check_in: str
    item: CheckInItem
    count: int
    held: int
    day: date
    at: datetime
    entry: int
    cause: Cause
    ground: str | None = None


@record(frozen=True, slots=True)
class LostItems:
    """The ground on which a member was given cards or freezes, lost for that cause; entries in `keep` have it anew."""

    member_id: bytes
    ground: str
    cause: Cause
    keep: frozenset[bytes] = frozenset()


def state_id(programme_id: str, member_id: bytes, check_in: str) -> bytes:
    """The id of that member's standing in that check-in programme."""
    return derived_id("check-in-state", programme_id, member_id, check_in)


def day_id(programme_id: str, member_id: bytes, check_in: str, day: date) -> bytes:
    """The id of that day of that member: there can be one only."""
    return derived_id("check-in-day", programme_id, member_id, check_in, day.isoformat())


def new_state(programme_id: str, member_id: bytes, check_in: str) -> CheckInState:
    """A standing before any check-in."""
    return CheckInState(state_id(programme_id, member_id, check_in), programme_id, member_id, check_in)
