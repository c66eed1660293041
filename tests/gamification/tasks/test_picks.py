"""Picks from pools: the same for everyone, evenly spread, never again too soon, and unmoved by what is edited midway."""

import hashlib
import hmac
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gamification.kit.identifiers import derived_id
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.changes import merge
from gamification.programmes.document import Document, Problem
from gamification.programmes.parsing import parse
from gamification.programmes.pools import TERMS_KEPT, with_terms
from gamification.tasks.picks import is_there, picked_period, picks, span_of, terms_on
from gamification.tasks.progress import UNCOUNTED

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUNDAY, MONDAY = "2026-11-22", "2026-11-23"
CYCLES = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}


def task(key: str, **stated: Any) -> dict[str, Any]:
    return {"key": key, "goal": 1, "cycle": "daily", **stated}


def keys(count: int) -> list[str]:
    return [f"t{number:02}" for number in range(count)]


def stated(count: int = 9, picks: int = 3, *, extra: int = 0, **pool: Any) -> dict[str, Any]:
    """A document with a pool of so many tasks, and some that are in none."""
    cycle, zone = pool.get("cycle", "daily"), pool.get("zone", "programme")
    return {
        "programme": {"key": "club"},
        "tasks": [task(key, cycle=cycle, zone=zone) for key in keys(count + extra)],
        "task_pools": [{"key": "daily", "tasks": keys(count), "picks": picks, **pool}],
    }


def applied(old: Catalogue | None, document: dict[str, Any], now: datetime = NOON) -> Catalogue:
    """The document applied over the old catalogue at that instant."""
    before = old.document if old else None
    merged, _ = merge(before, parse(document))
    return Catalogue("club", (old.version if old else 0) + 1, with_terms(before, merged, now))


def member(number: int) -> bytes:
    return derived_id("member", str(number))


def day(offset: int) -> str:
    return (date(2026, 11, 22) + timedelta(days=offset)).isoformat()


def of(catalogue: Catalogue, offset: int, number: int = 1) -> set[str]:
    """The tasks of all that are there for a member so many days from the 22nd."""
    there = {one.key for one in catalogue.document.tasks}
    return {key for key in there if is_there(catalogue, key, member(number), day(offset))}


# -- the algorithm


def test_picks_are_computed_as_documented() -> None:
    """Written out anew from `docs/tasks.md`."""
    catalogue = applied(None, stated(4, 2, seed="s", weights={"t01": 3}))
    ann = member(1)
    number = (date(2026, 11, 22) - date(1970, 1, 1)).days
    lines = ["starguild-picks/1", "club", "daily", ann.hex(), "", str(number)]
    key = hmac.new(b"s", "".join(f"{line}\n" for line in lines).encode(), hashlib.sha256).digest()
    block = hmac.new(key, (0).to_bytes(8, "big"), hashlib.sha256).digest()
    stream = [int.from_bytes(block[at : at + 8], "big") for at in range(0, 32, 8)]
    left, expected = [("t00", 1), ("t01", 3), ("t02", 1), ("t03", 1)], []
    for word in stream[:2]:
        total = sum(weight for _, weight in left)
        assert word < 2**64 - 2**64 % total
        at = word % total
        for row in left:
            if at < row[1]:
                break
            at -= row[1]
        expected.append(row[0])
        left.remove(row)

    assert picks(catalogue, "daily", ann, SUNDAY) == tuple(expected)


@pytest.mark.parametrize(
    ("pool", "period", "expected"),
    [
        ({}, SUNDAY, ("t07", "t05", "t06")),
        ({"no_repeat": 1}, SUNDAY, ("t07", "t03", "t06")),
        ({"cycle": "weekly"}, "2026-W47", ("t05", "t06", "t02")),
        ({"cycle": "monthly"}, "2026-11", ("t05", "t08", "t02")),
    ],
)
def test_picks_are_these_for_good(pool: dict[str, Any], period: str, expected: tuple[str, ...]) -> None:
    """Other picks would be a change under members' feet: never update these."""
    assert picks(applied(None, stated(**pool)), "daily", bytes(range(12)), period) == expected


