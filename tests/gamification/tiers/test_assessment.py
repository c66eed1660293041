from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.programmes.definitions import Ladder
from gamification.tiers.assessment import (
    Assessed,
    Terms,
    appoint,
    assess,
    coming_drop,
    new_state,
    set_by_hand,
)
from gamification.tiers.forecast import forecast
from gamification.tiers.measuring import add_to, day_of, figures, folded, shrinking
from gamification.tiers.model import Notice, Pin, Round, TierChange, TierChangeKind, TierState
from gamification.tiers.qualification import qualified

K = TierChangeKind
BEGIN = datetime(2026, 1, 10, 12, tzinfo=UTC)
BOUGHT = Cause(activity_id=b"a")
TIERS = [
    {"key": "basic"},
    {"key": "silver", "requires": {"growth": 100}},
    {"key": "gold", "requires": {"growth": 500}},
]


def terms(zone: str = "UTC", rounds: dict[datetime, Round] | None = None, **stated: Any) -> Terms:
    measure = {"key": "growth", "unit": "growth", **stated.pop("window", {})}
    made = Ladder.model_validate({"key": "club", "measures": [measure], "tiers": TIERS, **stated})
    return Terms(made, zone, 1, rounds or {})


class Life:
    """One member on one ladder, day by day."""

    def __init__(self, by: Terms, at: datetime = BEGIN) -> None:
        self.by, self.now = by, at
        self.state: TierState = new_state(by, "p", b"m", at)
        self.changes: list[TierChange] = []
        self.told: list[Notice] = []

    def _take(self, assessed: Assessed) -> None:
        self.changes += assessed.changes
        self.state, notice = appoint(self.by, assessed.state, self.now)
        if notice:
            self.told.append(notice)

    def earn(self, amount: int, *, on: datetime | None = None, taken_back: bool = False) -> "Life":
        day = day_of(on or self.now, self.by.time_zone)
        days = {**self.state.days, "growth": add_to(self.state.days.get("growth", {}), day, amount)}
        state = evolve(self.state, days=days)
        self._take(assess(self.by, state, self.now, BOUGHT, taken_back=taken_back))
        return self

    def at(self, now: datetime) -> "Life":
        """Go to that instant, by way of everything the worker would have looked at."""
        for _ in range(500):
            look = self.state.look_at
            if look is None or look > now:
                break
            self.now = look
            before = self.state
            self._take(assess(self.by, self.state, self.now))
            assert self.state != before
        self.now = now
        return self

    def leap(self, now: datetime) -> "Life":
        """Go to that instant while no worker runs, then look once."""
        self.now = now
        self._take(assess(self.by, self.state, self.now))
        return self

    def set(self, tier: str, until: datetime | None = None) -> "Life":
        self._take(set_by_hand(self.by, self.state, tier, until, self.now, Cause(reason="a favour")))
        return self

    @property
    def tier(self) -> str | None:
        return self.state.tier

    @property
    def story(self) -> list[tuple[str, str | None, str | None]]:
        return [(change.kind.value, change.before, change.after) for change in self.changes]


def test_growth_lifts_at_once_with_its_cause() -> None:
    life = Life(terms()).earn(99)
    assert (life.tier, life.story) == ("basic", [])

    life.earn(1)
    assert life.tier == "silver"
    (raised,) = life.changes
    assert (raised.kind, raised.cause.activity_id, raised.figures, raised.number) == (
        K.RAISED,
        b"a",
        {"growth": 100},
        1,
    )


def test_two_tiers_may_be_risen_at_once() -> None:
    assert Life(terms()).earn(700).story == [("raised", "basic", "gold")]


def test_it_is_what_was_earned_in_the_window_that_counts() -> None:
    life = Life(terms(window={"rolling": "P30D"})).earn(100)

    life.at(BEGIN + timedelta(days=29))
    assert life.tier == "silver"
    life.at(BEGIN + timedelta(days=30))
    assert life.story[-1] == ("dropped", "silver", "basic")
    assert life.changes[-1].at == datetime(2026, 2, 9, tzinfo=UTC)  # the 31st day begins


def test_a_calendar_window_begins_anew() -> None:
    life = Life(terms(window={"cycle": "quarterly"})).earn(100)

    assert life.at(datetime(2026, 3, 31, 23, 59, tzinfo=UTC)).tier == "silver"
    assert life.at(datetime(2026, 4, 1, tzinfo=UTC)).tier == "basic"


