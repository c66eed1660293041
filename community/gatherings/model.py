"""A gathering, and a member's answer to it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from community.posts.model import TakenDown, Written
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record

HOST_KEEPS = timedelta(days=7)
"""How long after its end those who look after a gathering still put right who came."""


class GatheringState(StrEnum):
    """SCHEDULED: it takes place, or did. CANCELLED: it does not."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"


class RsvpState(StrEnum):
    """GOING: they have a place. WAITING: they get one when there is one. INTERESTED: they take none. NOT_GOING. REMOVED:
    those who look after the gathering took them out, and they can't answer again."""

    GOING = "going"
    WAITING = "waiting"
    INTERESTED = "interested"
    NOT_GOING = "not_going"
    REMOVED = "removed"

    @property
    def is_counted(self) -> bool:
        """Whether the gathering counts them, and tells them what becomes of it."""
        return self in (RsvpState.GOING, RsvpState.WAITING, RsvpState.INTERESTED)


class NoticeKind(StrEnum):
    """What members are told of a gathering. REMINDER: it begins soon. CHANGED: its time or place did. CANCELLED: it does not
    take place. MOVED_UP: they waited, and have a place now. REMOVED: they have none any more."""

    REMINDER = "reminder"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    MOVED_UP = "moved_up"
    REMOVED = "removed"

    @property
    def audience(self) -> tuple[RsvpState, ...]:
        """Whom all of it is told to."""
        if self is NoticeKind.REMINDER:
            return (RsvpState.GOING,)
        return (RsvpState.GOING, RsvpState.WAITING, RsvpState.INTERESTED)


@record(frozen=True, slots=True)
class Notice:
    """Something that all concerned are being told, the gathering's `number`-th."""

    number: int
    kind: NoticeKind


@record(frozen=True, slots=True)
class Times:
    """When a gathering is, in UTC, and by which IANA zone it is stated. `rsvp_by`: until when one asks for a place; until its
    end where not stated. Members note that they came from `opens` before the start until `closes` after the end."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str
    rsvp_by: datetime | None
    opens: timedelta
    closes: timedelta

    @property
    def asks_until(self) -> datetime:
        """Until when one asks for a place."""
        return self.rsvp_by if self.rsvp_by is not None else self.ends_at

    @property
    def attended_from(self) -> datetime:
        """From when members note that they came."""
        return self.starts_at - self.opens

    @property
    def attended_until(self) -> datetime:
        """Until when members note that they came."""
        return self.ends_at + self.closes


@record(frozen=True, slots=True)
class Gathering:
    """`version` counts its changes, `sequence` those that calendars must know of (RFC 5545). `capacity` None: as many as like.
    `reminders`: hours before its start; `reminders_due`: the instants of those that are still to be given, earliest first.
    `notices` counts what all were told, `pending` is what not all of them know yet. `turns` counts who waited ever. `secret`
    is what codes and tokens of attendance are made with, and leaves the server never. `shadowed`: a shadow-limited member made it,
    for who looks after the space alone. `campaign`: the key of the one that it belongs to. Counts are of what others see."""

    id: bytes
    programme_id: str
    space: str
    host_id: bytes | None
    state: GatheringState
    version: int
    sequence: int
    written: Written
    place: str | None
    online_url: str | None
    times: Times
    capacity: int | None
    reminders: tuple[int, ...]
    secret: bytes
    created_at: datetime
    changed_at: datetime
    reminders_due: tuple[datetime, ...] = ()
    cancelled: TakenDown | None = None
    notices: int = 0
    pending: tuple[Notice, ...] = ()
    counts: Mapping[str, int] | None = None
    attended: int = 0
    turns: int = 0
    shadowed: bool = False
    campaign: str | None = None

    def count(self, state: RsvpState) -> int:
        """How many answered so."""
        return (self.counts or {}).get(state.value, 0)


@record(frozen=True, slots=True)
class Rsvp:
    """One member's answer to one gathering. `turn`: which of those who waited they were. `told`: the number of the last
    notice that they know of. `attendances` counts how often it was noted that they came, which is so while `attended_at` is
    there; `activity_id` is what it counts as. `struck`: when and by whom it was said that they didn't. `guesses`: wrong codes
    since `guessed_at`. `shadowed`: it was given while nothing of theirs is seen by others, and counts nowhere."""

    id: bytes
    programme_id: str
    gathering_id: bytes
    member_id: bytes
    state: RsvpState
    at: datetime
    turn: int = 0
    told: int = 0
    attendances: int = 0
    attended_at: datetime | None = None
    activity_id: bytes | None = None
    struck: TakenDown | None = None
    guesses: int = 0
    guessed_at: datetime | None = None
    shadowed: bool = False


def rsvp_id(gathering_id: bytes, member_id: bytes) -> bytes:
    """There can be one of a member to a gathering."""
    return derived_id("rsvp", gathering_id, member_id)
