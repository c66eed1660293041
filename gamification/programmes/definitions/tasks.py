"""Tasks."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import Cycle
from gamification.programmes.definitions.base import Definition, Key
from gamification.programmes.definitions.rewards import Reward


class Measure(StrEnum):
    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"


class TaskCycle(StrEnum):
    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def cycle(self) -> Cycle:
        """The calendar cycle it follows."""
        return Cycle.ALL_TIME if self is TaskCycle.ONCE else Cycle(self.value)


class TaskZone(StrEnum):
    PROGRAMME = "programme"
    MEMBER = "member"


class Claim(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"


class Task(Definition):
    """Reach `goal` within a period. Progress counts from the start; a task completes once all it `requires`
    have completed too, so late or disordered activity arrives at the same state."""

    measure: Measure = Measure.COUNT
    goal: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]
    cycle: TaskCycle = TaskCycle.ONCE
    zone: TaskZone = TaskZone.PROGRAMME
    requires: tuple[Key, ...] = ()
    claim: Claim = Claim.AUTOMATIC
    reward: Annotated[tuple[Reward, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _distinct_bound(self) -> "Task":
        if self.measure is Measure.DISTINCT and self.goal > 1000:
            raise ValueError("a task that counts distinct values has a goal of at most 1000")
        return self
