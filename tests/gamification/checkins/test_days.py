"""Days by the member's own calendar: in one zone, over clock changes, and through changes of zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.checkins.days import DAY, SHORT, DayClock, begins_in, day_in
from gamification.members.model import Member, PastZone, zones_after

ZONES = sorted(available_timezones() - {"Factory", "localtime"})
LONGEST = timedelta(hours=54)
"""A day of 25 hours in the most eastern zone, gone on in the most western one, where clocks change too."""

zones = st.sampled_from(ZONES)
starts = st.integers(0, 24 * 60 - 1)
instants = st.integers(157_766_400_000, 2_051_222_400_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)
"""From 1975 to 2035."""


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@st.composite
def lives(draw: st.DrawFn) -> DayClock:
    """A member with up to eight changes of zone within some weeks."""
    start, minute = draw(instants), draw(starts)
    changes = sorted(draw(st.lists(st.integers(0, 40 * 24 * 60), max_size=8)))
    past = tuple(PastZone(draw(zones), start + timedelta(minutes=change)) for change in changes)
    return DayClock(draw(zones), minute, past)


def around(clock: DayClock) -> datetime:
    return clock.past[0].until - timedelta(days=3) if clock.past else datetime(2026, 1, 1, tzinfo=UTC)


# -- in one zone


@pytest.mark.parametrize(
    ("when", "zone", "start", "day"),
    [
        ("2026-11-21T23:59:59.999", "Asia/Shanghai", 0, "2026-11-21"),
        ("2026-11-22T00:00:00", "Asia/Shanghai", 0, "2026-11-22"),
        ("2026-11-22T03:59:59.999", "Asia/Shanghai", 240, "2026-11-21"),
        ("2026-11-22T04:00:00", "Asia/Shanghai", 240, "2026-11-22"),
        ("2026-03-29T23:59:59.999", "Europe/Berlin", 0, "2026-03-29"),
        ("2024-02-29T12:00:00", "Pacific/Kiritimati", 0, "2024-02-29"),
    ],
)
def test_a_day_holds_its_first_instant_and_not_the_next_ones(
    when: str, zone: str, start: int, day: str
) -> None:
    assert day_in(at(when, zone), zone, start) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-03-08", "America/New_York", 23),
        ("2026-11-01", "America/New_York", 25),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
        ("2018-11-04", "America/Sao_Paulo", 23),
        ("2011-12-30", "Pacific/Apia", 0),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(day: str, zone: str, hours: float) -> None:
    begin = date.fromisoformat(day)

    assert begins_in(begin + DAY, zone, 0) - begins_in(begin, zone, 0) == timedelta(hours=hours)


def test_a_start_of_day_that_clocks_skip_is_the_first_instant_after() -> None:
    # In Berlin on that day 01:59:59 is followed by 03:00.
    begin = begins_in(date(2026, 3, 29), "Europe/Berlin", 150)

    assert begin == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert begins_in(date(2018, 11, 4), "America/Sao_Paulo", 0) == at(
        "2018-11-04T01:00:00", "America/Sao_Paulo"
    )


def test_a_start_of_day_that_clocks_show_twice_is_the_first() -> None:
    begin = begins_in(date(2026, 10, 25), "Europe/Berlin", 150)

    assert begin == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert day_in(begin + timedelta(hours=1), "Europe/Berlin", 150) == date(2026, 10, 25)


def test_a_date_that_a_calendar_left_out_is_no_day() -> None:
    # Samoa went from the 29th to the 31st of December 2011.
    apia = DayClock("Pacific/Apia")

    assert day_in(at("2011-12-29T23:59:00", "Pacific/Apia"), "Pacific/Apia", 0) == date(2011, 12, 29)
    assert day_in(at("2011-12-31T00:00:00", "Pacific/Apia"), "Pacific/Apia", 0) == date(2011, 12, 31)
    assert apia.is_short(date(2011, 12, 30))
    assert not apia.is_short(date(2011, 12, 29))


@given(instants, zones, starts)
def test_every_instant_is_in_the_one_day_that_has_begun_last(when: datetime, zone: str, start: int) -> None:
    day = day_in(when, zone, start)

    assert begins_in(day, zone, start) <= when < begins_in(day + DAY, zone, start)
    # A calendar day is never taken for one that a journey cut short, but where the calendar itself leaves days out.
    length = begins_in(day + DAY, zone, start) - begins_in(day, zone, start)
    assert timedelta(hours=20) <= length <= timedelta(hours=28) or length > timedelta(hours=40)


# -- through changes of zone


def test_over_the_date_line_westward_the_day_goes_on() -> None:
    left = at("2026-11-22T10:00:00", "Pacific/Auckland")
    clock = DayClock("Pacific/Honolulu", 0, (PastZone("Pacific/Auckland", left),))

    # It is the 21st in Honolulu for 14 more hours, but for the member the 22nd has begun.
    assert clock.day_at(left - timedelta(milliseconds=1)) == date(2026, 11, 22)
    assert clock.day_at(left) == date(2026, 11, 22)
    assert clock.day_at(at("2026-11-22T23:59:59.999", "Pacific/Honolulu")) == date(2026, 11, 22)
    assert clock.day_at(at("2026-11-23T00:00:00", "Pacific/Honolulu")) == date(2026, 11, 23)
    assert not clock.is_short(date(2026, 11, 22))


def test_over_the_date_line_eastward_the_day_that_was_cut_short_is_excused() -> None:
    landed = at("2026-11-22T07:00:00", "Pacific/Auckland")  # 8 in the morning of the 21st in Honolulu
    clock = DayClock("Pacific/Auckland", 0, (PastZone("Pacific/Honolulu", landed),))

    assert clock.day_at(landed - timedelta(milliseconds=1)) == date(2026, 11, 21)
    assert clock.day_at(landed) == date(2026, 11, 22)
    assert clock.is_short(date(2026, 11, 21))
    assert not clock.is_short(date(2026, 11, 22))


def test_a_date_that_was_jumped_over_is_excused() -> None:
    jumped = at("2026-11-20T23:30:00", "Pacific/Pago_Pago")
    clock = DayClock("Pacific/Kiritimati", 0, (PastZone("Pacific/Pago_Pago", jumped),))

    assert clock.day_at(jumped) == date(2026, 11, 22)
    assert clock.begins_at(date(2026, 11, 21)) == clock.begins_at(date(2026, 11, 22)) == jumped
    assert clock.is_short(date(2026, 11, 21))


def test_a_change_forth_and_back_within_a_day_changes_nothing() -> None:
    out, back = at("2026-11-21T10:00:00"), at("2026-11-21T11:00:00")
    clock = DayClock("UTC", 0, (PastZone("UTC", out), PastZone("Europe/Berlin", back)))

    for hours in range(-30, 60):
        when = out + timedelta(hours=hours)
        assert clock.day_at(when) == when.date()
    assert not any(clock.is_short(date(2026, 11, day)) for day in range(15, 28))


@given(lives(), st.lists(st.integers(0, 50 * 24 * 3600), min_size=2, max_size=30))
def test_days_go_on_and_never_back(clock: DayClock, seconds: list[int]) -> None:
    moments = [around(clock) + timedelta(seconds=second) for second in sorted(seconds)]
    days = [clock.day_at(moment) for moment in moments]

    assert days == sorted(days)
    for moment, day in zip(moments, days, strict=True):
        assert clock.begins_at(day) <= moment < clock.begins_at(day + DAY)


@given(lives(), st.integers(0, 50 * 24 * 3600))
def test_nobody_is_behind_their_own_date_nor_ahead_of_all_others(clock: DayClock, seconds: int) -> None:
    moment = around(clock) + timedelta(seconds=seconds)
    day = clock.day_at(moment)

    assert day >= day_in(moment, clock.zone_at(moment), clock.starts_at_minute)
    # No zone has ever been further east than Manila before it changed sides; none here is beyond 14 hours and a bit.
    ahead = (moment + timedelta(hours=15, minutes=30) - timedelta(minutes=clock.starts_at_minute)).date()
    assert day <= ahead


@given(lives())
def test_no_way_of_changing_zones_gains_a_day(clock: DayClock) -> None:
    """However often the zone changes: in n times 24 hours there are at most n + 2 days, journeys included."""
    begin = around(clock)
    for length in (1, 7, 30, 45):
        gone = (clock.day_at(begin + length * DAY) - clock.day_at(begin)).days
        assert gone <= length + 2
        assert gone >= length - 2


@given(lives())
def test_no_way_of_changing_zones_loses_a_day(clock: DayClock) -> None:
    """Each date is a day of `SHORT` or more in one piece, in which a member can check in, or is excused."""
    first = clock.day_at(around(clock))
    days = [first + number * DAY for number in range(50)]
    lengths = [clock.begins_at(later) - clock.begins_at(day) for day, later in pairwise(days)]

    assert all(timedelta() <= length <= LONGEST for length in lengths)
    assert [clock.is_short(day) for day in days[:-1]] == [length < SHORT for length in lengths]
    assert sum(lengths, timedelta()) == clock.begins_at(days[-1]) - clock.begins_at(first)


def test_past_zones_are_kept_in_order_and_for_a_while_only() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    member = Member(b"m", "p", "ann", "Ann", now, "en", "UTC")

    assert zones_after(member, "UTC", now) == ()
    once = zones_after(member, "Asia/Tokyo", now)
    assert once == (PastZone("UTC", now),)
    member = Member(b"m", "p", "ann", "Ann", now, "en", "Asia/Tokyo", past_zones=once)
    earlier = now - timedelta(seconds=5)
    assert zones_after(member, "UTC", earlier) == (*once, PastZone("Asia/Tokyo", now))
    later = now + timedelta(days=200)
    assert zones_after(member, "UTC", later) == (PastZone("Asia/Tokyo", later),)
