"""Badges."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gamification.programmes.definitions.base import Definition, Model, Name


class Repeat(StrEnum):
    ONCE = "once"
    PER_KEY = "per_key"


class Level(Model):
    level: Annotated[int, Field(strict=True, ge=1, le=100)]
    name: Name = Field(default_factory=dict)


class Badge(Definition):
    """An honour: once a member, or once per key (the post that reached ten); with levels, the highest stands."""

    repeat: Repeat = Repeat.ONCE
    levels: tuple[Level, ...] = ()
