"""RFM scores against quintiles computed another way, and their edges."""

import random
from datetime import date, timedelta

import pytest

from gamification.rollups.history import History
from gamification.rollups.model import MemberDay, MemberMonth
from gamification.segments.scoring import cuts_of, measures, scores

TODAY = date(2026, 3, 31)


def by_rank(values: list[int], value: int) -> int:
    """The score by how large a part of all is strictly less: the definition, in another form."""
    less = sum(other < value for other in values)
    return 1 + sum(less >= -(-len(values) * fifth // 5) for fifth in range(1, 5))


@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 99, 100, 1000])
@pytest.mark.parametrize("spread", [1, 3, 50, 10_000])
def test_scores_are_fifths_and_equal_values_score_alike(size: int, spread: int) -> None:
    chance = random.Random(size * spread)
    measured = [
        (-chance.randrange(spread), chance.randrange(spread), chance.randrange(spread * 100))
        for _ in range(size)
    ]
    cuts = cuts_of(TODAY, measured)

    for one in measured:
        found = scores(cuts, one)
        for place, name in enumerate("rfm"):
            assert found[name] == by_rank([other[place] for other in measured], one[place])


def test_distinct_values_make_fifths_of_one_size() -> None:
    measured = [(-n, n, n * 7) for n in range(100)]
    cuts = cuts_of(TODAY, measured)
    found = [scores(cuts, one) for one in measured]

    for name in "rfm":
        assert [sum(one[name] == score for one in found) for score in range(1, 6)] == [20] * 5
    assert found[0]["r"] == 5  # bought today


def test_nobody_is_scored_without_a_purchase_or_before_the_first_sweep() -> None:
    assert dict(scores(None, (0, 1, 1))) == {"r": 0, "f": 0, "m": 0}
    assert dict(scores(cuts_of(TODAY, []), (0, 1, 1))) == {"r": 0, "f": 0, "m": 0}
    assert dict(scores(cuts_of(TODAY, [(0, 1, 1)]), None)) == {"r": 0, "f": 0, "m": 0}


def test_the_window_ends_with_today_and_holds_so_many_days() -> None:
    def bought(ago: int) -> MemberDay:
        return MemberDay(TODAY - timedelta(days=ago), {"buy": 1}, 1, 100)

    history = History([MemberMonth("p", b"m", 1, tuple(bought(ago) for ago in (364, 365, 10, -1)))], TODAY)

    assert measures(history, 365) == (-10, 2, 200)
    assert measures(history, 10) is None
    assert measures(history, 11) == (-10, 1, 100)
    assert history.spend(366) == 300
