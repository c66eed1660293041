"""Goals: what members reach together, all of them or each team, and how its reward is shared."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import Cycle
from gamification.programmes.definitions.base import Definition, Expression, Key, Model, Name, TimeZone
from gamification.programmes.definitions.rewards import Reward

TARGET = "target"
"""The key of the milestone that a goal has by itself: its target."""
_MILESTONES_MAX = 20
_PERCENT_MAX = 1000
_SETTLING_MAX = timedelta(days=366)


class GoalMeasure(StrEnum):
    """What adds up: activities, what they state, or the members whose own contribution is at least `least`."""

    COUNT = "count"
    SUM = "sum"
    MEMBERS = "members"


class GoalCycle(StrEnum):
    """How often a goal starts anew."""

    ONCE = "once"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def cycle(self) -> Cycle:
        """The calendar cycle it follows."""
        return Cycle.ALL_TIME if self is GoalCycle.ONCE else Cycle(self.value)


class GoalPays(StrEnum):
    """REACHED: a milestone stays reached, and what each gets is given from that moment on. CLOSE: the sum at the close
    decides, and all is given then."""

    REACHED = "reached"
    CLOSE = "close"


class SplitBy(StrEnum):
    """CONTRIBUTION: in the proportion of what each contributed. EVENLY: to each the same."""

    CONTRIBUTION = "contribution"
    EVENLY = "evenly"


class GoalSplit(Model):
    """A sum of points that is divided among all who took part, to the point."""

    unit: Key
    amount: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]
    by: SplitBy = SplitBy.CONTRIBUTION


class GoalMilestone(Model):
    """At `percent` of the target, rounded up: what each participant gets (`reward`), and what is divided among all of
    them (`split`)."""

    key: Key
    name: Name = Field(default_factory=dict)
    percent: Annotated[int, Field(strict=True, ge=1, le=_PERCENT_MAX)]
    reward: Annotated[tuple[Reward, ...], Field(max_length=10)] = ()
    split: GoalSplit | None = None

    def threshold(self, target: int) -> int:
        """How much of it reaches the milestone."""
        return -(-target * self.percent // 100)


class Goal(Definition):
    """Reach `target` together, within a period. With `group`, an expression over `member`, each team reaches it for itself. Whoever
    contributed `least` takes part in the reward. `settles_after`: so long after its end a period closes."""

    measure: GoalMeasure = GoalMeasure.COUNT
    target: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX // _PERCENT_MAX)]
    group: Expression | None = None
    cycle: GoalCycle = GoalCycle.ONCE
    time_zone: TimeZone | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    least: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)] = 1
    pays: GoalPays = GoalPays.REACHED
    settles_after: Annotated[timedelta, Field(ge=timedelta(), le=_SETTLING_MAX)] | None = None
    reward: Annotated[tuple[Reward, ...], Field(max_length=10)] = ()
    split: GoalSplit | None = None
    milestones: Annotated[tuple[GoalMilestone, ...], Field(max_length=_MILESTONES_MAX)] = ()

    @property
    def stages(self) -> tuple[GoalMilestone, ...]:
        """Its milestones and the target, from the lowest."""
        target = GoalMilestone(key=TARGET, percent=100, reward=self.reward, split=self.split)
        return tuple(sorted((*self.milestones, target), key=lambda stage: stage.percent))

    def closing(self, ends_at: datetime | None) -> datetime | None:
        """When a period that ends then closes; None for never."""
        return None if ends_at is None or self.settles_after is None else ends_at + self.settles_after

    @model_validator(mode="after")
    def _sound(self) -> "Goal":
        fault = next(_faults(self), None)
        if fault is not None:
            raise ValueError(fault)
        return self


def _faults(goal: Goal) -> Iterator[str]:
    stages = goal.stages
    if len({stage.key for stage in stages}) < len(stages):
        yield f"milestones have keys of their own, other than {TARGET!r}"
    if len({stage.percent for stage in stages}) < len(stages):
        yield "milestones have percents of their own; 100 is the target, whose reward and split the goal states"
    given = [part for stage in stages for part in stage.reward]
    if any(part.score or (part.points and part.points.boards) for part in given):
        yield "what a goal gives writes no scores"
    if any(part.points and part.points.amount < 1 for part in given):
        yield "a goal gives points and takes none"
    if goal.starts_at and goal.ends_at and goal.ends_at <= goal.starts_at:
        yield "`ends_at` lies after `starts_at`"
    if goal.settles_after is None:
        if goal.pays is GoalPays.CLOSE or any(stage.split for stage in stages):
            yield "what is split, or paid at the close, is settled when a period closes: state settles_after"
        return
    if goal.cycle is GoalCycle.ONCE and goal.ends_at is None:
        yield "a goal without an end never closes: state ends_at"
    if goal.cycle is not GoalCycle.ONCE and goal.time_zone is None:
        yield "a goal whose periods close states its own time_zone: when they closed must not move"
