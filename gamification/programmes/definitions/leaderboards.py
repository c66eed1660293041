"""Leaderboards and their seasons."""

from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from gamification.programmes.definitions.base import Definition, Key, Model, TimeZone


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
