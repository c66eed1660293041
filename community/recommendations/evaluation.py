"""How well members' last choices would have been recommended to them: pure.

Leave last out: of each member the last item is taken away, everything else of everybody is learnt from, and it is looked
whether the item is among the first ten of what the member is recommended of what they have not had. What others chose later is
learnt from too, so that this compares ways with one another and is no forecast.
"""

from collections.abc import Mapping, Sequence

from community.recommendations.cooccurrence import PRIOR, WEAKER, neighbours_of
from community.recommendations.model import TESTS_LEAST, Kind, Measured, Neighbour, Popular
from community.recommendations.ranking import order_of

AMONG = 10
TESTS_MAX = 2000


def split(chosen: Mapping[bytes, Sequence[str]]) -> tuple[dict[bytes, list[str]], dict[bytes, str]]:
    """What is learnt from, and what was taken away. `chosen`: by member, items in the order in which they were chosen first."""
    learnt: dict[bytes, list[str]] = {}
    last: dict[bytes, str] = {}
    for member_id, items in chosen.items():
        once = list(dict.fromkeys(items))
        if len(once) > 1:
            last[member_id] = once.pop()
        learnt[member_id] = once
    return learnt, last


def popular_of(learnt: Mapping[bytes, Sequence[str]]) -> list[Popular]:
    """All items by how many chose them."""
    counts: dict[str, int] = {}
    for items in learnt.values():
        for item in items:
            counts[item] = counts.get(item, 0) + 1
    order = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [Popular(item, float(count), count) for item, count in order]


def hits(
    learnt: Mapping[bytes, Sequence[str]],
    last: Mapping[bytes, str],
    neighbours: Mapping[str, list[Neighbour]],
    tests: int = TESTS_MAX,
) -> tuple[int, int, int]:
    """(tests, hits by popularity, hits by what is chosen together), of so many members at most, evenly drawn."""
    popular = popular_of(learnt)
    order = sorted(last)
    every = max(1, -(-len(order) // tests))
    counted = by_popularity = by_both = 0
    for member_id in order[::every]:
        had = learnt[member_id]
        seeds = [(item, 1.0) for item in had]
        counted += 1
        # Of what nothing speaks for, only the most popular can be among the first.
        pool = popular[: AMONG + len(had)]
        by_popularity += last[member_id] in order_of(pool, (), {}, had, AMONG)
        by_both += last[member_id] in _by_both(popular, pool, seeds, neighbours, had)
    return counted, by_popularity, by_both


def _by_both(
    popular: Sequence[Popular],
    pool: Sequence[Popular],
    seeds: Sequence[tuple[str, float]],
    neighbours: Mapping[str, list[Neighbour]],
    had: Sequence[str],
) -> list[str]:
    near = {one.item for seed, _ in seeds for one in neighbours.get(seed, ())}
    if len(near) + len(pool) < len(popular):
        kept = {one.item for one in pool} | near
        popular = [one for one in popular if one.item in kept]
    return order_of(popular, seeds, neighbours, had, AMONG)


def measure(kind: Kind, chosen: Mapping[bytes, Sequence[str]]) -> Measured:
    """What comes of a programme's own members, with the prior that does best among them; the strongest where that is not told by
    enough tests, or by none more than by another."""
    learnt, last = split(chosen)
    baskets = list(learnt.values())
    tests = by_popularity = best = 0
    prior = PRIOR
    for tried in (PRIOR, WEAKER):
        tests, by_popularity, by_both = hits(learnt, last, neighbours_of(baskets, tried))
        if tried == PRIOR or (tests >= TESTS_LEAST and by_both > best):
            prior, best = tried, by_both
    return Measured(
        kind=kind,
        interactions=sum(len(set(items)) for items in chosen.values()),
        members=len(chosen),
        items=len({item for items in chosen.values() for item in items}),
        tests=tests,
        popularity=by_popularity,
        cooccurrence=best,
        prior=prior,
    )