def test_windows_end_by_the_programmes_zone() -> None:
    life = Life(terms("Asia/Shanghai", window={"cycle": "yearly"})).earn(100)

    assert life.at(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)).tier == "silver"
    assert life.at(datetime(2026, 12, 31, 16, tzinfo=UTC)).tier == "basic"


def test_a_kept_tier_is_looked_at_when_its_time_is_over() -> None:
    life = Life(terms(window={"rolling": "P30D"}, keep={"lasts": "P60D"})).earn(100)
    assert life.state.until == datetime(2026, 3, 12, tzinfo=UTC)  # the end of the sixtieth day

    assert life.at(datetime(2026, 3, 11, tzinfo=UTC)).tier == "silver"
    life.at(datetime(2026, 3, 12, tzinfo=UTC))
    assert life.tier == "basic"
    assert life.state.until is None


def test_who_qualifies_at_the_review_keeps_the_tier_for_another_time() -> None:
    life = Life(terms(window={"rolling": "P30D"}, keep={"lasts": "P60D"})).earn(100)
    life.at(datetime(2026, 3, 1, tzinfo=UTC)).earn(100)

    life.at(datetime(2026, 3, 12, tzinfo=UTC))

    assert life.story == [("raised", "basic", "silver"), ("kept", "silver", "silver")]
    assert life.state.until == datetime(2026, 5, 11, tzinfo=UTC)


def test_a_calendar_tier_is_kept_to_the_end_of_the_next_period() -> None:
    by = terms(window={"cycle": "yearly"}, keep={"cycle": "yearly", "next": True})
    life = Life(by).earn(500)
    assert life.state.until == datetime(2028, 1, 1, tzinfo=UTC)

    life.at(datetime(2027, 6, 1, tzinfo=UTC)).earn(120)
    life.at(datetime(2028, 1, 1, tzinfo=UTC))

    assert life.story[-1] == ("dropped", "gold", "silver")  # by what was earned in 2027
    assert life.state.until == datetime(2030, 1, 1, tzinfo=UTC)


def test_the_last_day_of_a_period_counts_for_its_review() -> None:
    by = terms(window={"cycle": "yearly"}, keep={"cycle": "yearly"})
    life = Life(by).earn(100)
    life.at(datetime(2026, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)).earn(400)

    life.at(datetime(2027, 1, 1, tzinfo=UTC))

    assert life.story[-1] == ("kept", "gold", "gold")


def test_where_members_rise_at_reviews_growth_waits_for_one() -> None:
    by = terms(window={"cycle": "monthly"}, keep={"cycle": "monthly"}, rise="review")
    life = Life(by).earn(600)
    assert life.tier == "basic"

    life.at(datetime(2026, 2, 1, tzinfo=UTC))

    assert life.story == [("raised", "basic", "gold")]
    assert life.changes[0].at == datetime(2026, 2, 1, tzinfo=UTC)


def test_in_grace_the_tier_is_held_and_may_be_kept() -> None:
    by = terms(window={"rolling": "P30D"}, grace="P10D")
    life = Life(by).earn(100)
    life.at(BEGIN + timedelta(days=31))
    assert (life.tier, life.state.in_grace) == ("silver", True)
    assert life.told == [Notice("silver", "basic", datetime(2026, 2, 19, tzinfo=UTC))]

    saved = Life(by).earn(100).at(BEGIN + timedelta(days=31)).earn(100)
    assert (saved.tier, saved.state.in_grace) == ("silver", False)
    assert [kind for kind, _, _ in saved.story] == ["raised", "grace", "kept"]

    life.at(datetime(2026, 2, 19, tzinfo=UTC))
    assert life.story[-1] == ("dropped", "silver", "basic")


def test_a_notice_comes_so_long_before_a_drop_and_once() -> None:
    by = terms(window={"rolling": "P30D"}, keep={"lasts": "P60D"}, notice="P14D", grace="P7D")
    life = Life(by).earn(100)

    life.at(datetime(2026, 3, 4, 23, tzinfo=UTC))
    assert life.told == []
    life.at(datetime(2026, 3, 5, tzinfo=UTC))
    assert life.told == [Notice("silver", "basic", datetime(2026, 3, 19, tzinfo=UTC))]
    life.earn(1).at(datetime(2026, 3, 10, tzinfo=UTC)).earn(1)
    assert len(life.told) == 1

    life.earn(100).at(datetime(2026, 3, 15, tzinfo=UTC))
    assert life.story[-1] == ("kept", "silver", "silver")
    assert len(life.told) == 1


