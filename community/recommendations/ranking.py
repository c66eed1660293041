"""Ordering what may be recommended: pure."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from math import log

from community.recommendations.cooccurrence import gains
from community.recommendations.model import (
    PEOPLE_LEAST,
    STORED_MAX,
    Basis,
    Candidate,
    Code,
    Kind,
    Neighbour,
    Popular,
)

_FLOOR = 1e-6
_FADES = 10.0
"""The tenth after the best is worth half of it."""
_AGAIN_KIND = 0.75
_AGAIN_GROUP = 0.5
"""What one more of the same kind, or of the same author or space, is worth of what it would be."""
EXPLORED = 10
"""Of so many places one is drawn."""


def order_of(
    popular: Sequence[Popular],
    seeds: Sequence[tuple[str, float]],
    neighbours: Mapping[str, list[Neighbour]],
    done: Collection[str],
    limit: int,
) -> list[str]:
    """The items to recommend to who chose these, the best first."""
    return [item for item, _ in _scored(popular, seeds, neighbours, done)[:limit]]


def _scored(
    popular: Sequence[Popular],
    seeds: Sequence[tuple[str, float]],
    neighbours: Mapping[str, list[Neighbour]],
    done: Collection[str],
) -> list[tuple[str, float]]:
    total = sum(one.score for one in popular) or 1.0
    logs = {one.item: log(max(one.score / total, _FLOOR)) for one in popular}
    # What is on no list is less popular than what is.
    least = min(logs.values(), default=log(_FLOOR))
    scores = dict(logs)
    for item, (gain, _, _) in gains(seeds, dict(neighbours)).items():
        scores[item] = scores.get(item, least) + gain
    kept = [(item, score) for item, score in scores.items() if item not in done]
    return sorted(kept, key=lambda one: (-one[1], one[0]))


def candidates_of(
    kind: Kind,
    popular: Sequence[Popular],
    seeds: Sequence[tuple[str, float]],
    neighbours: Mapping[str, list[Neighbour]],
    done: Collection[str],
    *,
    like_them: bool = False,
    fresh: Collection[str] = (),
    limit: int = STORED_MAX,
) -> list[Candidate]:
    """Candidates of a kind, the best first, each with why. `like_them`: what is popular is so with members who are like this one;
    `fresh`: what was published lately."""
    together = gains(seeds, dict(neighbours))
    known = {one.item: one.members for one in popular}
    found = []
    for place, (item, _) in enumerate(_scored(popular, seeds, neighbours, done)[:limit]):
        basis = None
        _, seed, both = together.get(item, (0.0, None, 0))
        if seed is not None and both >= PEOPLE_LEAST:
            basis = Basis(Code.ALSO_CHOSEN, seed, both)
        elif known.get(item, 0) >= PEOPLE_LEAST:
            basis = Basis(Code.LIKE_YOU if like_them else Code.POPULAR, members=known[item])
        elif item in fresh:
            basis = Basis(Code.FRESH)
        found.append(Candidate(kind, item, worth(place), basis))
    return found


def worth(place: int) -> float:
    """What a place in the order of a kind is worth, from 1 for the first; so kinds that are scored in different ways compare."""
    return 1.0 / (1.0 + place / _FADES)


def diversified(
    scored: Sequence[tuple[Candidate, float]], group_of: Callable[[Candidate], str | None], limit: int
) -> list[tuple[Candidate, float]]:
    """So many of these, so that no kind and no group (an author, a space) fills the list: the best first, where what is like those
    before it is worth less. Source: maximal marginal relevance, Carbonell and Goldstein, 1998."""
    left = sorted(scored, key=lambda one: (-one[1], one[0].kind.value, one[0].item))
    kinds: dict[Kind, int] = {}
    groups: dict[str, int] = {}
    several = len({one.kind for one, _ in left}) > 1
    chosen: list[tuple[Candidate, float]] = []
    while left and len(chosen) < limit:

        def now_worth(one: tuple[Candidate, float]) -> float:
            candidate, score = one
            group = group_of(candidate)
            by_kind = _AGAIN_KIND ** kinds.get(candidate.kind, 0) if several else 1.0
            return score * by_kind * (_AGAIN_GROUP ** groups.get(group, 0) if group else 1.0)

        best = max(range(len(left)), key=lambda index: (now_worth(left[index]), -index))
        taken = left.pop(best)
        chosen.append(taken)
        kinds[taken[0].kind] = kinds.get(taken[0].kind, 0) + 1
        group = group_of(taken[0])
        if group:
            groups[group] = groups.get(group, 0) + 1
    return chosen


def explored(
    chosen: Sequence[tuple[Candidate, float]],
    rest: Sequence[tuple[Candidate, float]],
    member_id: bytes,
    day: date,
) -> list[tuple[Candidate, float]]:
    """The same with the last of every ten drawn from the rest, the same for a member all day: else what is not known to be liked
    never comes to be."""
    after, pool = list(chosen), list(rest)
    for place in range(EXPLORED - 1, len(after), EXPLORED):
        if not pool:
            break
        text = f"{member_id.hex()}:{day.isoformat()}:{place}".encode()
        drawn = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") % len(pool)
        candidate, score = pool.pop(drawn)
        after[place] = (candidate, score)
    return after
