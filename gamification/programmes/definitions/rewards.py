"""What completing something gives."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from gamification.programmes.definitions.base import FixedAmount, Key, Model


class RewardPoints(Model):
    unit: Key
    amount: FixedAmount
    boards: tuple[Key, ...] = ()
    budgets: tuple[Key, ...] = ()


class RewardBadge(Model):
    badge: Key
    level: Annotated[int, Field(strict=True, ge=1)] | None = None


class RewardScore(Model):
    board: Key
    value: FixedAmount


class RewardGift(Model):
    """A reward of the catalogue, without its price."""

    reward: Key


class CheckInItem(StrEnum):
    """What helps over a missed day: a make-up card, used by hand afterwards, or a freeze, used by itself at the
    end of the day."""

    MAKE_UP_CARD = "make_up_card"
    FREEZE = "freeze"


class RewardItems(Model):
    """Make-up cards or freezes of a check-in programme, cut to what a member can hold."""

    check_in: Key
    item: CheckInItem
    count: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1


class Reward(Model):
    """Exactly one thing that completing a task gives. A repeatable badge is awarded for the task's period."""

    points: RewardPoints | None = None
    award: RewardBadge | None = None
    score: RewardScore | None = None
    reward: RewardGift | None = None
    check_in_item: RewardItems | None = None

    @model_validator(mode="after")
    def _one(self) -> "Reward":
        parts = (self.points, self.award, self.score, self.reward, self.check_in_item)
        if sum(part is not None for part in parts) != 1:
            raise ValueError("a reward is exactly one of points, award, score, reward, check_in_item")
        return self
