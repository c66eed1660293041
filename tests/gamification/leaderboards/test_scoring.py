from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.leaderboards.model import Contribution, Score
from gamification.leaderboards.scoring import contribute, fold, period_for, period_named
from gamification.programmes.definitions import BoardCycle, Leaderboard, Operator, Order, Season

START = datetime(2026, 11, 20, tzinfo=UTC)
parts = st.lists(
    st.builds(
        lambda value, subscore, minute: part(value, minute, subscore),
        st.integers(-5, 5),
        st.integers(-2, 2),
        st.integers(0, 5),
    ),
    max_size=12,
)


def part(value: int, minute: int = 0, subscore: int = 0) -> Contribution:
    return Contribution("b", "all", value, subscore, START + timedelta(minutes=minute))


def board(operator: Operator, order: Order = Order.DESCENDING) -> Leaderboard:
    return Leaderboard(key="b", operator=operator, order=order)


def expected(operator: Operator, order: Order, given: list[Contribution]) -> tuple[int, int] | None:
    """What the operator means, in the plainest words."""
    if not given:
        return None
    pairs = [(one.value, one.subscore) for one in given]
    if operator is Operator.INCREMENT:
        return sum(value for value, _ in pairs), sum(subscore for _, subscore in pairs)
    if operator is Operator.BEST:
        return max(pairs) if order is Order.DESCENDING else min(pairs)
    if operator is Operator.LATEST:
        latest = max(one.at for one in given)
        return next((one.value, one.subscore) for one in reversed(given) if one.at == latest)
    return pairs[-1]


@given(parts)
@pytest.mark.parametrize("operator", list(Operator))
@pytest.mark.parametrize("order", list(Order))
def test_a_score_is_what_its_operator_says(
    operator: Operator, order: Order, given: list[Contribution]
) -> None:
    score: Score | None = None
    for one in given:
        score = contribute(board(operator, order), score, one)

    assert fold(board(operator, order), given) == score
    assert (None if score is None else (score.score, score.subscore)) == expected(operator, order, given)


@given(parts, st.randoms(use_true_random=False))
@pytest.mark.parametrize("operator", [Operator.INCREMENT, Operator.BEST])
def test_increment_and_best_do_not_depend_on_the_order(
    operator: Operator, given: list[Contribution], random: object
) -> None:
    shuffled = list(given)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    one, other = fold(board(operator), given), fold(board(operator), shuffled)

    assert (one and (one.score, one.subscore)) == (other and (other.score, other.subscore))


def test_the_best_was_reached_when_it_was_first_reached() -> None:
    score = fold(
        board(Operator.BEST), [part(7, minute=5), part(7, minute=2), part(7, minute=9), part(3, minute=1)]
    )

    assert score == Score(7, 0, START + timedelta(minutes=2))


def test_a_sum_was_reached_with_its_latest_part_that_changed_it() -> None:
    score = fold(board(Operator.INCREMENT), [part(1, minute=5), part(1, minute=2), part(0, minute=9)])

    assert score == Score(2, 0, START + timedelta(minutes=5))


@pytest.mark.parametrize("operator", list(Operator))
def test_a_first_write_of_zero_is_a_score(operator: Operator) -> None:
    assert fold(board(operator), [part(0)]) == Score(0, 0, START)


@pytest.mark.parametrize("operator", list(Operator))
@pytest.mark.parametrize("value", [LONG_MAX, -LONG_MAX])
def test_the_greatest_scores_are_held(operator: Operator, value: int) -> None:
    assert fold(board(operator), [part(value)]) == Score(value, 0, START)
    with pytest.raises(InvalidInput) as refused:
        fold(board(operator), [part(value + (1 if value > 0 else -1))])
    assert refused.value.code is ErrorCode.NOT_EXACT


def test_a_sum_beyond_what_can_be_held_is_refused() -> None:
    with pytest.raises(InvalidInput):
        fold(board(Operator.INCREMENT), [part(LONG_MAX), part(1)])
    with pytest.raises(InvalidInput):
        fold(board(Operator.INCREMENT), [part(0, subscore=-LONG_MAX), part(0, subscore=-1)])


def test_seasons_have_gaps_in_which_nothing_counts() -> None:
    seasons = (
        Season(key="one", starts_at=START, ends_at=START + timedelta(days=1)),
        Season(key="two", starts_at=START + timedelta(days=2), ends_at=START + timedelta(days=3)),
    )
    seasonal = Leaderboard(key="b", cycle=BoardCycle.SEASON, seasons=seasons)
    found = [period_for("p", seasonal, START + timedelta(hours=12 * n), "UTC") for n in range(7)]

    assert [period and period.key for period in found] == ["one", "one", None, None, "two", "two", None]
    assert period_named("p", seasonal, "two", "UTC") == found[4]
    assert period_named("p", seasonal, "three", "UTC") is None


def test_a_board_may_have_a_calendar_of_its_own() -> None:
    at = datetime(2026, 11, 20, 20, tzinfo=UTC)
    daily = Leaderboard(key="b", cycle=BoardCycle.DAILY)
    own = Leaderboard(key="b", cycle=BoardCycle.DAILY, time_zone="UTC")

    here, there = period_for("p", daily, at, "Asia/Shanghai"), period_for("p", own, at, "Asia/Shanghai")

    assert here is not None
    assert there is not None
    assert (here.key, there.key) == ("2026-11-21", "2026-11-20")
    assert period_named("p", daily, "2026-11-21", "Asia/Shanghai") == here
