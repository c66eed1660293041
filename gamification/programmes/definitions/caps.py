"""How much can be earned: caps on a unit or an effect, and budgets that several share."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import Cycle
from gamification.programmes.definitions.base import Definition, Key, Model

CapAmount = Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]


class CapPer(StrEnum):
    """What a cap is counted for: each earning by itself, or all that a member earned in a cycle."""

    TRANSACTION = "transaction"
    MEMBER = "member"


class Cap(Model):
    """At most `amount` is earned; what is more is cut off, never refused. `cycle` is by the programme's zone and by when
    what is rewarded happened. `each` names a property of the activity, for whose every value it is counted apart: of a rule's
    effect only."""

    amount: CapAmount
    per: CapPer = CapPer.MEMBER
    cycle: Cycle = Cycle.ALL_TIME
    each: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _counted(self) -> "Cap":
        if self.per is CapPer.TRANSACTION and self.cycle is not Cycle.ALL_TIME:
            raise ValueError("a cap per transaction has no cycle")
        if self.per is CapPer.TRANSACTION and self.each is not None:
            raise ValueError("a cap per transaction is not counted apart by anything")
        return self

    def bound_to(self, properties: Mapping[str, Any]) -> "Cap":
        """The cap as it goes for an activity with these properties; one without the property counts with its like."""
        if self.each is None:
            return self
        value = str(properties.get(self.each, ""))
        return BoundCap(amount=self.amount, per=self.per, cycle=self.cycle, each=self.each, value=value)


class BoundCap(Cap):
    """A cap that is counted for one value of a property."""

    value: str


Caps = Annotated[tuple[Cap, ...], Field(max_length=10)]


class BudgetPer(StrEnum):
    """Who shares a budget: all members of the programme, or nobody with anybody else."""

    PROGRAMME = "programme"
    MEMBER = "member"


class Budget(Definition):
    """At most `amount` of a unit's points are given in a cycle by all the effects and rewards that name it; what is
    more is cut off."""

    unit: Key
    amount: CapAmount
    per: BudgetPer = BudgetPer.PROGRAMME
    cycle: Cycle = Cycle.ALL_TIME
