"""Who wins a round: a function of the seed and what was published, each chance as good as any other."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.lottery.drawing import Chance, RoundInputs, Terms, entrants_digest, winners
from gamification.lottery.randomness import digest
from gamification.programmes.definitions import DrawEntry, DrawWins

SEED = bytes(range(32))


def terms(*prizes: tuple[str, int], wins: DrawWins = DrawWins.ONCE) -> Terms:
    return Terms(prizes or (("car", 1),), DrawEntry.PER_TICKET, wins, None, None, "2026-12-01T00:00:00+00:00")


def inputs(entrants: list[Chance], **stated: Any) -> RoundInputs:
    of = {"programme": "p", "draw": "d", "round": "r", "odds_hash": "o", "beacon": "", **stated}
    return RoundInputs(**of, entrants_hash=entrants_digest(entrants))


def entrants(*chances: int) -> list[Chance]:
    return sorted(
        (Chance(digest(str(number).encode()), count) for number, count in enumerate(chances)),
        key=lambda one: one.code,
    )


def drawn(people: list[Chance], of: Terms, seed: bytes = SEED, excluded: tuple[str, ...] = ()) -> list[str]:
    return [won.code for won in winners(seed, inputs(people), of, people, excluded)]


def test_the_same_again_gives_the_same() -> None:
    people = entrants(*range(1, 50))
    of = terms(("car", 1), ("mug", 10))
    assert drawn(people, of) == drawn(people, of)
    assert drawn(people, of) != drawn(people, of, seed=bytes(32))


def test_any_input_changes_what_is_drawn() -> None:
    people = entrants(*[1] * 200)
    of = terms(("mug", 20))
    plain = winners(SEED, inputs(people), of, people)
    for changed in ({"beacon": "x"}, {"odds_hash": "p"}, {"round": "s"}, {"draw": "e"}, {"programme": "q"}):
        assert winners(SEED, inputs(people, **changed), of, people) != plain


def test_nobody_wins_twice_unless_the_draw_lets_them() -> None:
    people = entrants(1000, 1, 1)
    once = drawn(people, terms(("mug", 5)))
    assert len(once) == len(set(once)) == 3
    each = drawn(people, terms(("mug", 5), wins=DrawWins.EACH))
    assert len(each) == 5
    assert len(set(each)) < 5


def test_who_is_excluded_moves_no_other_prize() -> None:
    people = entrants(*[1] * 500)
    of = terms(("mug", 20))
    before = drawn(people, of)
    after = drawn(people, of, excluded=(before[3],))
    assert before[3] not in after
    assert [code for place, code in enumerate(after) if place != 3] == before[:3] + before[4:]


def test_where_one_holds_nearly_all_chances_the_rest_is_found_all_the_same() -> None:
    people = entrants(2**50, 1, 1)
    whale = next(one.code for one in people if one.chances > 1)
    found = drawn(people, terms(("mug", 3)))
    assert found[0] == whale
    assert set(found) == {one.code for one in people}
    assert whale not in drawn(people, terms(("mug", 3)), excluded=(whale,))


def test_prizes_without_anyone_left_stay() -> None:
    assert drawn([], terms()) == []
    people = entrants(1)
    assert drawn(people, terms(("car", 1), ("mug", 2))) == [people[0].code]


def test_each_chance_is_as_good_as_any_other() -> None:
    people = entrants(1, 2, 3, 4)
    chances = {one.code: one.chances for one in people}
    rounds = 20_000
    found = Counter(
        winners(SEED, inputs(people, round=str(number)), terms(), people)[0].code for number in range(rounds)
    )
    expected = {code: rounds * count / 10 for code, count in chances.items()}
    assert sum((found[code] - count) ** 2 / count for code, count in expected.items()) < 16.27


@given(st.lists(st.integers(1, 100), max_size=20), st.integers(1, 30), st.sampled_from(DrawWins), st.data())
def test_winners_are_entrants_each_prize_once(
    chances: list[int], prizes: int, wins: DrawWins, data: st.DataObject
) -> None:
    people = entrants(*chances)
    out = tuple(
        data.draw(st.lists(st.sampled_from([one.code for one in people]), unique=True)) if people else ()
    )
    found = winners(SEED, inputs(people), terms(("mug", prizes), wins=wins), people, out)
    able = len(people) - len(out)
    assert len(found) == (min(prizes, able) if wins is DrawWins.ONCE else prizes * bool(able))
    assert {won.code for won in found} <= {one.code for one in people} - set(out)
    assert [won.number for won in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize(("change", "same"), [(0, True), (1, False)])
def test_the_entrants_hash_tells_any_change(change: int, same: bool) -> None:
    assert (entrants_digest(entrants(1, 2)) == entrants_digest(entrants(1, 2 + change))) is same
