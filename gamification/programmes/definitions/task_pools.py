"""Pools of tasks of which each member gets so many a day, week or month."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gamification.programmes.definitions.base import Definition, Expression, Key, Model
from gamification.programmes.definitions.gates import TierGate
from gamification.programmes.definitions.tasks import TaskCycle, TaskZone

TASKS_MAX = 100
PICKS_MAX = 20
NO_REPEAT_MAX = 30

PoolCycle = Literal[TaskCycle.DAILY, TaskCycle.WEEKLY, TaskCycle.MONTHLY]
Weight = Annotated[int, Field(strict=True, ge=1, le=1000)]


class PickTerms(Model):
    """By what picks are made, from the period that begins on `since` until the next terms'; None is ever since. They are
    made by `apply`, so that a change counts from a period that has begun nowhere yet. `weights` are in the order of
    `tasks`, none where they are all alike. `open_before`: those of its tasks that were there for everybody until then."""

    since: date | None = None
    tasks: tuple[Key, ...] = ()
    picks: int = 0
    no_repeat: int = 0
    weights: tuple[int, ...] = ()
    seed: str = ""
    open_before: tuple[Key, ...] = ()


class TaskPool(Definition):
    """`picks` of the `tasks` are there for each member in each period, picked by chance that anyone can compute again;
    the others are not there for them. `no_repeat`: not again within so many periods."""

    tasks: Annotated[tuple[Key, ...], Field(min_length=1, max_length=TASKS_MAX)]
    picks: Annotated[int, Field(strict=True, ge=1, le=PICKS_MAX)]
    cycle: PoolCycle = TaskCycle.DAILY
    zone: TaskZone = TaskZone.PROGRAMME
    no_repeat: Annotated[int, Field(strict=True, ge=0, le=NO_REPEAT_MAX)] = 0
    weights: dict[Key, Weight] = Field(default_factory=dict)
    seed: Annotated[str, Field(max_length=200, pattern=r"^[^\r\n]*$")] = ""
    tier: TierGate | None = None
    when: Expression | None = None
    terms: tuple[PickTerms, ...] = ()

    @property
    def is_gated(self) -> bool:
        """Whether its picks are there for some members only."""
        return self.tier is not None or self.when is not None

    @model_validator(mode="after")
    def _fits(self) -> "TaskPool":
        if len(set(self.tasks)) != len(self.tasks):
            raise ValueError("a task is stated twice")
        if self.weights.keys() - set(self.tasks):
            raise ValueError("`weights` are of its tasks")
        if self.weights and self.no_repeat:
            raise ValueError("with `no_repeat` tasks come in turn, each as often; state no `weights`")
        needed = (2 * self.no_repeat + 1) * self.picks if self.no_repeat else 0
        if len(self.tasks) < needed:
            raise ValueError(f"so that none comes again within {self.no_repeat} it takes {needed} tasks")
        return self
