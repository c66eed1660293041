"""What can be recorded, and the running sums that conditions read."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from gamification.kit.periods import Cycle
from gamification.programmes.definitions.base import Amount, Definition, Key


class ActivityType(Definition):
    """What can be recorded. `properties` is a JSON Schema (2020-12) of type object."""

    properties: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})


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
