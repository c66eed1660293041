"""Quantiles and tails of the distributions that the tests need. Pure.

`scipy.special` is imported where it is used: it takes longer than all else that the API starts with.
"""

import math
from statistics import NormalDist

_STANDARD = NormalDist()


def normal_quantile(probability: float) -> float:
    """Below which so much of the standard normal distribution lies."""
    return _STANDARD.inv_cdf(probability)


def normal_two_sided(z: float) -> float:
    """How likely it is to be at least so far from 0."""
    return math.erfc(abs(z) / math.sqrt(2))


def student_quantile(probability: float, degrees: float) -> float:
    """Below which so much of Student's t distribution lies; `degrees` need not be whole."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def student_two_sided(t: float, degrees: float) -> float:
    """How likely it is to be at least so far from 0."""
    from scipy.special import stdtr

    return 2 * float(stdtr(degrees, -abs(t)))


def chi_square_tail(value: float, degrees: int) -> float:
    """How likely it is to be at least so much."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees, value))
