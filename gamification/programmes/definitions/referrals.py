"""Referral offers."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from gamification.programmes.definitions.base import Definition, Model
from gamification.programmes.definitions.rewards import Reward

_SPAN_MAX = timedelta(days=3660)
Span = Annotated[timedelta, Field(gt=timedelta(), le=_SPAN_MAX)]
Rewards = Annotated[tuple[Reward, ...], Field(max_length=10)]


class ReferralMilestone(Model):
    """What a referrer gets once `count` of their referrals are rewarded."""

    count: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    reward: Annotated[tuple[Reward, ...], Field(min_length=1, max_length=10)]


class ReferralOffer(Definition):
    """Members bring members: both get something once the new one has qualified, by a rule's effect `qualify`.

    `window`: how long after the code was used the qualifying activity may happen. `new_within`: how long after joining
    a code may be used. `link`: an address with `{code}` in it. More than `per_day` uses of one member's code within a day,
    or than `per_address` from one network address, go to review.
    """

    window: Span = timedelta(days=30)
    new_within: Span = timedelta(days=7)
    link: (
        Annotated[str, StringConstraints(pattern=r"^https://[^\s{}]*\{code\}[^\s{}]*$", max_length=500)]
        | None
    ) = None
    referrer: Rewards = ()
    referee: Rewards = ()
    milestones: Annotated[tuple[ReferralMilestone, ...], Field(max_length=20)] = ()
    per_day: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 20
    per_address: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 3

    @model_validator(mode="after")
    def _rising(self) -> "ReferralOffer":
        counts = [milestone.count for milestone in self.milestones]
        if counts != sorted(set(counts)):
            raise ValueError("milestones are in rising order, each count once")
        return self

    def all_rewards(self) -> list[tuple[str, tuple[Reward, ...]]]:
        """Every list of rewards with its place."""
        return [
            ("referrer", self.referrer),
            ("referee", self.referee),
            *((f"milestones.{index}.reward", one.reward) for index, one in enumerate(self.milestones)),
        ]
