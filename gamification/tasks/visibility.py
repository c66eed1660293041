"""For whom a task is there: pure. What is not, makes no progress visible, counts nothing and gives nothing."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Task
from gamification.programmes.expressions import Compiled, ExpressionFailed, compile_expression, context_of

Tiers = Mapping[str, str | None]
"""The tier that a member holds, by the ladder's key."""


def is_visible(catalogue: Catalogue, task: Task, facts: Mapping[str, Any], tiers: Tiers) -> bool:
    """Whether a member with these facts and tiers sees the task. A condition that can't be evaluated, as where it reads
    an attribute that the member lacks, shows it to nobody; so does a ladder that takes no effect."""
    if task.tier is not None:
        ladder = catalogue.ladders.get(task.tier.ladder)
        if ladder is None or not published(ladder):
            return False
        if ladder.index(tiers.get(ladder.key)) < ladder.index(task.tier.least):
            return False
    if task.when is None:
        return True
    try:
        return _compiled(task.when).holds(context_of({"member": facts}), "when")
    except ExpressionFailed:
        return False


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Compiled:
    return compile_expression(source)
