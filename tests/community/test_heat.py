"""How hot a post is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from community.posts.heat import KEPT, Heat, heat_after, score_at, score_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = st.integers(0, 100_000)
TIMES = st.timedeltas(timedelta(days=-2000), timedelta(days=2000)).map(lambda ago: AT + ago)


def test_ten_times_as_many_people_are_worth_twelve_and_a_half_hours() -> None:
    assert score_of(10, AT) == score_of(1, AT + timedelta(hours=12.5))
    assert score_of(100, AT) == score_of(10, AT + timedelta(hours=12.5))
    assert score_of(0, AT) == score_of(1, AT)


@given(PEOPLE, PEOPLE, TIMES, TIMES)
def test_of_posts_of_one_time_the_one_with_more_people_is_not_colder_and_of_equals_the_newer_not(
    few: int, more: int, at: datetime, later: datetime
) -> None:
    few, more = sorted((few, more))
    at, later = sorted((at, later))

    assert score_of(few, at) <= score_of(more, at)
    assert score_of(few, at) <= score_of(few, later)


@given(TIMES)
def test_what_the_database_gives_back_scores_the_same(at: datetime) -> None:
    assert score_of(3, at) == score_of(3, at.replace(microsecond=at.microsecond // 1000 * 1000))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 1800)), max_size=20), st.integers(0, 3600))
def test_a_score_of_within_the_hour_is_remembered_through_all_changes(
    changes: list[tuple[int, int]], ago_s: int
) -> None:
    heat, now, known = None, AT, [(AT, score_of(0, AT))]
    for people, wait_s in changes:
        now += timedelta(seconds=wait_s)
        heat = heat_after(heat, people, AT, now)
        known.append((now, heat.score))
    moment = max(AT, now - timedelta(seconds=ago_s))

    then = [score for at, score in known if at <= moment][-1]
    if heat is not None:
        assert score_at(heat, moment) == then
        assert all(one.until > now - KEPT - timedelta(seconds=1800) for one in heat.before)


def test_what_leaves_the_score_as_it_is_is_no_change() -> None:
    first = heat_after(None, 0, AT, AT + timedelta(hours=1))

    assert first == Heat(0, score_of(0, AT), AT)
    assert heat_after(first, 1, AT, AT + timedelta(hours=2)).before == ()
