"""Factorisation of what members chose, to compare with: alternating least squares on implicit feedback.

Each choice counts 1 + `alpha`, what was not chosen counts 1 towards nothing; members' and items' factors are solved in turn, all
members at once. Source: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", 2008.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

Array = np.ndarray[Any, np.dtype[np.float64]]


def factors_of(
    chosen: Any, factors: int, alpha: float, regularisation: float, rounds: int = 15, seed: int = 7
) -> tuple[Array, Array]:
    """Members' and items' factors, of a matrix with ones."""
    random = np.random.default_rng(seed)
    items: Array = random.normal(0.0, 0.1, (chosen.shape[1], factors))
    members: Array = np.zeros((chosen.shape[0], factors))
    turned = chosen.T.tocsr()
    for _ in range(rounds):
        members = _solved(chosen, items, alpha, regularisation)
        items = _solved(turned, members, alpha, regularisation)
    return members, items


def _solved(chosen: Any, others: Array, alpha: float, regularisation: float) -> Array:
    factors = others.shape[1]
    squares = (others[:, :, None] * others[:, None, :]).reshape(len(others), factors * factors)
    common = others.T @ others + regularisation * np.eye(factors)
    left = common + alpha * (chosen @ squares).reshape(-1, factors, factors)
    right = (1.0 + alpha) * (chosen @ others)
    return np.asarray(np.linalg.solve(left, right[:, :, None])[:, :, 0])


def hits_of(
    learnt: Mapping[bytes, Sequence[str]],
    last: Mapping[bytes, str],
    among: int,
    factors: int,
    alpha: float,
    regularisation: float,
) -> int:
    """In how many cases the item that was taken away is among the first."""
    order = sorted(learnt)
    names = sorted({item for items in learnt.values() for item in items})
    place = {item: index for index, item in enumerate(names)}
    rows = np.repeat(np.arange(len(order)), [len(learnt[one]) for one in order])
    columns = [place[item] for one in order for item in learnt[one]]
    chosen = sparse.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=(len(order), len(names)))
    members, items = factors_of(chosen, factors, alpha, regularisation)
    hits = 0
    for row, one in enumerate(order):
        if one not in last or last[one] not in place:
            continue
        scores = items @ members[row]
        scores[[place[item] for item in learnt[one]]] = -np.inf
        best = np.argpartition(-scores, min(among, len(scores) - 1))[:among]
        hits += place[last[one]] in best
    return hits
