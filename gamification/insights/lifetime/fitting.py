"""Maximum likelihood, the same way for each model: from fixed starts, by logarithms of positive parameters. Pure."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from gamification.kit.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Objective = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]

LOG_BOUND = 12.0
"""Parameters are looked for between e^-12 and e^12."""
STEPS_MAX = 500
"""Steps from each start; the models take about thirty."""


class Refusal(StrEnum):
    """Why there is no model."""

    TOO_FEW_CUSTOMERS = "TOO_FEW_CUSTOMERS"
    TOO_FEW_REPEATERS = "TOO_FEW_REPEATERS"
    TOO_SHORT = "TOO_SHORT"
    NOT_DETERMINED = "NOT_DETERMINED"
    """The likelihood has no maximum at finite parameters, or only one that foretells an infinite mean."""


@record(frozen=True, slots=True)
class Refused:
    """No model is fitted. `found` and `needed` are of what the reason counts, customers or weeks; 0 where it counts nothing."""

    reason: Refusal
    found: int = 0
    needed: int = 0


def maximised(objective: "Objective", starts: Sequence[Sequence[float]]) -> tuple[list[float], float] | None:
    """The parameters where `objective` is greatest and its value there; None where that is at no finite point.

    `objective` takes the logarithms of the parameters and gives the mean log-likelihood with its gradient by them. The same
    input gives the same output: nothing here is random.
    """
    import numpy as np
    from scipy.optimize import minimize

    def descending(point: "NDArray[np.float64]") -> "tuple[float, NDArray[np.float64]]":
        value, gradient = objective(point)
        return -value, -gradient

    best = None
    for start in starts:
        found = minimize(
            descending,
            np.log(np.array(start, dtype=np.float64)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-LOG_BOUND, LOG_BOUND)] * len(start),
            options={"maxiter": STEPS_MAX, "maxfun": 2 * STEPS_MAX, "ftol": 1e-15, "gtol": 1e-9},
        )
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun):
            best = found
    if best is None or np.any(np.abs(best.x) > LOG_BOUND - 1e-6) or np.max(np.abs(best.jac)) > 1e-5:
        return None
    return [float(value) for value in np.exp(best.x)], -float(best.fun)
