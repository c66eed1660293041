"""Recommendations on real data, where it is at hand: bench/README.md has the figures."""

import pytest

from bench.factorisation import hits_of
from bench.lifetime import FOLDER as CDNOW
from bench.recommendations import as_of_the_moment
from bench.recommended import QUANTUM, items_of, prices, votes
from community.recommendations.cooccurrence import neighbours_of
from community.recommendations.evaluation import AMONG, hits, split

needs_votes = pytest.mark.skipif(
    not (QUANTUM / "Votes.xml").exists(), reason=f"there is no data dump at {QUANTUM}"
)
needs_purchases = pytest.mark.skipif(
    not (CDNOW / "CDNOW_master.txt").exists(), reason=f"there is no {CDNOW}/CDNOW_master.txt"
)


@needs_purchases
def test_prices_are_told_better_by_what_is_bought_together_than_by_popularity() -> None:
    learnt, last = split(items_of(prices()))

    tests, popular, together = hits(learnt, last, neighbours_of(list(learnt.values())), 10**9)

    # 27.1 % of 11,083 against 22.8 %: nothing is drawn, so that these are no chances.
    assert tests == 11_083
    assert together > 1.1 * popular > 0


@needs_votes
def test_votes_are_told_about_as_well_by_what_is_chosen_together_and_worse_by_factorisation() -> None:
    chosen, _ = votes(taken_part=True)
    learnt, last = split(items_of(chosen))

    tests, popular, together = hits(learnt, last, neighbours_of(list(learnt.values())), 10**9)
    factorised = hits_of(learnt, last, AMONG, factors=8, alpha=1.0, regularisation=20.0)

    assert tests == 184
    assert together >= 0.9 * popular
    assert factorised < together


@needs_votes
def test_new_questions_and_lately_popular_ones_tell_votes_best_as_of_the_moment() -> None:
    chosen, created = votes(taken_part=False)

    found = {way: hit / tests for way, (hit, tests) in as_of_the_moment(chosen, created).items()}

    assert found["half-life 7 days, new ones as 10 members"] > found["the newest"]
    assert found["the newest"] > found["popularity for ever"]
    assert found["popularity, half-life 7 days"] > found["popularity for ever"]
