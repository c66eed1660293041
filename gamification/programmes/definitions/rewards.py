"""What completing something gives."""

from typing import Annotated

from pydantic import Field, model_validator

from gamification.programmes.definitions.base import FixedAmount, Key, Model


class RewardPoints(Model):
    unit: Key
    amount: FixedAmount
    boards: tuple[Key, ...] = ()


class RewardBadge(Model):
    badge: Key
    level: Annotated[int, Field(strict=True, ge=1)] | None = None


class RewardScore(Model):
    board: Key
    value: FixedAmount


class Reward(Model):
    """Exactly one thing that completing a task gives. A repeatable badge is awarded for the task's period."""

    points: RewardPoints | None = None
    award: RewardBadge | None = None
    score: RewardScore | None = None

    @model_validator(mode="after")
    def _one(self) -> "Reward":
        if sum(part is not None for part in (self.points, self.award, self.score)) != 1:
            raise ValueError("a reward is exactly one of points, award, score")
        return self