@given(
    st.integers(1, 30), st.integers(1, 10), st.integers(0, 4), st.integers(0, 10**6), st.integers(-400, 4000)
)
@settings(max_examples=300)
def test_each_gets_exactly_so_many_different_tasks_and_always_the_same(
    count: int, wanted: int, apart: int, number: int, offset: int
) -> None:
    pool = {"no_repeat": apart} if count >= (2 * apart + 1) * wanted else {}
    document = stated(count, wanted, **pool)
    found = picks(applied(None, document), "daily", member(number), day(offset))

    assert len(found) == len({*found}) == min(wanted, count)
    assert {*found} <= {*keys(count)}
    assert picks(applied(None, document), "daily", member(number), day(offset)) == found


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 7), st.integers(0, 10**6), st.integers(-50, 50))
@settings(max_examples=80)
def test_none_comes_again_too_soon(wanted: int, apart: int, more: int, number: int, offset: int) -> None:
    count = (2 * apart + 1) * wanted + more
    catalogue = applied(None, stated(count, wanted, no_repeat=apart))
    rows = [picks(catalogue, "daily", member(number), day(offset + later)) for later in range(40)]

    for at, row in enumerate(rows):
        recent = {key for before in rows[max(0, at - apart) : at] for key in before}
        assert not recent & {*row}
    assert all(len({*row}) == wanted for row in rows)


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 5)),
        min_size=2,
        max_size=6,
    ),
    st.integers(0, 10**6),
)
@settings(max_examples=60)
def test_none_comes_again_too_soon_across_edits(edits: list[tuple[int, int, int, int]], number: int) -> None:
    """However often it is edited, as long as each version has tasks for what it says and the one before says no more."""
    catalogue: Catalogue | None = None
    offset, terms = 0, []
    for days, wanted, apart, more in edits:
        count = (2 * apart + 1) * 3 + more  # enough beside three picks of each period before
        document = stated(count, wanted, no_repeat=apart)
        catalogue = applied(catalogue, document, NOON + timedelta(days=offset))
        terms.append(apart)
        offset += days
    assert catalogue is not None
    definition = catalogue.task_pools["daily"]
    for at in range(1, offset + 10):
        row = picks(catalogue, "daily", member(number), day(at))
        now = terms_on(definition, date.fromisoformat(day(at)))
        assert now is not None
        assert len({*row}) == now.picks
        recent = {
            key
            for back in range(1, span_of(now)[1] + 1)
            for key in picks(catalogue, "daily", member(number), day(at - back))
        }
        assert not recent & {*row}


def test_with_no_repeat_each_task_comes_once_a_round() -> None:
    catalogue = applied(None, stated(12, 3, no_repeat=1))
    start = date(1970, 1, 1) + timedelta(days=4 * 5000)
    round_ = [
        key
        for later in range(4)
        for key in picks(catalogue, "daily", member(7), (start + timedelta(days=later)).isoformat())
    ]

    assert sorted(round_) == keys(12)


@pytest.mark.parametrize("apart", [0, 1])
def test_every_task_is_as_likely_as_any_other(apart: int) -> None:
    """Chi-square over 100,000 (member, day) pairs. Picks of one pair are different tasks, and with `no_repeat` those of
    one member's days too, which only makes counts more even: the bound of independent ones holds."""
    catalogue = applied(None, stated(10, 3, no_repeat=apart))
    days = [day(offset) for offset in range(100)]
    counts: Counter[str] = Counter()
    for number in range(1000):
        someone = member(number)
        for period in days:
            counts.update(picks(catalogue, "daily", someone, period))

    expected = 100_000 * 3 / 10
    chi_square = sum((counts[key] - expected) ** 2 / expected for key in keys(10))
    assert sum(counts.values()) == 300_000
    assert chi_square < 21.67  # p = 0.01 for 9 degrees of freedom


def test_members_and_days_are_picked_for_independently() -> None:
    """Chi-square over the pairs that one pick of two days makes, and of two members."""
    catalogue = applied(None, stated(5, 1))
    pairs = {
        "days": [(number, number % 3, number, number % 3 + 1) for number in range(10_000)],
        "members": [(number, 0, number + 1, 0) for number in range(10_000)],
    }
    for rows in pairs.values():
        counts = Counter(
            (
                picks(catalogue, "daily", member(one), day(on)),
                picks(catalogue, "daily", member(two), day(then)),
            )
            for one, on, two, then in rows
        )
        expected = 10_000 / 25
        chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
        assert len(counts) == 25
        assert chi_square < 42.98  # p = 0.01 for 24 degrees of freedom


def test_weights_are_how_likely_a_task_is() -> None:
    catalogue = applied(None, stated(4, 1, weights={"t00": 5, "t03": 2}))
    counts = Counter(picks(catalogue, "daily", member(number), SUNDAY)[0] for number in range(18_000))

    expected = {"t00": 10_000, "t01": 2_000, "t02": 2_000, "t03": 4_000}
    chi_square = sum((counts[key] - count) ** 2 / count for key, count in expected.items())
    assert chi_square < 11.34  # p = 0.01 for 3 degrees of freedom


def test_pool_seed_and_programme_make_other_picks() -> None:
    first = applied(None, stated(20))
    found = {
        picks(first, "daily", member(1), SUNDAY),
        picks(applied(None, stated(20, seed="other")), "daily", member(1), SUNDAY),
        picks(Catalogue("another", 1, first.document), "daily", member(1), SUNDAY),
    }

    assert len(found) == 3


