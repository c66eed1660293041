"""The BG/NBD model: how often customers buy until they leave for good. Pure.

Of each customer the model assumes purchases at a constant rate while alive, and the same chance of leaving after each one;
rates differ between customers by a gamma distribution (r, alpha), chances by a beta distribution (a, b). `docs/customer-value.md`
says how well that foretells real customers.

Source: Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model,
Marketing Science 24(2), 275–284; the equations' numbers are of that paper.
"""

from typing import TYPE_CHECKING

from gamification.insights.lifetime.fitting import Refusal, Refused, maximised
from gamification.insights.lifetime.history import Book
from gamification.kit.records import evolve, record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CUSTOMERS_MIN = 200
REPEATERS_MIN = 50
"""Customers who came back, from which on leaving is told from buying seldom."""
WEEKS_MIN = 8
"""How long the longest-known customer must have been known."""

_STARTS = ((0.5, 5.0, 1.0, 2.0), (1.0, 1.0, 1.0, 1.0), (2.0, 20.0, 0.5, 5.0))
_POLE = 1e-5
"""So near to a removable singularity the mean of both sides is taken: off by no more than its square."""


@record(frozen=True, slots=True)
class BgNbd:
    """The fitted model. `alpha` is in weeks, the others have no unit. `log_likelihood` is of all customers."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = 0.0
    customers: int = 0


def fit(book: Book) -> BgNbd | Refused:
    """The model of these customers by maximum likelihood."""
    customers = int(book.customers.sum())
    if customers < CUSTOMERS_MIN:
        return Refused(Refusal.TOO_FEW_CUSTOMERS, customers, CUSTOMERS_MIN)
    repeaters = int(book.customers[book.repeats > 0].sum())
    if repeaters < REPEATERS_MIN:
        return Refused(Refusal.TOO_FEW_REPEATERS, repeaters, REPEATERS_MIN)
    weeks = int(book.age_weeks.max())
    if weeks < WEEKS_MIN:
        return Refused(Refusal.TOO_SHORT, weeks, WEEKS_MIN)
    found = maximised(lambda point: mean_log_likelihood(point, book), _STARTS)
    if found is None:
        return Refused(Refusal.NOT_DETERMINED)
    (r, alpha, a, b), value = found
    return BgNbd(r, alpha, a, b, value * customers, customers)


def mean_log_likelihood(point: "NDArray[np.float64]", book: Book) -> "tuple[float, NDArray[np.float64]]":
    """A customer's mean log-likelihood at the logarithms of (r, alpha, a, b), and its gradient by them.

    Source: equation (6), as a sum of logarithms: the powers of (alpha + T) vanish in doubles from some hundred purchases on.
    """
    import numpy as np
    from scipy.special import digamma, gammaln

    r, alpha, a, b = np.exp(point)
    x, recency, age = book.repeats, book.recency_weeks, book.age_weeks
    returned = x > 0
    alive = -(r + x) * np.log(alpha + age)
    with np.errstate(divide="ignore"):
        left = np.where(
            returned,
            np.log(a) - np.log(np.where(returned, b + x - 1, 1.0)) - (r + x) * np.log(alpha + recency),
            -np.inf,
        )
    either = np.logaddexp(alive, left)
    values = (
        gammaln(r + x)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + gammaln(b + x)
        - gammaln(b)
        - gammaln(a + b + x)
        + either
    )
    gone = np.exp(left - either)
    here = 1.0 - gone
    by_r = digamma(r + x) - digamma(r) + np.log(alpha)
    by_r = by_r - here * np.log(alpha + age) - gone * np.log(alpha + recency)
    by_alpha = r / alpha - (r + x) * (here / (alpha + age) + gone / (alpha + recency))
    by_a = digamma(a + b) - digamma(a + b + x) + gone / a
    by_b = digamma(a + b) + digamma(b + x) - digamma(b) - digamma(a + b + x)
    by_b = by_b - np.where(returned, gone / np.where(returned, b + x - 1, 1.0), 0.0)
    share = book.customers / book.customers.sum()
    gradient = np.array([share @ by_r * r, share @ by_alpha * alpha, share @ by_a * a, share @ by_b * b])
    return float(share @ values), gradient


def alive_probability(model: BgNbd, book: Book) -> "NDArray[np.float64]":
    """How likely each row's customer has not left yet; 1 for who bought once, since one leaves after a repeat only.

    Source: Fader, Hardie and Lee (2008), "Computing P(alive) Using the BG/NBD Model", a note.
    """
    import numpy as np
    from scipy.special import expit

    returned = book.repeats > 0
    x = np.where(returned, book.repeats, 1.0)
    odds_left = (
        np.log(model.a)
        - np.log(model.b + x - 1)
        + (model.r + x) * (np.log(model.alpha + book.age_weeks) - np.log(model.alpha + book.recency_weeks))
    )
    alive: NDArray[np.float64] = np.where(returned, expit(-odds_left), 1.0)
    return alive


def expected_if_alive(
    model: BgNbd, repeats: "NDArray[np.float64]", age_weeks: "NDArray[np.float64]", weeks: float
) -> "NDArray[np.float64]":
    """Transactions of a customer within so many weeks from now who is alive now.

    Source: the numerator of equation (10). Euler's transformation of the hypergeometric function there,
    F(r+x, b+x; c; z) = (1-z)^(a-1-r-x) F(a+b-1-r, a-1; c; z) with c = a+b+x-1, takes the purchases out of all parameters but
    the third: what overflowed for frequent buyers converges the faster the more they bought.
    """
    if abs(model.a - 1) < _POLE:
        return _between(model, _POLE, 0.0, repeats, age_weeks, weeks)
    if abs(model.a + model.b - 1) < _POLE:
        return _between(model, 0.0, _POLE, repeats, age_weeks, weeks)
    import numpy as np
    from scipy.special import hyp2f1

    a, b, r = model.a, model.b, model.r
    c = a + b + repeats - 1
    z = weeks / (model.alpha + age_weeks + weeks)
    stays = np.exp((a - 1) * np.log1p(-z)) * hyp2f1(a + b - 1 - r, a - 1, c, z)
    expected: NDArray[np.float64] = c / (a - 1) * (1 - stays)
    return np.maximum(expected, 0.0)


def expected_since_first(model: BgNbd, weeks: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Repeat transactions of anybody within so many weeks of the first purchase, each of them of 0 or more.

    Source: equation (9), which is (10) for who has just begun.
    """
    import numpy as np

    begun = np.zeros(1)
    return np.array([expected_if_alive(model, begun, begun, float(t))[0] if t > 0 else 0.0 for t in weeks])


def _between(
    model: BgNbd,
    by_a: float,
    by_b: float,
    repeats: "NDArray[np.float64]",
    age_weeks: "NDArray[np.float64]",
    weeks: float,
) -> "NDArray[np.float64]":
    """The mean of a little below and a little above."""
    near = [evolve(model, a=model.a + sign * 2 * by_a, b=model.b + sign * 2 * by_b) for sign in (-1.0, 1.0)]
    low, high = (expected_if_alive(one, repeats, age_weeks, weeks) for one in near)
    return (low + high) / 2