def test_a_rolling_window_gives_notice_of_the_day_it_runs_dry() -> None:
    life = Life(terms(window={"rolling": "P30D"}, notice="P5D")).earn(60)
    life.at(BEGIN + timedelta(days=10)).earn(60)

    life.at(datetime(2026, 2, 4, tzinfo=UTC))

    assert life.told == [Notice("silver", "basic", datetime(2026, 2, 9, tzinfo=UTC))]


def test_reviews_that_nobody_looked_at_are_made_up_for_in_order() -> None:
    by = terms(window={"cycle": "monthly"}, keep={"cycle": "monthly"})
    stepwise, late = Life(by), Life(by)
    for life in (stepwise, late):
        life.earn(600)
        life.at(datetime(2026, 2, 3, tzinfo=UTC)).earn(150)

    stepwise.at(datetime(2026, 7, 1, tzinfo=UTC))
    late.leap(datetime(2026, 7, 1, tzinfo=UTC))

    assert late.story == stepwise.story
    assert [(change.at, change.after) for change in late.changes] == [
        (change.at, change.after) for change in stepwise.changes
    ]
    assert late.tier == "basic"


def test_growth_taken_back_takes_the_tier_it_had_lifted_to() -> None:
    life = Life(terms(keep={"cycle": "yearly", "next": True})).earn(100)
    until = life.state.until
    life.at(datetime(2026, 2, 1, tzinfo=UTC)).earn(500)
    assert life.tier == "gold"

    life.at(datetime(2026, 3, 1, tzinfo=UTC)).earn(-500, on=datetime(2026, 2, 1, tzinfo=UTC), taken_back=True)

    assert life.story[-1] == ("restored", "gold", "silver")
    assert life.state.until == until


def test_growth_taken_back_leaves_a_tier_that_was_earned_without_it() -> None:
    life = Life(terms(keep={"cycle": "yearly"})).earn(500)
    life.at(datetime(2026, 2, 1, tzinfo=UTC)).earn(300)

    life.earn(-300, taken_back=True)

    assert (life.tier, len(life.story)) == ("gold", 1)


def test_what_is_taken_back_has_no_grace() -> None:
    life = Life(terms(grace="P30D")).earn(100).earn(-1, taken_back=True)

    assert life.story[-1] == ("restored", "silver", "basic")


def test_a_raised_threshold_lowers_nobody_who_is_kept() -> None:
    life = Life(terms(keep={"lasts": "P60D"})).earn(100)
    until = life.state.until
    harder = [TIERS[0], {"key": "silver", "requires": {"growth": 300}}, TIERS[2]]
    life.by = terms(keep={"lasts": "P60D"}, tiers=harder, version=2)

    life.earn(1)
    assert (life.tier, life.state.until, life.state.version) == ("silver", until, 2)
    assert until is not None
    life.at(until)
    assert life.story[-1] == ("dropped", "silver", "basic")


def test_a_raised_threshold_lowers_nobody_without_a_word() -> None:
    life = Life(terms()).earn(100)
    life.by = terms(tiers=[TIERS[0], {"key": "silver", "requires": {"growth": 300}}, TIERS[2]], version=2)

    life.earn(1)
    assert (life.tier, life.state.in_grace) == ("silver", True)
    assert life.changes[-1].cause.reason == "the ladder was changed"
    assert life.told == [Notice("silver", "basic", datetime(2026, 2, 10, tzinfo=UTC))]
    life.at(datetime(2026, 2, 9, tzinfo=UTC)).earn(1)
    assert life.tier == "silver"
    life.at(datetime(2026, 2, 10, tzinfo=UTC))
    assert life.tier == "basic"


def test_a_lowered_threshold_raises_at_once() -> None:
    life = Life(terms(keep={"lasts": "P60D"})).earn(99)
    easier = [TIERS[0], {"key": "silver", "requires": {"growth": 50}}, TIERS[2]]
    life.by = terms(keep={"lasts": "P60D"}, tiers=easier, version=2)

    life.leap(life.now)

    assert life.story == [("raised", "basic", "silver")]
    assert life.changes[0].cause.reason == "the ladder was changed"


