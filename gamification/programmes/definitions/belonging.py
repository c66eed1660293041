"""The belonging index: which of the twelve indicators weighs how much, by what they are measured, and which questions mean what."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from gamification.programmes.definitions.base import Key, Model


class BelongingDimension(StrEnum):
    """What members do, what they feel, what they know."""

    BEHAVIOUR = "behaviour"
    EMOTION = "emotion"
    COGNITION = "cognition"


class BelongingIndicator(StrEnum):
    """Four of each dimension, in its order."""

    PARTICIPATION = "participation"
    REDEMPTION = "redemption"
    INTERACTION = "interaction"
    REFERRAL = "referral"
    NPS = "nps"
    SENTIMENT = "sentiment"
    RETURN = "return"
    SATISFACTION = "satisfaction"
    PERCEIVED_VALUE = "perceived_value"
    BADGES = "badges"
    KNOWLEDGE = "knowledge"
    AWARENESS = "awareness"

    @property
    def dimension(self) -> BelongingDimension:
        """Which it is of."""
        return _DIMENSIONS[list(BelongingIndicator).index(self) // 4]


_DIMENSIONS = tuple(BelongingDimension)
ASKED = (
    BelongingIndicator.NPS,
    BelongingIndicator.SATISFACTION,
    BelongingIndicator.PERCEIVED_VALUE,
    BelongingIndicator.AWARENESS,
)
"""Those that questions of surveys tell."""
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]


class BelongingQuestion(Model):
    """A question of a survey. `aware`: of one with options, those that mean yes."""

    survey: Key
    question: Key
    aware: Annotated[tuple[Key, ...], Field(max_length=100)] = ()


Questions = Annotated[tuple[BelongingQuestion, ...], Field(max_length=20)]


class BelongingTargets(Model):
    """How much of it in a month is 100: active days, redemptions, posts with comments and reactions, referrals, and uses of
    knowledge; `badges`: which percent of all badges."""

    active_days: Annotated[int, Field(strict=True, ge=1, le=31)] = 4
    redemptions: Count = 1
    interactions: Count = 10
    referrals: Count = 1
    knowledge: Count = 4
    badges: Annotated[int, Field(strict=True, ge=1, le=100)] = 50


class BelongingSettings(Model):
    """`weights`: 1 for who is not named, 0 leaves one out. `ladder`: by whose tiers participation is told; the first one where not
    stated. `answers`: for how many days an answer counts. `knowledge`: the activity types that are its use. `brand`: names by which
    texts mention it."""

    weights: dict[BelongingIndicator, Annotated[int, Field(strict=True, ge=0, le=100)]] = Field(
        default_factory=dict
    )
    targets: BelongingTargets = Field(default_factory=BelongingTargets)
    ladder: Key | None = None
    answers: Annotated[int, Field(strict=True, ge=1, le=400)] = 90
    nps: Questions = ()
    satisfaction: Questions = ()
    perceived_value: Questions = ()
    awareness: Questions = ()
    knowledge: Annotated[tuple[Key, ...], Field(max_length=50)] = ()
    brand: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=50, strip_whitespace=True)], ...],
        Field(max_length=20),
    ] = ()

    def weight(self, indicator: BelongingIndicator) -> int:
        """How much an indicator weighs."""
        return self.weights.get(indicator, 1)

    def questions(self, indicator: BelongingIndicator) -> tuple[BelongingQuestion, ...]:
        """The questions that tell one of those that are asked; none for the others."""
        found: tuple[BelongingQuestion, ...] = getattr(self, indicator.value) if indicator in ASKED else ()
        return found

    @model_validator(mode="after")
    def _sound(self) -> "BelongingSettings":
        if not any(self.weight(one) for one in BelongingIndicator):
            raise ValueError("at least one indicator weighs something")
        return self
