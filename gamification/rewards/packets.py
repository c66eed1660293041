"""Splitting a red packet's sum at random, exact to the smallest part: pure but for the chance it is given.

Each share is drawn evenly between the minimum and twice the mean of what is left above it, as far as enough is left
for the others; the last one takes the rest. So every share has the same mean, whoever is first.
"""

from collections.abc import Callable

Below = Callable[[int], int]
"""A whole number from 0 to below the one given, each as likely."""


def draw_share(left: int, shares_left: int, minimum: int, below: Below) -> int:
    """The next of so many shares of what is left; every one after it can still have the minimum."""
    if shares_left == 1:
        return left
    spare = left - shares_left * minimum
    most = min(2 * spare // shares_left, spare)
    return minimum + below(most + 1)