def test_a_tier_set_by_hand_stays_until_its_instant() -> None:
    until = BEGIN + timedelta(days=50)
    life = Life(terms(window={"rolling": "P30D"}, grace="P10D")).set("gold", until)
    assert life.state.pinned is Pin.FLOOR

    assert life.at(until - timedelta(seconds=1)).tier == "gold"
    life.at(until)
    assert life.story == [("set", "basic", "gold"), ("dropped", "gold", "basic")]
    assert life.changes[-1].cause.reason == "the time that was set by hand is over"


def test_above_a_favour_one_may_rise() -> None:
    assert Life(terms()).set("silver", BEGIN + timedelta(days=9)).earn(500).tier == "gold"


def test_below_what_is_earned_one_stays_until_then() -> None:
    until = BEGIN + timedelta(days=9)
    life = Life(terms()).earn(500).set("basic", until)
    assert life.state.pinned is Pin.EXACT

    life.earn(500)
    assert life.tier == "basic"
    assert life.at(until).tier == "gold"


def test_set_for_good_it_is_never_looked_at() -> None:
    life = Life(terms(window={"rolling": "P30D"}, keep={"lasts": "P30D"})).set("gold")

    assert life.state.look_at is None
    assert life.leap(BEGIN + timedelta(days=4000)).tier == "gold"


def pyramid(rounds: dict[datetime, Round]) -> Terms:
    tiers = [{"key": "base"}, {"key": "top", "share_percent": 10}]
    return terms(
        rounds=rounds,
        window={"cycle": "monthly"},
        pyramid="growth",
        keep={"cycle": "monthly"},
        tiers=tiers,
        rise="review",
    )


def round_of(ended: datetime, least: int) -> dict[datetime, Round]:
    return {ended: Round(b"r", "p", "club", ended, 1, 100, {"top": least})}


def test_a_pyramids_member_waits_for_the_figures_of_the_period() -> None:
    ended = datetime(2026, 2, 1, tzinfo=UTC)
    life = Life(pyramid({})).earn(70)
    life.leap(ended + timedelta(minutes=1))
    assert (life.tier, life.state.look_at) == ("base", ended)

    life.by = pyramid(round_of(ended, 70))
    life.leap(ended + timedelta(minutes=2))

    assert life.story == [("raised", "base", "top")]
    assert life.changes[0].at == ended


def test_a_forecast_says_what_is_missing_and_by_when() -> None:
    by = terms(window={"cycle": "yearly"}, keep={"cycle": "yearly"})
    life = Life(by).earn(120)
    life.at(datetime(2027, 3, 1, tzinfo=UTC)).earn(30)
    assert life.tier == "silver"

    found = forecast(by, life.state, life.now)

    assert found.keep is not None
    assert found.keep.by == found.drops_at == datetime(2028, 1, 1, tzinfo=UTC)
    assert [(one.required, one.value, one.missing) for one in found.keep.ways[0]] == [(100, 30, 70)]
    assert found.drops_to == "basic"
    assert not found.keep.met
    assert found.rise is not None
    assert (found.rise.tier, found.rise.by) == ("gold", datetime(2028, 1, 1, tzinfo=UTC))
    assert found.rise.ways[0][0].missing == 470


def test_a_forecast_of_a_rolling_window_names_the_day_it_runs_dry() -> None:
    by = terms(window={"rolling": "P30D"}, grace="P7D")
    life = Life(by).earn(60)
    life.at(BEGIN + timedelta(days=10)).earn(90)

    found = forecast(by, life.state, life.now)

    assert found.keep is not None
    assert found.keep.by == datetime(2026, 2, 9, tzinfo=UTC)
    assert [(one.value, one.missing) for one in found.keep.ways[0]] == [(90, 10)]
    assert found.drops_at == datetime(2026, 2, 16, tzinfo=UTC)
    life.earn(10)
    assert coming_drop(by, life.state, life.now).looked_at == datetime(2026, 2, 19, tzinfo=UTC)  # type: ignore[union-attr]