def test_the_worked_examples_of_the_documentation() -> None:
    document = stated(6, 2)
    keys = ["walk", "read", "cook", "draw", "sing", "swim"]
    pool = {"key": "daily", "tasks": keys, "picks": 2}
    document |= {"tasks": [task(key) for key in keys]}
    turns = applied(None, {**document, "task_pools": [{**pool, "no_repeat": 1}]})
    someone = bytes(range(12))

    assert [picks(turns, "daily", someone, day(offset)) for offset in range(4)] == [
        ("read", "sing"),
        ("walk", "draw"),
        ("cook", "swim"),
        ("walk", "draw"),
    ]
    plain = applied(None, {**document, "task_pools": [pool]})
    assert picks(plain, "daily", someone, SUNDAY) == ("sing", "cook")


# -- edits


def test_an_edit_counts_from_the_next_period() -> None:
    first = applied(None, stated(9, 3))
    second = applied(first, stated(20, 5))

    assert of(second, 0) == of(first, 0)
    assert len(of(second, 1)) == 5
    assert of(second, 1) != of(first, 1)
    assert of(second, -3) == of(first, -3)


def test_what_is_applied_again_unchanged_changes_no_picks() -> None:
    first = applied(None, stated(9, 3))
    second = applied(first, {**stated(9, 3, name={"en": "New name"}), "units": [{"key": "points"}]})

    assert second.task_pools["daily"].terms == first.task_pools["daily"].terms
    assert [of(second, offset) for offset in range(9)] == [of(first, offset) for offset in range(9)]


@pytest.mark.parametrize(
    ("zone", "now", "first"),
    [
        ("programme", "2026-11-22T12:00:00Z", MONDAY),
        ("programme", "2026-11-22T23:57:59Z", MONDAY),
        ("programme", "2026-11-22T23:58:00Z", "2026-11-24"),  # readers a moment from now must see the same
        ("member", "2026-11-22T09:57:59Z", MONDAY),
        ("member", "2026-11-22T09:58:00Z", "2026-11-24"),  # Monday begins at 10:00 in Kiritimati
    ],
)
def test_it_counts_from_a_period_that_has_begun_nowhere(zone: str, now: str, first: str) -> None:
    before = applied(None, stated(9, 3, zone=zone))
    after = applied(before, stated(9, 4, zone=zone), datetime.fromisoformat(now))

    assert [one.since for one in after.task_pools["daily"].terms] == [None, date.fromisoformat(first)]


@pytest.mark.parametrize(
    ("cycle", "first"), [("daily", MONDAY), ("weekly", "2026-11-23"), ("monthly", "2026-12-01")]
)
def test_the_next_period_is_one_of_its_cycle(cycle: str, first: str) -> None:
    before = applied(None, stated(9, 3, cycle=cycle))
    after = applied(before, stated(9, 4, cycle=cycle))

    assert after.task_pools["daily"].terms[-1].since == date.fromisoformat(first)


def test_of_two_edits_in_a_period_the_last_counts() -> None:
    first = applied(None, stated(9, 3))
    second = applied(first, stated(9, 4))
    third = applied(second, stated(9, 5), NOON + timedelta(hours=1))

    assert of(third, 0) == of(first, 0)
    assert len(third.task_pools["daily"].terms) == 2
    assert len(of(third, 1)) == 5


def test_an_archived_pick_is_replaced_in_the_next_period_only() -> None:
    first = applied(None, stated(9, 3))
    gone = min(of(first, 0))
    document = stated(9, 3)
    for one in document["tasks"]:
        if one["key"] == gone:
            one["status"] = "archived"
    second = applied(first, document)

    assert picks(second, "daily", member(1), SUNDAY) == picks(first, "daily", member(1), SUNDAY)
    later = [picks(second, "daily", member(1), day(offset)) for offset in range(1, 30)]
    assert all(gone not in row and len(row) == 3 for row in later)


def test_the_tasks_of_a_new_pool_are_picked_at_once_where_nobody_had_seen_them() -> None:
    catalogue = applied(applied(None, {"programme": {"key": "club"}}), stated(9, 3))

    assert len(of(catalogue, 0)) == 3


def test_tasks_that_everybody_has_stay_until_the_next_period() -> None:
    open_ = {**stated(4, 2), "task_pools": []}
    first = applied(None, open_)
    second = applied(first, stated(6, 2))

    assert of(first, 0) == {*keys(4)}
    assert of(second, 0) == {*keys(4)}  # t04 and t05 are new, and wait
    assert len(of(second, 1)) == 2


