"""How well recommendations would have been on real data: `python -m bench recommendations`, or alone
`python -m bench.recommendations [--quick]`.

Two questions. *Leave last out*: is the last thing that somebody chose among ten recommended from all else that is known? *As of the
moment*: is it, from what was known the day before? The first compares ways of learning with one another; the second is what
a community or a shop would have had.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from bench.factorisation import hits_of
from bench.recommended import Chosen, items_of, prices, votes
from bench.report import Line
from community.recommendations.cooccurrence import PRIOR, neighbours_of
from community.recommendations.evaluation import AMONG, hits, split
from community.recommendations.popularity import FRESH_FOR, FRESH_WORTH

ALL_TESTS = 10**9
PRIORS = (20.0, 100.0, PRIOR, 1000.0)
FACTORS = ((8, 1.0, 5.0), (8, 1.0, 20.0), (16, 1.0, 5.0), (8, 10.0, 5.0))
"""(factors, alpha, regularisation)"""


def leave_last_out(chosen: Chosen, *, factorise: bool = True) -> dict[str, tuple[int, int]]:
    """(hits, tests) by the way that it was recommended."""
    learnt, last = split(items_of(chosen))
    found: dict[str, tuple[int, int]] = {}
    for prior in PRIORS:
        tests, popular, both = hits(learnt, last, neighbours_of(list(learnt.values()), prior), ALL_TESTS)
        found["popularity"] = popular, tests
        found[f"chosen together, prior {prior:g}"] = both, tests
    if factorise:
        for factors, alpha, regularisation in FACTORS:
            name = f"factorised, {factors} factors, alpha {alpha:g}, regularisation {regularisation:g}"
            found[name] = (
                hits_of(learnt, last, AMONG, factors, alpha, regularisation),
                found["popularity"][1],
            )
    return found


def as_of_the_moment(chosen: Chosen, created: Mapping[str, datetime] | None) -> dict[str, tuple[int, int]]:
    """The same from what was known the day before, by popularity that fades and, where it is known when items were made, with an
    advance for what is new."""
    lives = {"popularity for ever": None} | {
        f"popularity, half-life {days} days": days for days in (3, 7, 14, 30)
    }
    ways: dict[str, tuple[int | None, float]] = {name: (days, 0.0) for name, days in lives.items()}
    if created is not None:
        worths = (1.0, 3.0, FRESH_WORTH, 30.0)
        ways |= {f"half-life 7 days, new ones as {worth:g} members": (7, worth) for worth in worths}
        ways["the newest"] = (None, -1.0)
    return {name: _walked(chosen, created or {}, days, worth) for name, (days, worth) in ways.items()}


def _walked(
    chosen: Chosen, created: Mapping[str, datetime], days: int | None, worth: float
) -> tuple[int, int]:
    scores: dict[str, float] = {}
    had: dict[bytes, set[str]] = {}
    hit = tests = 0
    before: datetime | None = None
    for at, steps in _by_day(chosen):
        if before is not None and days is not None:
            faded = 0.5 ** ((at - before) / timedelta(days=days))
            scores = {item: score * faded for item, score in scores.items()}
        before = at
        until = at + timedelta(days=1)
        # What is asked in the course of a day can be chosen on it.
        pool = {item: when for item, when in created.items() if when < until}
        ranked = sorted(pool or scores, key=_ranking(scores, pool, at, worth))
        for member, item, is_last in steps:
            if is_last and len(had) >= 20:
                tests += 1
                seen = had.get(member, set())
                first = (one for one in ranked if one not in seen)
                hit += item in [one for one, _ in zip(first, range(AMONG), strict=False)]
        for member, item, _ in steps:
            scores[item] = scores.get(item, 0.0) + 1.0
            had.setdefault(member, set()).add(item)
    return hit, tests


def _ranking(
    scores: Mapping[str, float], pool: Mapping[str, datetime], at: datetime, worth: float
) -> Callable[[str], tuple[float, str]]:
    def key(item: str) -> tuple[float, str]:
        if worth < 0:
            return -pool[item].timestamp(), item
        fresh = worth * 0.5 ** (max(at - pool[item], timedelta()) / FRESH_FOR) if worth else 0.0
        return -(scores.get(item, 0.0) + fresh), item

    return key


def _by_day(chosen: Chosen) -> Iterator[tuple[datetime, list[tuple[bytes, str, bool]]]]:
    days: dict[datetime, list[tuple[bytes, str, bool]]] = {}
    for member, some in sorted(chosen.items()):
        first: dict[str, datetime] = {}
        for at, item in some:
            first.setdefault(item, at)
        for place, (item, at) in enumerate(first.items()):
            day = at.replace(hour=0, minute=0, second=0, microsecond=0)
            days.setdefault(day, []).append((member, item, 0 < place == len(first) - 1))
    yield from sorted(days.items())


def data_sets() -> dict[str, tuple[Chosen, dict[str, datetime] | None]]:
    """What is measured on, by name."""
    favourites, asked = votes(taken_part=False)
    part, _ = votes(taken_part=True)
    return {
        "Quantum computing, favourites": (favourites, asked),
        "Quantum computing, favourites, answers and comments": (part, asked),
        "CDNOW, price of a piece": (prices(), None),
    }


async def measure(_: object) -> list[Line]:
    """The lines of `python -m bench`."""
    found = []
    for name, (chosen, created) in data_sets().items():
        for protocol, result in (
            ("leave last out", leave_last_out(chosen)),
            ("as of the moment", as_of_the_moment(chosen, created)),
        ):
            for way, (hit, tests) in result.items():
                found.append(
                    Line(f"{name}, {protocol}", way, f"{hit / tests:.1%}", None, f"{hit} of {tests}")
                )
    return found


def main(arguments: list[str]) -> None:
    """Print what was measured."""
    for name, (chosen, created) in data_sets().items():
        items = items_of(chosen)
        pairs = sum(len(one) for one in items.values())
        print(
            f"\n{name}: {len(items):,} members, {len({i for s in items.values() for i in s}):,} items, {pairs:,} pairs"
        )
        began = time.perf_counter()
        for way, (hit, tests) in leave_last_out(chosen, factorise="--quick" not in arguments).items():
            print(f"  leave last out    {way:60} {hit / tests:6.1%}  {hit} of {tests}")
        for way, (hit, tests) in as_of_the_moment(chosen, created).items():
            print(f"  as of the moment  {way:60} {hit / tests:6.1%}  {hit} of {tests}")
        print(f"  {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