def test_at_the_top_there_is_nothing_to_rise_to_and_below_nothing_to_lose() -> None:
    by = terms()
    assert forecast(by, Life(by).earn(900).state, BEGIN).rise is None
    assert forecast(by, Life(by).state, BEGIN).keep is None
    kept = forecast(by, Life(by).earn(900).state, BEGIN).keep
    assert kept is not None
    assert kept.met
    assert kept.by is None


LADDERS = [
    {},
    {"window": {"rolling": "P20D"}},
    {"window": {"rolling": "P20D"}, "grace": "P5D", "notice": "P3D"},
    {"window": {"cycle": "monthly"}, "keep": {"cycle": "monthly"}, "grace": "P5D", "notice": "P10D"},
    {"window": {"rolling": "P15D"}, "keep": {"lasts": "P25D"}, "notice": "P5D"},
    {"window": {"cycle": "monthly"}, "keep": {"cycle": "monthly", "next": True}, "rise": "review"},
]
steps = st.lists(
    st.tuples(st.integers(0, 15), st.sampled_from([0, 30, 60, 120, 300, 600])), min_size=1, max_size=12
)


@pytest.mark.parametrize("stated", LADDERS)
@given(steps)
def test_looking_late_or_often_leads_to_the_same_tiers(
    stated: dict[str, Any], history: Sequence[tuple[int, int]]
) -> None:
    """Whoever only looks when something is earned sees what the worker would have seen, each as of its instant."""
    by = terms(**dict(stated))
    worked, lazy = Life(by), Life(by)
    now = BEGIN
    for days, amount in history:
        now += timedelta(days=days)
        worked.at(now).earn(amount)
        lazy.leap(now).earn(amount)
    assert [(c.kind, c.before, c.after, c.at) for c in worked.changes] == [
        (c.kind, c.before, c.after, c.at) for c in lazy.changes
    ]
    assert (worked.tier, worked.state.until) == (lazy.tier, lazy.state.until)
    assert worked.state.days == lazy.state.days


@pytest.mark.parametrize("stated", LADDERS)
@given(steps)
def test_assessing_again_changes_nothing_and_nothing_is_lost_without_cause(
    stated: dict[str, Any], history: Sequence[tuple[int, int]]
) -> None:
    by = terms(**dict(stated))
    life, now = Life(by), BEGIN
    for days, amount in history:
        now += timedelta(days=days)
        life.at(now).earn(amount)
        again = assess(by, life.state, now)
        assert again.changes == ()
        assert appoint(by, again.state, now) == (life.state, None)
        if by.ladder.rise == "immediate":
            assert by.ladder.index(life.tier) >= qualified(
                by.ladder, figures(by.ladder, life.state.days, now, "UTC")
            )
    for earlier, later in zip(life.changes, life.changes[1:], strict=False):
        assert later.before == earlier.after
        assert later.number == earlier.number + 1
        assert later.at >= earlier.at


@given(steps)
def test_taking_everything_back_returns_to_nothing(history: Sequence[tuple[int, int]]) -> None:
    life, now = Life(terms()), BEGIN
    for days, amount in history:
        now += timedelta(days=days)
        life.at(now).earn(amount)
    then = BEGIN
    for days, amount in history:
        then += timedelta(days=days)
        life.earn(-amount, on=then, taken_back=True)

    assert life.tier == "basic"
    assert not any(life.state.days.values())


def test_days_that_no_window_reaches_are_kept_as_one() -> None:
    by = terms().ladder
    days = {"growth": {"2020-01-01": 5, "2021-01-01": 6, "2026-01-01": 7}}

    kept = folded(by, days, date(2026, 1, 10))

    assert kept == {"growth": {"0001-01-01": 11, "2026-01-01": 7}}
    assert folded(by, kept, date(2026, 1, 10)) == kept
    assert figures(by, kept, BEGIN, "UTC") == {"growth": 18}


def test_a_measure_shrinks_when_its_days_leave_the_window() -> None:
    by = terms(window={"rolling": "P10D"}).ladder
    days = {"growth": {"2026-01-05": 1, "2026-01-10": 1, "2025-12-31": 1}}

    assert shrinking(by, days, BEGIN, "UTC") == [
        datetime(2026, 1, 15, tzinfo=UTC),
        datetime(2026, 1, 20, tzinfo=UTC),
    ]
