"""Who may redeem a reward: a condition on the member."""

from typing import Any

from gamification.kit.errors import Conflict, ErrorCode
from gamification.programmes.definitions import CatalogueReward
from gamification.programmes.gating import meets


def is_eligible(reward: CatalogueReward, facts: dict[str, Any]) -> bool:
    """Whether the gate lets that member pass. One that can't be evaluated, as where it reads an attribute that the member
    lacks, lets nobody pass."""
    return meets(reward.when, facts)


def check_gate(reward: CatalogueReward, facts: dict[str, Any]) -> None:
    """Raises: Conflict (NOT_ELIGIBLE)."""
    if not is_eligible(reward, facts):
        raise Conflict("This reward is not for you.", code=ErrorCode.NOT_ELIGIBLE, path=["reward"])
