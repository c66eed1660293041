"""How far members of the community are trusted, by what they have done, and what that unlocks."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, model_validator

from gamification.programmes.definitions.base import Model

Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Level = Annotated[int, Field(strict=True, ge=0, le=4)]
LEVELS = 4
_WINDOW_MAX = timedelta(days=366)


class TrustRequirement(Model):
    """What a level takes, all of it: `joined` days since joining; and within the window `days` on which they wrote, `texts`
    that stand, `likers`: so many different people who reacted to them, and at most `removed` texts that moderators took
    down."""

    joined: Count = 0
    days: Count = 0
    texts: Count = 0
    likers: Count = 0
    removed: Count | None = None


class TrustPowers(Model):
    """The lowest level that may do each: put links or pictures into a text, mention members."""

    links: Level = 0
    images: Level = 0
    mentions: Level = 0


class Layers(Model):
    """Who belongs to which layer, by what they did in the last `days`: `active` from so many texts on, leaders from
    `leader` texts on that so many different people (`likers`) reacted to."""

    days: Annotated[int, Field(strict=True, ge=1, le=366)] = 30
    active: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 2
    leader: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 20
    likers: Count = 5


class TrustSettings(Model):
    """`levels`: what levels 1, 2, 3 and 4 take; what is left out is never reached by itself. `window`: how far back is
    looked. Who has reached a level keeps it for `held` at least, and while they have `keep` percent of what it takes.
    `daily`: by level from 0, so many posts and comments in 24 hours; the last goes for those above."""

    levels: Annotated[tuple[TrustRequirement, ...], Field(min_length=1, max_length=LEVELS)]
    window: Annotated[timedelta, Field(ge=timedelta(days=1), le=_WINDOW_MAX)] = timedelta(days=100)
    held: Annotated[timedelta, Field(ge=timedelta(), le=_WINDOW_MAX)] = timedelta(days=14)
    keep: Annotated[int, Field(strict=True, ge=0, le=100)] = 80
    powers: TrustPowers = Field(default_factory=TrustPowers)
    daily: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=0, le=100_000)], ...], Field(max_length=5)
    ] = ()
    layers: Layers = Field(default_factory=Layers)

    @model_validator(mode="after")
    def _rising(self) -> "TrustSettings":
        for lower, upper in zip(self.levels, self.levels[1:], strict=False):
            for name in ("joined", "days", "texts", "likers"):
                if getattr(upper, name) < getattr(lower, name):
                    raise ValueError(f"`levels`: a higher level takes no less of `{name}`")
        return self

    def limit_of(self, level: int) -> int | None:
        """So many texts in 24 hours; None for no limit."""
        return self.daily[min(level, len(self.daily) - 1)] if self.daily else None
