"""Check-in programmes: days in a row, what they give, and what helps over a missed one."""

from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Definition, Key, Model
from gamification.programmes.definitions.rewards import CheckInItem, Reward
from gamification.programmes.definitions.tasks import TaskZone

ITEMS_MAX = 1000
"""Cards or freezes that a member can hold at once, whatever a programme allows."""


class AfterCycle(StrEnum):
    """What comes after the last step of a reward cycle: the first again, or the last for good."""

    REPEAT = "repeat"
    STAY = "stay"


class MilestoneRepeat(StrEnum):
    """Whether a milestone is given in every streak that reaches it, or to each member once."""

    EACH_STREAK = "each_streak"
    ONCE = "once"


def _clock_time(text: str) -> str:
    time.fromisoformat(text)
    return text


ClockTime = Annotated[
    str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), AfterValidator(_clock_time)
]
Count = Annotated[int, Field(strict=True, ge=0, le=ITEMS_MAX)]
Rewards = Annotated[tuple[Reward, ...], Field(max_length=10)]


class Step(Model):
    """What one day of the cycle gives."""

    reward: Rewards = ()


class Milestone(Model):
    """What the day gives beside that on which a streak reaches so many days."""

    streak: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    reward: Rewards
    repeat: MilestoneRepeat = MilestoneRepeat.EACH_STREAK


class Price(Model):
    """For one."""

    unit: Key
    amount: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX // ITEMS_MAX)]


class ItemTerms(Model):
    """How many a member may hold, how many they begin with, and what one costs; without a price none is sold."""

    held_max: Annotated[int, Field(strict=True, ge=1, le=ITEMS_MAX)] = 5
    initial: Count = 0
    price: Price | None = None

    @model_validator(mode="after")
    def _holds_the_first(self) -> "ItemTerms":
        if self.initial > self.held_max:
            raise ValueError("a member begins with at most `held_max`")
        return self


class MakeUp(ItemTerms):
    """Cards for missed days: how many days back one may be made up, and whether a made-up day gives its reward."""

    days: Annotated[int, Field(strict=True, ge=1, le=62)] = 7
    rewarded: bool = True


class Pauses(Model):
    """Days off that are planned: at most so many in one pause, and in one calendar year."""

    days_max: Annotated[int, Field(strict=True, ge=1, le=366)] = 30
    days_a_year: Annotated[int, Field(strict=True, ge=1, le=366)] = 60


class CheckIn(Definition):
    """A daily check-in. `activity` is the type that each check-in is recorded as; `day_start` when a day begins, by the
    calendar of `zone`; `offline` how late a check-in may arrive that happened while the client was offline."""

    activity: Key
    zone: TaskZone = TaskZone.MEMBER
    day_start: ClockTime = "00:00"
    offline: Annotated[timedelta, Field(ge=timedelta(), le=timedelta(days=31))] = timedelta()
    cycle: Annotated[tuple[Step, ...], Field(max_length=366)] = ()
    after_cycle: AfterCycle = AfterCycle.REPEAT
    milestones: Annotated[tuple[Milestone, ...], Field(max_length=100)] = ()
    make_up: MakeUp | None = None
    freeze: ItemTerms | None = None
    pauses: Pauses | None = None

    @model_validator(mode="after")
    def _milestones_differ(self) -> "CheckIn":
        if len({milestone.streak for milestone in self.milestones}) != len(self.milestones):
            raise ValueError("two milestones may not stand at one streak: list both rewards in one")
        return self

    @property
    def starts_at_minute(self) -> int:
        """The minute of the day at which a day begins."""
        start = time.fromisoformat(self.day_start)
        return start.hour * 60 + start.minute

    def terms_of(self, item: CheckInItem) -> ItemTerms | None:
        """The terms of cards or freezes; None where the programme has none."""
        return self.make_up if item is CheckInItem.MAKE_UP_CARD else self.freeze

    def rewards_at(self, streak: int) -> tuple[Reward, ...]:
        """What the cycle gives on the day that is the so-manieth of its streak, from 1."""
        if not self.cycle:
            return ()
        place = (
            min(streak, len(self.cycle)) - 1
            if self.after_cycle is AfterCycle.STAY
            else (streak - 1) % len(self.cycle)
        )
        return self.cycle[place].reward

    def all_rewards(self) -> list[tuple[str, tuple[Reward, ...]]]:
        """Every list of rewards, with its place in the definition."""
        steps = [(f"cycle.{index}.reward", step.reward) for index, step in enumerate(self.cycle)]
        return steps + [(f"milestones.{index}.reward", m.reward) for index, m in enumerate(self.milestones)]
