"""The definitions of a programme, exactly as its file and the operators' mutations state them.

Source: `docs/programme-file.md` describes the format for operators. Unknown fields are refused, so a typing
slip never passes for a default.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import Cycle, zone

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.\-]{0,63}$")]
Name = dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], str]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Amount = Annotated[int, Field(strict=True, ge=-LONG_MAX, le=LONG_MAX)] | Expression
FixedAmount = Annotated[int, Field(strict=True, ge=-LONG_MAX, le=LONG_MAX)]


def _zone_name(name: str) -> str:
    try:
        return zone(name).key
    except InvalidInput as error:
        raise ValueError(error.message) from error


TimeZone = Annotated[str, AfterValidator(_zone_name)]


class Status(StrEnum):
    """Only what is published takes effect; what is archived stays readable."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Definition(_Model):
    """What every definition has. `version` counts the changes to this one definition and is set by `apply`."""

    key: Key
    name: Name = Field(default_factory=dict)
    description: Name = Field(default_factory=dict)
    status: Status = Status.PUBLISHED
    version: int = 1

    def label(self, locale: str, default_locale: str) -> str:
        """The name in the viewer's locale, else its language, else the programme's, else any, else the key."""
        return localised(self.name, locale, default_locale) or self.key


def localised(names: dict[str, str], locale: str, default_locale: str) -> str | None:
    """The best of `names` for a viewer: exact locale, its language, the programme's, the first stated."""
    for wanted in (locale, locale.partition("-")[0], default_locale, default_locale.partition("-")[0]):
        if wanted in names:
            return names[wanted]
    return next(iter(names.values()), None)


class Settings(_Model):
    """The programme itself. `lateness` bounds how long after it happened live activity may arrive (None: any)."""

    key: Key
    name: Name = Field(default_factory=dict)
    locale: str = "en"
    time_zone: TimeZone = "UTC"
    lateness: Annotated[timedelta, Field(ge=timedelta())] | Literal["unlimited"] = timedelta(days=30)

    @property
    def lateness_or_none(self) -> timedelta | None:
        """The bound as a duration; None where late activity is always taken."""
        return None if self.lateness == "unlimited" else self.lateness


class Unit(Definition):
    """A kind of points. A balance is never taken below `floor`; lots lapse `expires_after` their earning,
    at the end of that day in the programme's zone."""

    floor: Annotated[int, Field(strict=True, ge=0, le=LONG_MAX)] = 0
    expires_after: Annotated[timedelta, Field(gt=timedelta())] | None = None


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


class PointsEffect(_Model):
    """Post points. `boards`: increment boards that get the amount applied, that is after the floor."""

    unit: Key
    amount: Amount
    boards: tuple[Key, ...] = ()


class AdvanceEffect(_Model):
    """Advance a task `by` so much, or for a task that counts distinct values, by this `value`."""

    task: Key
    by: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)] | Expression = 1
    value: Expression | None = None


class AwardEffect(_Model):
    """Award a badge. `occurrence`: an expression that names what it is awarded for, where a badge repeats."""

    badge: Key
    occurrence: Expression | None = None
    level: Amount | None = None


class ScoreEffect(_Model):
    """Write a score to a board by the board's operator."""

    board: Key
    value: Amount
    subscore: Amount = 0


class Effect(_Model):
    """Exactly one effect, under a condition of its own where it has one."""

    when: Expression | None = None
    points: PointsEffect | None = None
    advance: AdvanceEffect | None = None
    award: AwardEffect | None = None
    score: ScoreEffect | None = None

    @model_validator(mode="after")
    def _one(self) -> "Effect":
        if sum(part is not None for part in (self.points, self.advance, self.award, self.score)) != 1:
            raise ValueError("an effect is exactly one of points, advance, award, score")
        return self


class Rule(Definition):
    """For each activity of the types `on` for which `when` holds, the effects, in order."""

    on: Annotated[tuple[Key, ...], Field(min_length=1)]
    when: Expression | None = None
    counters: tuple[Key, ...] = ()
    effects: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=20)]


class RewardPoints(_Model):
    unit: Key
    amount: FixedAmount
    boards: tuple[Key, ...] = ()


class RewardBadge(_Model):
    badge: Key
    level: Annotated[int, Field(strict=True, ge=1)] | None = None


class RewardScore(_Model):
    board: Key
    value: FixedAmount


class Reward(_Model):
    """Exactly one thing that completing a task gives. A repeatable badge is awarded for the task's period."""

    points: RewardPoints | None = None
    award: RewardBadge | None = None
    score: RewardScore | None = None

    @model_validator(mode="after")
    def _one(self) -> "Reward":
        if sum(part is not None for part in (self.points, self.award, self.score)) != 1:
            raise ValueError("a reward is exactly one of points, award, score")
        return self


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


class Repeat(StrEnum):
    ONCE = "once"
    PER_KEY = "per_key"


class Level(_Model):
    level: Annotated[int, Field(strict=True, ge=1, le=100)]
    name: Name = Field(default_factory=dict)


class Badge(Definition):
    """An honour: once a member, or once per key (the post that reached ten); with levels, the highest stands."""

    repeat: Repeat = Repeat.ONCE
    levels: tuple[Level, ...] = ()


class Operator(StrEnum):
    INCREMENT = "increment"
    BEST = "best"
    LATEST = "latest"
    SET = "set"


class Order(StrEnum):
    DESCENDING = "descending"
    ASCENDING = "ascending"


class Ties(StrEnum):
    SHARED = "shared"
    EARLIEST = "earliest"


class BoardCycle(StrEnum):
    ALL_TIME = "all_time"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    SEASON = "season"


class Season(_Model):
    key: Key
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @model_validator(mode="after")
    def _forward(self) -> "Season":
        if self.ends_at <= self.starts_at:
            raise ValueError("a season ends after it starts")
        return self


class Leaderboard(Definition):
    """A ranking. Ties: `shared` ranks 1, 1, 3; `earliest` ranks who reached the score first, to the millisecond.
    `coalesce_ms` is the least time between two live updates."""

    operator: Operator = Operator.INCREMENT
    order: Order = Order.DESCENDING
    ties: Ties = Ties.EARLIEST
    cycle: BoardCycle = BoardCycle.ALL_TIME
    seasons: tuple[Season, ...] = ()
    time_zone: TimeZone | None = None
    subscore: bool = False
    coalesce_ms: Annotated[int, Field(strict=True, ge=0, le=60_000)] = 200

    @model_validator(mode="after")
    def _seasons(self) -> "Leaderboard":
        if (self.cycle is BoardCycle.SEASON) != bool(self.seasons):
            raise ValueError("seasons are stated exactly where the cycle is season")
        ordered = sorted(self.seasons, key=lambda season: season.starts_at)
        if any(late.starts_at < early.ends_at for early, late in pairwise(ordered)):
            raise ValueError("seasons must not overlap")
        if len({season.key for season in self.seasons}) != len(self.seasons):
            raise ValueError("season keys must differ")
        return self

    def season_at(self, at: datetime) -> Season | None:
        """The season that holds that instant."""
        return next((season for season in self.seasons if season.starts_at <= at < season.ends_at), None)
