"""What a gathering may be: pure checks, each naming its field and limit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from community.gatherings.model import Times
from gamification.kit.errors import InvalidInput
from gamification.kit.periods import zone
from gamification.kit.records import record
from gamification.members.profile import check_text

BODY_MAX = 10_000
PLACE_MAX = 500
URL_MAX = 2_000
CAPACITY_MAX = 100_000
DAYS_MAX = 31
AHEAD_DAYS_MAX = 3 * 366
REMINDERS_MAX = 5
REMINDER_HOURS_MAX = 14 * 24
ATTENDANCE_MINUTES_MAX = 24 * 60


@record(frozen=True, slots=True)
class Stated:
    """A gathering as those who look after its space state it. `reminders`: hours before its start. Members note that they came
    from `opens_minutes` before its start until `closes_minutes` after its end. `campaign`: the key of the one that it belongs to."""

    title: str
    body: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    place: str | None = None
    online_url: str | None = None
    capacity: int | None = None
    rsvp_by: datetime | None = None
    reminders: tuple[int, ...] = (24,)
    opens_minutes: int = 30
    closes_minutes: int = 60
    campaign: str | None = None


def times_of(stated: Stated, now: datetime) -> Times:
    """When it is, to the second. Raises: InvalidInput."""
    zone(stated.time_zone)
    starts_at, ends_at = _instant(stated.starts_at), _instant(stated.ends_at)
    rsvp_by = _instant(stated.rsvp_by) if stated.rsvp_by is not None else None
    if not timedelta() < ends_at - starts_at <= timedelta(days=DAYS_MAX):
        raise InvalidInput(
            f"endsAt comes after startsAt, {DAYS_MAX} days at most.", path=["endsAt"], limit=DAYS_MAX
        )
    if ends_at <= now:
        raise InvalidInput("A gathering ends in the future.", path=["endsAt"])
    if starts_at > now + timedelta(days=AHEAD_DAYS_MAX):
        raise InvalidInput(
            f"startsAt is at most {AHEAD_DAYS_MAX} days ahead.", path=["startsAt"], limit=AHEAD_DAYS_MAX
        )
    if rsvp_by is not None and rsvp_by > ends_at:
        raise InvalidInput("rsvpBy comes before the end.", path=["rsvpBy"])
    opens = _minutes(stated.opens_minutes, "attendanceOpensMinutes")
    closes = _minutes(stated.closes_minutes, "attendanceClosesMinutes")
    return Times(starts_at, ends_at, stated.time_zone, rsvp_by, opens, closes)


def check_places(stated: Stated) -> tuple[str | None, str | None]:
    """Where it is, and where online. Raises: InvalidInput where it is nowhere."""
    place = stated.place.strip() if stated.place is not None else ""
    url = stated.online_url.strip() if stated.online_url is not None else ""
    if not place and not url:
        raise InvalidInput("A gathering has a place, an onlineUrl, or both.", path=["place"])
    if place:
        check_text(place, "place", PLACE_MAX)
    if url:
        check_text(url, "onlineUrl", URL_MAX)
        _check_url(url)
    return place or None, url or None


def check_capacity(capacity: int | None, going: int) -> None:
    """Raises: InvalidInput where it is out of bounds, or less than who goes already."""
    if capacity is None:
        return
    if not 1 <= capacity <= CAPACITY_MAX:
        raise InvalidInput(f"capacity is 1 to {CAPACITY_MAX}.", path=["capacity"], limit=CAPACITY_MAX)
    if capacity < going:
        raise InvalidInput(f"{going} members go already.", path=["capacity"], limit=going)


def check_reminders(hours: Sequence[int]) -> tuple[int, ...]:
    """How many hours before, each once, the most first. Raises: InvalidInput."""
    kept = tuple(sorted(set(hours), reverse=True))
    if len(kept) > REMINDERS_MAX:
        raise InvalidInput(
            f"At most {REMINDERS_MAX} reminders are given.", path=["remindHours"], limit=REMINDERS_MAX
        )
    if any(not 1 <= one <= REMINDER_HOURS_MAX for one in kept):
        raise InvalidInput(
            f"Reminders are given 1 to {REMINDER_HOURS_MAX} hours before.",
            path=["remindHours"],
            limit=REMINDER_HOURS_MAX,
        )
    return kept


def _instant(at: datetime) -> datetime:
    """In UTC, where a day has 24 hours whatever the clocks do."""
    return at.astimezone(UTC).replace(microsecond=0)


def _minutes(value: int, name: str) -> timedelta:
    if not 0 <= value <= ATTENDANCE_MINUTES_MAX:
        raise InvalidInput(
            f"{name} is 0 to {ATTENDANCE_MINUTES_MAX} minutes.", path=[name], limit=ATTENDANCE_MINUTES_MAX
        )
    return timedelta(minutes=value)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and parts.hostname is not None
    except ValueError:
        is_whole = False
    if not is_whole or " " in url:
        raise InvalidInput("onlineUrl is a whole http or https address.", path=["onlineUrl"])
