"""Tasks."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import Cycle
from gamification.programmes.definitions.approvals import GOAL_MAX, TaskApproval
from gamification.programmes.definitions.base import Definition, Expression, Key, Model
from gamification.programmes.definitions.gates import TierGate
from gamification.programmes.definitions.rewards import Reward

_GROUP_DEPTH_MAX = 3
_NOTICE = timedelta(days=1)


class Measure(StrEnum):
    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"
    TASKS = "tasks"


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


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """Monday is 1, as in ISO 8601."""
        return list(Weekday).index(self) + 1


class TaskDay(Model):
    """Every such weekday, or the `nth` one of each month; −1 is its last."""

    weekday: Weekday
    nth: Literal[1, 2, 3, 4, 5, -1] | None = None


class TaskGroup(Model):
    """Tasks, or groups of them in turn: all of them are needed, or `at_least` so many (1) of any."""

    all_of: Annotated[tuple["Key | TaskGroup", ...], Field(max_length=20)] = ()
    any_of: Annotated[tuple["Key | TaskGroup", ...], Field(max_length=20)] = ()
    at_least: Annotated[int, Field(strict=True, ge=1)] | None = None

    @property
    def members(self) -> tuple["Key | TaskGroup", ...]:
        """What it is made of."""
        return self.all_of or self.any_of

    @property
    def least(self) -> int:
        """How many of its members are needed."""
        return len(self.all_of) if self.all_of else self.at_least or 1

    @property
    def depth(self) -> int:
        """How many groups are within one another, itself included."""
        return 1 + max((member.depth for member in self.members if isinstance(member, TaskGroup)), default=0)

    def every_key(self) -> Iterator[str]:
        """The key of every task in it."""
        for member in self.members:
            if isinstance(member, TaskGroup):
                yield from member.every_key()
            else:
                yield member

    @model_validator(mode="after")
    def _one_kind(self) -> "TaskGroup":
        if bool(self.all_of) == bool(self.any_of):
            raise ValueError("state one of `all_of` and `any_of`")
        if self.at_least is not None and (self.all_of or self.at_least > len(self.any_of)):
            raise ValueError("`at_least` is of `any_of`, and at most so many as there are")
        return self


class Task(Definition):
    """Reach `goal` within a period. Progress counts from the start; a task completes once all it `requires`
    have completed too, so late or disordered activity arrives at the same state."""

    measure: Measure = Measure.COUNT
    goal: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]
    cycle: TaskCycle = TaskCycle.ONCE
    zone: TaskZone = TaskZone.PROGRAMME
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    days: Annotated[tuple[TaskDay, ...], Field(max_length=42)] = ()
    requires: tuple[Key, ...] = ()
    prerequisites: TaskGroup | None = None
    parts: Annotated[tuple[Key, ...], Field(max_length=50)] = ()
    finishers: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    tier: TierGate | None = None
    when: Expression | None = None
    claim: Claim = Claim.AUTOMATIC
    claim_within: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=3660))] | None = None
    claim_notice: Annotated[timedelta, Field(gt=timedelta())] | None = None
    approval: TaskApproval | None = None
    reward: Annotated[tuple[Reward, ...], Field(max_length=10)] = ()

    @property
    def awaits(self) -> tuple[str, ...]:
        """The keys of all tasks whose completion it looks at."""
        grouped = self.prerequisites.every_key() if self.prerequisites else ()
        return tuple(dict.fromkeys((*self.requires, *grouped, *self.parts)))

    @property
    def is_gated(self) -> bool:
        """Whether it is there for some members only."""
        return self.tier is not None or self.when is not None

    @property
    def notice(self) -> timedelta:
        """How long before a claim lapses the member is told: a day, or half the time there is, where not stated."""
        within = self.claim_within or timedelta()
        return self.claim_notice or min(_NOTICE, within / 2)

    @model_validator(mode="before")
    @classmethod
    def _all_parts(cls, stated: Any) -> Any:
        if isinstance(stated, dict) and stated.get("measure") == "tasks" and "goal" not in stated:
            return {**stated, "goal": len(stated.get("parts") or ())}
        return stated

    @model_validator(mode="after")
    def _composite(self) -> "Task":
        if self.measure is not Measure.TASKS:
            if self.parts:
                raise ValueError("`parts` are of a task with `measure: tasks`")
            return self
        if len(set(self.parts)) != len(self.parts) or not self.goal <= len(self.parts):
            raise ValueError("`parts` are different tasks, at least as many as the goal")
        if self.starts_at or self.ends_at or self.days:
            raise ValueError("a task made of tasks has no times of its own: state those of its parts")
        required = {*self.requires, *(self.prerequisites.every_key() if self.prerequisites else ())}
        if required & {*self.parts}:
            raise ValueError("a part is not required as well")
        return self

    @model_validator(mode="after")
    def _times(self) -> "Task":
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("`ends_at` lies after `starts_at`")
        if self.claim_within is not None and self.claim is not Claim.MANUAL:
            raise ValueError("`claim_within` is of a task with `claim: manual`")
        if self.claim_notice is not None and (
            not self.claim_within or self.claim_notice >= self.claim_within
        ):
            raise ValueError("`claim_notice` is shorter than `claim_within`")
        if self.finishers is not None and self.zone is not TaskZone.PROGRAMME:
            raise ValueError("`finishers` are counted by one calendar: state `zone: programme`")
        if self.prerequisites is not None and self.prerequisites.depth > _GROUP_DEPTH_MAX:
            raise ValueError(f"groups lie at most {_GROUP_DEPTH_MAX} deep")
        return self

    @model_validator(mode="after")
    def _approved(self) -> "Task":
        if self.approval is not None and (self.measure is not Measure.COUNT or self.goal > GOAL_MAX):
            raise ValueError(
                f"with `approval` approvals are counted: `measure: count`, a goal up to {GOAL_MAX}"
            )
        return self

    @model_validator(mode="after")
    def _distinct_bound(self) -> "Task":
        if self.measure is Measure.DISTINCT and self.goal > 1000:
            raise ValueError("a task that counts distinct values has a goal of at most 1000")
        return self
