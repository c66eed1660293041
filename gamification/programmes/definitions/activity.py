"""What can be recorded, and the running sums that conditions read."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from gamification.kit.periods import Cycle
from gamification.programmes.definitions.base import Amount, Definition, Key, Model

PropertyName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class RefundEarned(StrEnum):
    """What a refund takes of points that the activity earned: nothing (NONE), only what is still PENDING, down to zero
    (TO_ZERO) or to the unit's floor (TO_FLOOR) with the shortfall recorded, or all, BELOW_ZERO where need be."""

    NONE = "none"
    PENDING = "pending"
    TO_ZERO = "to_zero"
    TO_FLOOR = "to_floor"
    BELOW_ZERO = "below_zero"


class RefundTerms(Model):
    """How activity of a type is refunded. `amount` names the property that holds what can be refunded, `lines` the one
    that holds its lines, each an object with its id and its cost by the names given here. `spent`: whether points that the
    activity deducted are given back."""

    amount: PropertyName
    lines: PropertyName | None = None
    line_id: PropertyName = "id"
    line_amount: PropertyName = "amount"
    spent: bool = True
    earned: RefundEarned = RefundEarned.TO_FLOOR


class ActivityType(Definition):
    """What can be recorded. `properties` is a JSON Schema (2020-12) of type object; `refund` how it is refunded in part.
    `spend` names the property with what was paid, in the programme's currency: each of them is a purchase."""

    properties: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    refund: RefundTerms | None = None
    spend: PropertyName | None = None


class CounterScope(StrEnum):
    MEMBER = "member"
    SUBJECT = "subject"
    MEMBER_SUBJECT = "member_subject"


class Counter(Definition):
    """A running sum that conditions read: `add` of each activity of the types `on`, apart by scope and period."""

    per: CounterScope = CounterScope.MEMBER
    on: Annotated[tuple[Key, ...], Field(min_length=1)]
    add: Amount = 1
    cycle: Cycle = Cycle.ALL_TIME
