"""Ordering, variety, popularity and the measure of all that."""

from datetime import UTC, date, datetime, timedelta

import pytest

from community.recommendations.cooccurrence import neighbours_of
from community.recommendations.evaluation import measure, split
from community.recommendations.model import (
    TESTS_LEAST,
    Candidate,
    Code,
    Interaction,
    Kind,
    Measured,
    Neighbour,
    Popular,
)
from community.recommendations.popularity import FRESH_FOR, FRESH_WORTH, Tally, blended, counts_at, freshness
from community.recommendations.ranking import EXPLORED, candidates_of, diversified, explored, order_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
POPULAR = [Popular("a", 10.0, 10), Popular("b", 5.0, 5), Popular("c", 1.0, 1)]


def did(item: str, days_ago: int, who: bytes = b"m") -> Interaction:
    return Interaction(who, Kind.POST, item, 1, NOW - timedelta(days=days_ago))


def candidate(item: str, kind: Kind = Kind.POST) -> Candidate:
    return Candidate(kind, item, 1.0)


def test_without_anything_chosen_popularity_orders_and_what_was_done_is_left_out() -> None:
    assert order_of(POPULAR, [], {}, {"a"}, 10) == ["b", "c"]


def test_what_is_chosen_together_comes_before_what_is_somewhat_more_popular() -> None:
    near = {"seed": [Neighbour("c", 3.0, 9)]}

    assert order_of(POPULAR, [("seed", 1.0)], near, (), 3) == ["c", "a", "b"]


def test_what_is_on_no_list_is_found_by_what_it_is_chosen_with() -> None:
    near = {"seed": [Neighbour("unknown", 9.0, 9)]}

    assert order_of(POPULAR, [("seed", 1.0)], near, (), 1) == ["unknown"]


@pytest.mark.parametrize(("members", "code"), [(4, None), (5, Code.POPULAR)])
def test_that_something_is_popular_is_said_of_five_members_or_more(members: int, code: Code | None) -> None:
    (found,) = candidates_of(Kind.POST, [Popular("a", 1.0, members)], [], {}, ())

    assert (found.basis.code if found.basis else None) is code


@pytest.mark.parametrize(("members", "code"), [(4, None), (5, Code.ALSO_CHOSEN)])
def test_that_others_chose_it_too_is_said_of_five_members_or_more(members: int, code: Code | None) -> None:
    near = {"seed": [Neighbour("a", 1.0, members)]}

    (found,) = candidates_of(Kind.POST, [], [("seed", 1.0)], near, ())

    assert (found.basis.code if found.basis else None) is code


def test_scores_are_of_the_place_so_that_kinds_compare() -> None:
    found = candidates_of(Kind.POST, POPULAR, [], {}, ())

    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found[0].score == 1.0
    assert 0 < found[-1].score < 1


def test_no_author_fills_a_list() -> None:
    scored = [(candidate(f"x{number}"), 1.0 - number / 100) for number in range(8)] + [(candidate("y"), 0.7)]

    found = diversified(scored, lambda one: one.item[0], 2)

    assert [one.item for one, _ in found] == ["x0", "y"]


def test_no_kind_fills_a_list() -> None:
    scored = [(candidate(f"{number}"), 1.0) for number in range(9)] + [(candidate("t", Kind.TASK), 0.6)]

    assert Kind.TASK in {one.kind for one, _ in diversified(scored, lambda _: None, 4)}


def test_one_place_in_ten_is_drawn_and_the_same_all_day() -> None:
    best = [(candidate(f"best{number}"), 1.0) for number in range(20)]
    rest = [(candidate(f"rest{number}"), 0.1) for number in range(30)]
    today = date(2026, 3, 2)

    found = explored(best, rest, b"ann", today)

    drawn = [place for place, (one, _) in enumerate(found) if one.item.startswith("rest")]
    assert drawn == [EXPLORED - 1, 2 * EXPLORED - 1]
    assert len({one.item for one, _ in found}) == 20
    assert found == explored(best, rest, b"ann", today)
    others = [explored(best, rest, f"m{number}".encode(), today) for number in range(20)]
    assert any(one != found for one in others)
    assert explored(best, [], b"ann", today) == best


def test_what_was_done_counts_half_after_the_half_life() -> None:
    assert counts_at(Kind.POST, NOW, NOW) == 1.0
    assert counts_at(Kind.POST, NOW - timedelta(days=7), NOW) == pytest.approx(0.5)
    # A clock that is behind makes nothing count more.
    assert counts_at(Kind.POST, NOW + timedelta(days=7), NOW) == 1.0


def test_a_new_post_is_in_front_of_an_old_one_that_many_liked_and_falls_behind() -> None:
    tally = Tally(Kind.POST, NOW)
    for number in range(8):
        tally.add([did("liked", 1, b"%d" % number)])
    tally.credit({"new": freshness(NOW, NOW), "older": freshness(NOW - 3 * FRESH_FOR, NOW)})

    assert [one.item for one in tally.most()] == ["new", "liked", "older"]
    assert freshness(NOW - FRESH_FOR, NOW) == pytest.approx(FRESH_WORTH / 2)


def test_only_who_did_it_lately_is_counted_as_a_member() -> None:
    tally = Tally(Kind.POST, NOW)
    tally.add([did("a", 1, b"x")])
    tally.add([did("a", 40, b"y")])

    (found,) = tally.most()
    assert found.members == 1
    assert tally.people == 2


def test_each_group_has_the_same_weight_whatever_its_size() -> None:
    found = blended([[Popular("a", 1000.0, 9)], [Popular("b", 3.0, 2), Popular("a", 1.0, 1)], []])

    assert [(one.item, one.members) for one in found] == [("a", 9), ("b", 2)]
    assert found[0].score == pytest.approx(1.25)


def test_the_last_is_taken_away_of_who_chose_more_than_one() -> None:
    learnt, last = split({b"x": ["a", "b", "a"], b"y": ["a"]})

    assert learnt == {b"x": ["a"], b"y": ["a"]}
    assert last == {b"x": "b"}


def test_two_tastes_are_told_apart_where_popularity_knows_one() -> None:
    """Sixty who like one dozen of things, forty who like another: by popularity all are told of the first."""
    chosen = {}
    for number in range(100):
        taste = "a" if number < 60 else "b"
        items = [f"{taste}{(number + step) % 12}" for step in range(4)]
        chosen[b"%d" % number] = items

    found = measure(Kind.REWARD, chosen)

    assert found.tests == 100
    assert found.popularity <= 65
    assert found.cooccurrence == 100
    assert found.is_personal


def test_popularity_alone_is_used_only_where_enough_tests_say_that_it_does_better() -> None:
    assert Measured(Kind.POST, 0, 0, 0).is_personal
    assert Measured(Kind.POST, 9, 9, 9, TESTS_LEAST - 1, 20, 0).is_personal
    assert not Measured(Kind.POST, 9, 9, 9, TESTS_LEAST, 20, 19).is_personal
    assert Measured(Kind.POST, 9, 9, 9, TESTS_LEAST, 20, 20).is_personal


def test_what_is_learnt_is_what_the_measure_uses() -> None:
    chosen = {b"%d" % number: ["a", "b"] for number in range(3)}
    learnt, _ = split(chosen)

    assert neighbours_of(list(learnt.values())) == {}
    assert measure(Kind.POST, chosen).items == 2
