"""Who is let in to what a definition gates, by a tier and a condition on the member: pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import TierGate
from gamification.programmes.expressions import Compiled, ExpressionFailed, compile_expression, context_of

Tiers = Mapping[str, str | None]
"""The tier that a member holds, by the ladder's key."""


class Gated(Protocol):
    """A definition that lets in who has a tier, or whom an expression over `member` lets in; with both, who meets both."""

    @property
    def tier(self) -> TierGate | None: ...

    @property
    def when(self) -> str | None: ...


def lets_in(catalogue: Catalogue, gate: Gated, facts: Mapping[str, Any], tiers: Tiers) -> bool:
    """Whether a member with these facts and tiers is let in. A condition that can't be evaluated, as where it reads an
    attribute that the member lacks, lets nobody in; nor does a ladder that takes no effect."""
    if gate.tier is not None:
        ladder = catalogue.ladders.get(gate.tier.ladder)
        if ladder is None or not published(ladder):
            return False
        if ladder.index(tiers.get(ladder.key)) < ladder.index(gate.tier.least):
            return False
    return meets(gate.when, facts)


def meets(when: str | None, facts: Mapping[str, Any]) -> bool:
    """Whether the condition lets a member with these facts in; none lets everybody in."""
    if when is None:
        return True
    try:
        return _compiled(when).holds(context_of({"member": facts}), "when")
    except ExpressionFailed:
        return False


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Compiled:
    return compile_expression(source)
