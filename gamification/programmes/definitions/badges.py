"""Badges, and collections of them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from gamification.programmes.definitions.base import Definition, Key, Model, Name
from gamification.programmes.definitions.rewards import Reward

EDITION_MAX = 1_000_000
COLLECTED_MAX = 50


class Repeat(StrEnum):
    ONCE = "once"
    PER_KEY = "per_key"


class Level(Model):
    level: Annotated[int, Field(strict=True, ge=1, le=100)]
    name: Name = Field(default_factory=dict)


class Badge(Definition):
    """An honour: once a member, or once per key (the post that reached ten); with levels, the highest stands.

    `secret`: members see nothing of it before they have it. `limit`: a numbered edition of so many awards, fixed once
    made. `criteria` and `image_url` say in credentials how it is earned and what it looks like.
    """

    repeat: Repeat = Repeat.ONCE
    levels: tuple[Level, ...] = ()
    secret: bool = False
    limit: Annotated[int, Field(strict=True, ge=1, le=EDITION_MAX)] | None = None
    criteria: Name = Field(default_factory=dict)
    image_url: Annotated[str, StringConstraints(pattern=r"^https://[^\s]{1,1990}$")] | None = None


class Collection(Definition):
    """Badges to hold all at once, and what that gives: points and badges, taken back when it breaks."""

    badges: Annotated[tuple[Key, ...], Field(min_length=1, max_length=COLLECTED_MAX)]
    reward: Annotated[tuple[Reward, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _differ(self) -> "Collection":
        if len(set(self.badges)) != len(self.badges):
            raise ValueError("a collection names each badge once")
        if any(part.score or (part.points and part.points.boards) for part in self.reward):
            raise ValueError("a collection gives points and badges, and writes no scores")
        return self
