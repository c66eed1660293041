"""The gamma-gamma model: what a customer spends on average in a transaction. Pure.

Of each customer the model assumes amounts around a mean of their own, which differ between customers and have nothing to do with
how often they buy. So what is known of one customer is drawn to the mean of all the more, the less often they bought.

Source: Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value", a note; the model is of Fader, Hardie and Lee (2005),
"RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", Journal of Marketing Research 42(4), 415–430.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gamification.insights.lifetime.fitting import Refusal, Refused, maximised
from gamification.insights.lifetime.history import History
from gamification.kit.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REPEATERS_MIN = 50
_STARTS = ((1.0, 3.0, 2.0), (5.0, 4.0, 0.5), (10.0, 10.0, 1.0))


@record(frozen=True, slots=True)
class GammaGamma:
    """The fitted model. `gamma` is in the unit of the amounts, the others have none; `q` is above 1.

    `correlation`: Pearson's, between how often the customers came back and what they spent on average. The model takes it to be 0.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float = 0.0
    customers: int = 0
    correlation: float = 0.0

    @property
    def mean(self) -> float:
        """What a transaction of a customer of whom nothing is known comes to."""
        return self.p * self.gamma / (self.q - 1)


def fit(histories: Sequence[History]) -> GammaGamma | Refused:
    """The model of those who came back and spent anything, by maximum likelihood. Amounts are in the smallest unit."""
    import numpy as np

    spenders = [one for one in histories if one.repeats > 0 and one.spent > 0]
    if len(spenders) < REPEATERS_MIN:
        return Refused(Refusal.TOO_FEW_REPEATERS, len(spenders), REPEATERS_MIN)
    x = np.array([one.repeats for one in spenders], dtype=np.float64)
    mean = np.array([one.spent / one.repeats for one in spenders], dtype=np.float64)
    # Whatever the currency's smallest unit is: amounts are around 1 while they are fitted.
    scale = float(np.exp(np.mean(np.log(mean))))
    found = maximised(lambda point: mean_log_likelihood(point, x, mean / scale), _STARTS)
    if found is None or found[0][1] <= 1:
        return Refused(Refusal.NOT_DETERMINED)
    (p, q, gamma), value = found
    varies = bool(np.ptp(x)) and bool(np.ptp(mean))
    return GammaGamma(
        p,
        q,
        gamma * scale,
        (value - float(np.log(scale))) * len(spenders),
        len(spenders),
        float(np.corrcoef(x, mean)[0, 1]) if varies else 0.0,
    )


def mean_log_likelihood(
    point: "NDArray[np.float64]", x: "NDArray[np.float64]", mean: "NDArray[np.float64]"
) -> "tuple[float, NDArray[np.float64]]":
    """A customer's mean log-likelihood at the logarithms of (p, q, gamma), and its gradient by them."""
    import numpy as np
    from scipy.special import digamma, gammaln

    p, q, gamma = np.exp(point)
    px, total = p * x, gamma + x * mean
    values = (
        gammaln(px + q)
        - gammaln(px)
        - gammaln(q)
        + q * np.log(gamma)
        + (px - 1) * np.log(mean)
        + px * np.log(x)
        - (px + q) * np.log(total)
    )
    both = digamma(px + q) - np.log(total)
    by_p = x * (both - digamma(px) + np.log(mean) + np.log(x))
    by_q = both - digamma(q) + np.log(gamma)
    by_gamma = q / gamma - (px + q) / total
    return float(values.mean()), np.array([by_p.mean() * p, by_q.mean() * q, by_gamma.mean() * gamma])


def expected_amount(
    model: GammaGamma, repeats: "NDArray[np.float64]", spent: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    """What a transaction of each customer comes to, from `repeats` transactions of `spent` in all; the mean of all for who
    has none: the weighted mean of what is known of the customer and of all."""
    expected: NDArray[np.float64] = model.p * (model.gamma + spent) / (model.p * repeats + model.q - 1)
    return expected
