"""Leaderboards, their seasons and prizes."""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from gamification.programmes.definitions.base import Definition, Expression, Key, Model, Name, TimeZone
from gamification.programmes.definitions.rewards import Reward

PRIZES_MAX = 100
ATTEMPTS_MAX = 1_000_000
_SETTLING_MAX = timedelta(days=366)


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


class Season(Model):
    key: Key
    name: Name = Field(default_factory=dict)
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @model_validator(mode="after")
    def _forward(self) -> "Season":
        if self.ends_at <= self.starts_at:
            raise ValueError("a season ends after it starts")
        return self


Rank = Annotated[int, Field(strict=True, ge=1)]


class Prize(Model):
    """What those get who hold one of the `ranks`, from the first to the second, or are among the best `top_percent`
    of all who are ranked, rounded up."""

    ranks: tuple[Rank, Rank] | None = None
    top_percent: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    reward: Annotated[tuple[Reward, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _one(self) -> "Prize":
        if (self.ranks is None) == (self.top_percent is None):
            raise ValueError("a prize states exactly one of ranks, top_percent")
        if self.ranks is not None and self.ranks[1] < self.ranks[0]:
            raise ValueError("ranks go from the better to the worse")
        if any(part.score or (part.points and part.points.boards) for part in self.reward):
            raise ValueError("a prize gives points and badges, and writes no scores")
        return self


class TeamScore(StrEnum):
    """How a team's score comes from its members': the sum, the average, or the sum of the best few."""

    SUM = "sum"
    AVERAGE = "average"
    TOP = "top"


class Teams(Model):
    """Groups ranked against each other. `top`: how many of the best count, exactly for `top`; `least`: with fewer
    members who have a score a team is not ranked."""

    score: TeamScore = TeamScore.SUM
    top: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    least: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1

    @model_validator(mode="after")
    def _top(self) -> "Teams":
        if (self.score is TeamScore.TOP) != (self.top is not None):
            raise ValueError("state how many count exactly for the score top")
        return self


Prizes = Annotated[tuple[Prize, ...], Field(max_length=PRIZES_MAX)]


class Leaderboard(Definition):
    """A ranking. Ties: `shared` ranks 1, 1, 3; `earliest` ranks who reached the score first, to the millisecond.
    `coalesce_ms` is the least time between two live updates.

    `group`: an expression over `member` that names the group, such as a country or a team, in which a member is ranked
    as well; `teams` ranks the groups against each other; `group_prizes` are those of each group. `attempts`: how many scores of a member count in a period, whether they improve anything or not; those granted by
    staff come on top. `settles_after`: so long after its end a period closes; then its standings are frozen, and whoever holds a rank gets
    the first of the `prizes` for it. Without it periods never close, but what is late counts in them.
    """

    operator: Operator = Operator.INCREMENT
    order: Order = Order.DESCENDING
    ties: Ties = Ties.EARLIEST
    cycle: BoardCycle = BoardCycle.ALL_TIME
    seasons: tuple[Season, ...] = ()
    time_zone: TimeZone | None = None
    subscore: bool = False
    coalesce_ms: Annotated[int, Field(strict=True, ge=0, le=60_000)] = 200
    group: Expression | None = None
    teams: Teams | None = None
    attempts: Annotated[int, Field(strict=True, ge=1, le=ATTEMPTS_MAX)] | None = None
    settles_after: Annotated[timedelta, Field(ge=timedelta(), le=_SETTLING_MAX)] | None = None
    prizes: Prizes = ()
    group_prizes: Prizes = ()

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

    @model_validator(mode="after")
    def _closing(self) -> "Leaderboard":
        if (self.prizes or self.group_prizes) and self.settles_after is None:
            raise ValueError("prizes are given when a period closes: state settles_after")
        if self.teams is not None and self.group is None:
            raise ValueError("teams are groups: state group")
        if self.group_prizes and self.group is None:
            raise ValueError("group_prizes are for the ranks of groups: state group")
        if self.settles_after is None:
            return self
        if self.cycle is BoardCycle.ALL_TIME:
            raise ValueError("an all-time board never ends, and so never closes")
        if self.cycle is not BoardCycle.SEASON and self.time_zone is None:
            raise ValueError("a board that closes states its own time_zone: when it closed must not move")
        return self

    def season_at(self, at: datetime) -> Season | None:
        """The season that holds that instant."""
        return next((season for season in self.seasons if season.starts_at <= at < season.ends_at), None)
