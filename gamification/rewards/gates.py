"""Who may redeem a reward: a condition on the member, compiled once."""

from functools import lru_cache
from typing import Any

from gamification.kit.errors import Conflict, ErrorCode
from gamification.programmes.definitions import CatalogueReward
from gamification.programmes.expressions import Compiled, ExpressionFailed, compile_expression, context_of


def is_eligible(reward: CatalogueReward, facts: dict[str, Any]) -> bool:
    """Whether the gate lets that member pass. One that can't be evaluated, as where it reads an attribute that the member
    lacks, lets nobody pass."""
    if reward.when is None:
        return True
    try:
        return _compiled(reward.when).holds(context_of({"member": facts}), "when")
    except ExpressionFailed:
        return False


def check_gate(reward: CatalogueReward, facts: dict[str, Any]) -> None:
    """Raises: Conflict (NOT_ELIGIBLE)."""
    if not is_eligible(reward, facts):
        raise Conflict("This reward is not for you.", code=ErrorCode.NOT_ELIGIBLE, path=["reward"])


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Compiled:
    return compile_expression(source)
