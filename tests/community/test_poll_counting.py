"""Counting ballots, and who sees the results when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.polls.counting import (
    check_choices,
    check_poll,
    points_of,
    recounted,
    results_of,
    shows_results,
)
from community.polls.model import Ballot, Poll, PollKind, PollResults, PollTerms
from gamification.kit.errors import InvalidInput

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OPTIONS = ("Tea", "Cake", "Wine")


def poll(kind: PollKind = PollKind.RANKED, size: int = 3, **terms: Any) -> Poll:
    """A poll without votes."""
    return Poll(b"p", "club", b"a", PollTerms(kind, 1, size, **terms), (0,) * size, (0,) * size)


def voted(kind: PollKind, *ballots: tuple[int, ...]) -> Poll:
    found = poll(kind)
    for ballot in ballots:
        found = recounted(found, (), ballot)
    return found


def test_a_ranked_ballot_gives_as_many_points_as_it_has_preferences() -> None:
    assert points_of(PollKind.RANKED, (2, 0, 1), 3) == (2, 1, 3)
    assert points_of(PollKind.RANKED, (1, 2), 3) == (0, 2, 1)
    assert points_of(PollKind.RANKED, (1,), 3) == (0, 1, 0)
    assert points_of(PollKind.MULTIPLE, (1, 2), 3) == (0, 0, 0)


def test_results_go_by_points_where_it_is_ranked_and_else_by_votes() -> None:
    ranked = results_of(voted(PollKind.RANKED, (0, 1, 2), (1, 0), (1,)))
    assert [(one.votes, one.points, one.rank) for one in ranked] == [(2, 4, 2), (3, 5, 1), (1, 1, 3)]
    several = results_of(voted(PollKind.MULTIPLE, (0, 1), (1, 2), (1,)))
    assert [(one.votes, one.points, one.rank) for one in several] == [(1, 0, 2), (3, 0, 1), (1, 0, 2)]


def test_a_changed_ballot_counts_as_it_is_now() -> None:
    once = recounted(poll(), (), (0, 1, 2))
    assert recounted(once, (0, 1, 2), (2,)) == recounted(poll(), (), (2,))
    assert recounted(once, (0, 1, 2), ()) == poll()


@given(
    st.sampled_from([PollKind.MULTIPLE, PollKind.RANKED]),
    st.lists(st.tuples(st.integers(0, 4), st.permutations(range(4)), st.integers(0, 4)), max_size=30),
)
def test_counts_are_those_of_the_last_ballots(
    kind: PollKind, steps: list[tuple[int, list[int], int]]
) -> None:
    found = poll(kind, 4)
    last: dict[int, tuple[int, ...]] = {}
    for member, order, length in steps:
        ballot = tuple(order[:length])
        found = recounted(found, last.get(member, ()), ballot)
        last[member] = ballot
    cast = [ballot for ballot in last.values() if ballot]
    assert found.voters == len(cast)
    assert found.votes == tuple(sum(option in ballot for ballot in cast) for option in range(4))
    points = [points_of(kind, ballot, 4) for ballot in cast]
    assert found.points == tuple(sum(one[option] for one in points) for option in range(4))


@pytest.mark.parametrize(
    ("results", "before", "voted_before", "after"),
    [
        (PollResults.ALWAYS, True, True, True),
        (PollResults.AFTER_VOTING, False, True, True),
        (PollResults.AFTER_CLOSING, False, False, True),
    ],
)
def test_results_are_shown_when_it_is_stated(
    results: PollResults, before: bool, voted_before: bool, after: bool
) -> None:
    closes = NOW + timedelta(days=1)
    one = poll(results=results, closes_at=closes)
    ballot = Ballot(b"b", "club", b"p", b"m", (1,), NOW, (1,))
    withdrawn = replace(ballot, choices=(), counted=())
    assert shows_results(one, None, NOW) is before
    assert shows_results(one, withdrawn, NOW) is before
    assert shows_results(one, ballot, NOW) is voted_before
    assert shows_results(one, None, closes - timedelta(microseconds=1)) is before
    assert shows_results(one, None, closes) is after


def test_a_poll_is_closed_exactly_at_its_time() -> None:
    one = poll(closes_at=NOW)
    assert [one.is_closed(NOW + timedelta(microseconds=by)) for by in (-1, 0, 1)] == [False, True, True]
    assert not poll().is_closed(NOW)


@pytest.mark.parametrize(
    ("kind", "least", "most", "options", "more", "path"),
    [
        (PollKind.SINGLE, 1, 1, ("Tea",), {}, "options"),
        (PollKind.SINGLE, 1, 1, tuple(str(one) for one in range(21)), {}, "options"),
        (PollKind.SINGLE, 1, 1, ("Tea", ""), {}, "options"),
        (PollKind.SINGLE, 1, 1, ("Tea", "x" * 201), {}, "options"),
        (PollKind.SINGLE, 1, 1, ("Tea", "tea"), {}, "options"),
        (PollKind.SINGLE, 1, 1, ("Tea", "a\x00b"), {}, "options"),
        (PollKind.SINGLE, 1, 1, ("Tea", "\ud800"), {}, "options"),
        (PollKind.SINGLE, 1, 2, OPTIONS, {}, "most"),
        (PollKind.MULTIPLE, 0, 2, OPTIONS, {}, "least"),
        (PollKind.MULTIPLE, 3, 2, OPTIONS, {}, "least"),
        (PollKind.RANKED, 1, 4, OPTIONS, {}, "least"),
        (PollKind.SINGLE, 1, 1, OPTIONS, {"closes_at": NOW}, "closesAt"),
        (PollKind.SINGLE, 1, 1, OPTIONS, {"results": PollResults.AFTER_CLOSING}, "closesAt"),
    ],
)
def test_a_poll_that_can_not_be_is_refused(
    kind: PollKind, least: int, most: int, options: tuple[str, ...], more: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_poll(PollTerms(kind, least, most, **more), options, NOW)
    assert caught.value.path == ["poll", path]


@pytest.mark.parametrize("choices", [(3,), (-1,), (1, 1), (0, 1, 2), (0,)])
def test_a_ballot_that_can_not_be_is_refused(choices: tuple[int, ...]) -> None:
    terms = PollTerms(PollKind.MULTIPLE, 2, 2)
    with pytest.raises(InvalidInput):
        check_choices(terms, choices, 3)
    check_choices(terms, (), 3)
    check_choices(terms, (2, 0), 3)
