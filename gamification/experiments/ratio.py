"""Whether the arms have as many members as they should: a sample-ratio mismatch says that something is broken. Pure."""

from collections.abc import Mapping

from gamification.experiments.assignment import expected_shares
from gamification.experiments.distributions import chi_square_tail
from gamification.experiments.model import NotEnough, Shortage
from gamification.kit.records import record

THRESHOLD = 0.001
"""Below this probability it counts as a mismatch: a sound experiment is accused once in a thousand times."""
EXPECTED_MIN = 5
"""Members that each arm should have at least for the chi-square distribution to hold."""


@record(frozen=True, slots=True)
class RatioCheck:
    """Pearson's chi-square of the members found in each arm against its weight. `expected`: members it should have."""

    expected: Mapping[str, float]
    chi_square: float
    p_value: float

    @property
    def is_mismatch(self) -> bool:
        """Whether no effect of this experiment should be believed until the cause is found."""
        return self.p_value < THRESHOLD


def ratio_check(members: Mapping[str, int], weights: Mapping[str, int]) -> RatioCheck | NotEnough:
    """Checks the members of each arm against the arms' basis points. Members of an arm without weight are a mismatch.

    Source: Fabijan, Gupchup, Gupta, Omhover, Qin, Vermeer and Dmitriev (2019), "Diagnosing Sample Ratio Mismatch in Online
    Controlled Experiments", KDD '19; the test is Pearson's (1900).
    """
    shares = expected_shares(weights)
    total = sum(members.values())
    if len(shares) < 2:
        return NotEnough(Shortage.NO_VARIATION)
    smallest = min(shares.values())
    if total * smallest < EXPECTED_MIN:
        return NotEnough(Shortage.TOO_FEW_MEMBERS, total, -int(-EXPECTED_MIN // smallest))
    expected = {key: total * share for key, share in shares.items()}
    if any(count for key, count in members.items() if key not in shares):
        return RatioCheck(expected, float("inf"), 0.0)
    value = sum((members.get(key, 0) - wanted) ** 2 / wanted for key, wanted in expected.items())
    return RatioCheck(expected, value, chi_square_tail(value, len(shares) - 1))
