"""What a unit states of its points, applied to one earning: when they lapse, until when they are pending. Pure.

Every instant here is the end, or for `pending` the beginning, of a local day in the programme's zone, but for `pending`
that lasts hours. At such an instant time goes first: points that lapse at it can't be spent at it, points that become
active at it can.
"""

from datetime import datetime, timedelta

from gamification.kit.periods import local_midnight, zone
from gamification.kit.spans import add_months, later, next_day, span
from gamification.ledger.model import Account, Lot
from gamification.programmes.definitions import Rounding, Unit


def expiry_of(unit: Unit, earned_at: datetime, time_zone: str) -> datetime | None:
    """When points that became active then lapse; None never."""
    if unit.expires_after is not None:
        return _end_of_day(earned_at + unit.expires_after, time_zone)
    if unit.expiry is None:
        return None
    if unit.expiry.dates:
        return next_day(unit.expiry.dates, earned_at, time_zone, ends=True)
    text = unit.expiry.after or unit.expiry.idle
    assert text is not None  # noqa: S101 - an expiry is one of the three
    return _end(later(earned_at, span(text), time_zone), unit.expiry.round, time_zone)


def renewal_of(unit: Unit, at: datetime, time_zone: str) -> datetime | None:
    """To when an earning or spending at that instant moves the expiry of all points; None where it moves none."""
    if unit.expiry is None or unit.expiry.idle is None:
        return None
    return expiry_of(unit, at, time_zone)


def restored(
    unit: Unit, account: Account, lots: tuple[Lot, ...], now: datetime, time_zone: str
) -> tuple[Lot, ...]:
    """The lots as they come back: with their old expiry; where that has passed, with the unit's grace from now, or
    without one as they were, to lapse at once. Where points lapse together by inactivity, they join those there are."""
    idle = unit.expiry is not None and unit.expiry.idle is not None
    present = max((lot.expires_at for lot in account.lots if lot.expires_at), default=None) if idle else None
    return tuple(Lot(_restored(unit, present or lot.expires_at, now, time_zone), lot.amount) for lot in lots)


def pending_until(unit: Unit, earned_at: datetime, time_zone: str) -> datetime | None:
    """Until when points earned then are pending, or where they wait for an activity, when they are cancelled without
    it; None where they are active at once."""
    policy = unit.pending
    if policy is None:
        return None
    if policy.dates:
        return next_day(policy.dates, earned_at, time_zone, ends=False)
    text = policy.after or policy.within
    assert text is not None  # noqa: S101 - a pending policy is one of the three
    return later(earned_at, span(text), time_zone)


def _restored(unit: Unit, expires_at: datetime | None, now: datetime, time_zone: str) -> datetime | None:
    if expires_at is None or expires_at > now or unit.grace is None:
        return expires_at
    return _end_of_day(later(now, span(unit.grace), time_zone), time_zone)


def _end(at: datetime, rounding: Rounding, time_zone: str) -> datetime:
    if rounding is Rounding.DAY:
        return _end_of_day(at, time_zone)
    day = at.astimezone(zone(time_zone)).date()
    first = day.replace(day=1) if rounding is Rounding.MONTH else day.replace(month=1, day=1)
    return local_midnight(add_months(first, 1 if rounding is Rounding.MONTH else 12), time_zone)


def _end_of_day(at: datetime, time_zone: str) -> datetime:
    return local_midnight(at.astimezone(zone(time_zone)).date() + timedelta(days=1), time_zone)