def test_a_task_taken_out_of_a_pool_is_everybodys_from_the_next_period_on() -> None:
    first = applied(None, stated(9, 3))
    second = applied(first, stated(8, 3, extra=1))

    assert of(second, 0) == of(first, 0)
    assert "t08" in of(second, 1)
    assert len(of(second, 1)) == 4


def test_an_archived_pool_lets_its_tasks_go_with_the_next_period() -> None:
    first = applied(None, stated(9, 3))
    second = applied(first, {**stated(9, 3), "task_pools": []})
    third = applied(second, stated(9, 3), NOON + timedelta(days=1))

    assert of(second, 0) == of(first, 0)
    assert of(second, 1) == {*keys(9)}
    assert of(third, 1) == {*keys(9)}
    assert len(of(third, 2)) == 3


def test_a_task_moved_to_another_pool_stays_in_the_one_until_the_next_period() -> None:
    first = applied(None, stated(9, 9))
    moved = stated(8, 8, extra=1)
    moved["task_pools"].append({"key": "other", "tasks": ["t08"], "picks": 1})
    second = applied(first, moved)

    assert of(second, 0) == {*keys(9)}
    assert picks(second, "other", member(1), SUNDAY) == ()
    assert picks(second, "other", member(1), MONDAY) == ("t08",)


def test_terms_are_kept_so_far_back() -> None:
    catalogue = applied(None, stated(9, 3))
    for number in range(TERMS_KEPT + 5):
        at = NOON + timedelta(days=number)
        catalogue = applied(catalogue, stated(9, 3 + number % 2, seed=str(number)), at)

    terms = catalogue.task_pools["daily"].terms
    assert len(terms) == TERMS_KEPT
    assert of(catalogue, -1) == set()
    assert len(of(catalogue, TERMS_KEPT + 5)) in (3, 4)


def test_activity_counts_in_the_period_in_which_it_happened_if_its_task_was_picked_then() -> None:
    catalogue = applied(None, stated(9, 3, zone="member"))
    at = datetime(2026, 11, 22, 13, tzinfo=UTC)  # Monday already in Auckland
    for zone, period in (("UTC", SUNDAY), ("Pacific/Auckland", MONDAY)):
        for one in catalogue.document.tasks:
            picked = one.key in picks(catalogue, "daily", member(1), period)
            expected = period if picked else UNCOUNTED
            assert picked_period(catalogue, one, member(1), at, zone) == expected


# -- definitions


@pytest.mark.parametrize(
    ("document", "place", "says"),
    [
        (stated(3, 1, tasks=["t00", "t00"]), "task_pools.daily", "twice"),
        (stated(3, 1, weights={"t09": 2}), "task_pools.daily", "weights"),
        (stated(9, 3, weights={"t01": 2}, no_repeat=1), "task_pools.daily", "weights"),
        (stated(8, 3, no_repeat=1), "task_pools.daily", "it takes 9 tasks"),
        (stated(3, 1, tasks=["nothing"]), "task_pools.daily.tasks", "not among"),
        (stated(3, 1, cycle="once"), "task_pools.daily.cycle", "Input should be"),
        (stated(3, 0), "task_pools.daily.picks", "greater"),
        (stated(3, 1, seed="a\nb"), "task_pools.daily.seed", "match"),
    ],
)
def test_pools_that_cannot_be_are_refused(document: dict[str, Any], place: str, says: str) -> None:
    with pytest.raises(Problem) as refused:
        parse(document)

    assert refused.value.problems[0][0].startswith(place)
    assert says in refused.value.problems[0][1]


@pytest.mark.parametrize(
    ("of_task", "says"),
    [
        ({"cycle": "weekly"}, "cycle and zone"),
        ({"zone": "member"}, "cycle and zone"),
        ({"when": "true"}, "for some members only"),
        ({"measure": "tasks", "parts": ["t01"]}, "made of tasks"),
    ],
)
def test_tasks_that_cannot_be_picked_are_refused(of_task: dict[str, Any], says: str) -> None:
    document = stated(3, 1)
    document["tasks"][0] |= of_task
    if "parts" in of_task:
        del document["tasks"][0]["goal"]
    with pytest.raises(Problem, match=says):
        parse(document)


def test_a_task_is_in_one_pool() -> None:
    document = stated(3, 1)
    document["task_pools"].append({"key": "second", "tasks": ["t02"], "picks": 1})

    with pytest.raises(Problem, match="in the pool 'second' as well"):
        parse(document)


def test_terms_cannot_be_stated() -> None:
    first = applied(None, stated(9, 3))
    lied = stated(9, 3, terms=[{"tasks": ["t00"], "picks": 1}])

    assert applied(first, lied).task_pools == first.task_pools
    assert applied(None, lied).task_pools["daily"].terms == first.task_pools["daily"].terms
    assert Document.model_validate(first.document.model_dump(mode="json")) == first.document
