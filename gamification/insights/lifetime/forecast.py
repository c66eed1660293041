"""What each customer will still bring within a horizon: probability alive, transactions, and their discounted value. Pure."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gamification.insights.lifetime.bgnbd import BgNbd, alive_probability, expected_if_alive
from gamification.insights.lifetime.gammagamma import GammaGamma, expected_amount
from gamification.insights.lifetime.history import DAYS_A_WEEK, Book, History
from gamification.kit.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEEKS_A_YEAR = 365.25 / DAYS_A_WEEK
HORIZON_WEEKS_MAX = 520
_NODES = 16
"""Of the Gauss-Legendre rule over the horizon: the integrand is smooth, and eight give twelve digits."""


@record(frozen=True, slots=True)
class Terms:
    """What a forecast is for. `discount_basis_points`: by how much a later year's money is worth less (1,000 = 10 % a year,
    compounded). `margin_basis_points`: how much of an amount counts as value (10,000 = all of it).

    Raises: ValueError where a term is out of range.
    """

    horizon_weeks: int = 52
    discount_basis_points: int = 1_000
    margin_basis_points: int = 10_000

    def __post_init__(self) -> None:
        if not 1 <= self.horizon_weeks <= HORIZON_WEEKS_MAX:
            raise ValueError(f"a horizon is of 1 to {HORIZON_WEEKS_MAX} weeks")
        if not 0 <= self.discount_basis_points <= 100_000 or not 0 <= self.margin_basis_points <= 10_000:
            raise ValueError("a discount is of 0 to 100,000 basis points, a margin of 0 to 10,000")


@record(frozen=True, slots=True)
class Forecast:
    """A customer's future within the horizon.

    `alive`: probability of not having left. `transactions`: expected, undiscounted. `amount`: expected of one transaction, and
    `value`: margin on all of them, discounted, both in the currency's smallest unit; None without a model of amounts.
    """

    alive: float
    transactions: float
    amount: float | None
    value: float | None


def forecast(
    model: BgNbd, amounts: GammaGamma | None, histories: Sequence[History], terms: Terms
) -> list[Forecast]:
    """Each customer's forecast, in their order."""
    import numpy as np

    if not histories:
        return []
    rows = np.array(
        [(one.repeats, one.recency_days, one.age_days, max(one.spent, 0)) for one in histories],
        dtype=np.float64,
    )
    x, recency, age, spent = rows[:, 0], rows[:, 1] / DAYS_A_WEEK, rows[:, 2] / DAYS_A_WEEK, rows[:, 3]
    alive = alive_probability(model, Book(x, recency, age, np.ones_like(x)))
    # When somebody last bought decides only whether they are alive: the costly part is once per (repeats, age).
    pairs, row = np.unique(np.stack([x, age]), axis=1, return_inverse=True)
    row = row.reshape(-1)
    expected = alive * expected_if_alive(model, pairs[0], pairs[1], terms.horizon_weeks)[row]
    if amounts is None:
        return [
            Forecast(one, many, None, None)
            for one, many in zip(alive.tolist(), expected.tolist(), strict=True)
        ]
    amount = expected_amount(amounts, np.where(spent > 0, x, 0.0), spent)
    discounted = alive * discounted_if_alive(model, pairs[0], pairs[1], terms)[row]
    value = discounted * amount * (terms.margin_basis_points / 10_000)
    columns = (alive.tolist(), expected.tolist(), amount.tolist(), value.tolist())
    return [Forecast(*one) for one in zip(*columns, strict=True)]


def discounted_if_alive(
    model: BgNbd, repeats: "NDArray[np.float64]", age_weeks: "NDArray[np.float64]", terms: Terms
) -> "NDArray[np.float64]":
    """Transactions within the horizon of a customer who is alive now, each worth the less the later it is.

    Source: Fader, Hardie and Lee (2005), Journal of Marketing Research 42(4), discount what is expected in continuous time. With
    M(t) expected until t, the integral of e^(-dt) dM(t) is by parts e^(-dH) M(H) + d times that of e^(-dt) M(t), which needs no rate.
    """
    import numpy as np

    horizon = float(terms.horizon_weeks)
    rate = math.log1p(terms.discount_basis_points / 10_000) / WEEKS_A_YEAR
    total = math.exp(-rate * horizon) * expected_if_alive(model, repeats, age_weeks, horizon)
    if rate:
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
            at = horizon * (node + 1) / 2
            share = rate * math.exp(-rate * at) * weight * horizon / 2
            total = total + share * expected_if_alive(model, repeats, age_weeks, at)
    return total
