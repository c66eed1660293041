"""Rules and their effects."""

from typing import Annotated

from pydantic import Field, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Amount, Definition, Expression, Key, Model
from gamification.programmes.definitions.caps import Caps
from gamification.programmes.definitions.catalogue_rewards import RewardCap
from gamification.programmes.definitions.rewards import RewardItems


class PointsEffect(Model):
    """Post points. `boards`: increment boards that get the amount applied, that is after caps and the floor. `caps`
    bound what this rule gives of the unit, `budgets` are shared with others."""

    unit: Key
    amount: Amount
    boards: tuple[Key, ...] = ()
    caps: Caps = ()
    budgets: tuple[Key, ...] = ()


class AdvanceEffect(Model):
    """Advance a task `by` so much, or for a task that counts distinct values, by this `value`."""

    task: Key
    by: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)] | Expression = 1
    value: Expression | None = None


class ContributeEffect(Model):
    """Contribute `by` so much to a goal of all members, or of the member's team."""

    goal: Key
    by: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)] | Expression = 1


class AwardEffect(Model):
    """Award a badge. `occurrence`: an expression that names what it is awarded for, where a badge repeats."""

    badge: Key
    occurrence: Expression | None = None
    level: Amount | None = None


class ScoreEffect(Model):
    """Write a score to a board by the board's operator."""

    board: Key
    value: Amount
    subscore: Amount = 0


class GiveEffect(Model):
    """Give a reward of the catalogue, without its price. `caps`: how often this effect gives it; more is not given."""

    reward: Key
    caps: Annotated[tuple[RewardCap, ...], Field(max_length=5)] = ()


class QualifyEffect(Model):
    """Whoever did it qualifies as a new member by that referral offer, where they were brought by it."""

    referral: Key


class Effect(Model):
    """Exactly one effect, under a condition of its own where it has one."""

    when: Expression | None = None
    points: PointsEffect | None = None
    advance: AdvanceEffect | None = None
    contribute: ContributeEffect | None = None
    award: AwardEffect | None = None
    score: ScoreEffect | None = None
    qualify: QualifyEffect | None = None
    check_in_item: RewardItems | None = None
    reward: GiveEffect | None = None

    @model_validator(mode="after")
    def _one(self) -> "Effect":
        parts = (
            self.points,
            self.advance,
            self.contribute,
            self.award,
            self.score,
            self.qualify,
            self.check_in_item,
            self.reward,
        )
        if sum(part is not None for part in parts) != 1:
            raise ValueError(
                "an effect is exactly one of points, advance, contribute, award, score, qualify, check_in_item, reward"
            )
        return self


class Rule(Definition):
    """For each activity of the types `on` for which `when` holds, the effects, in order. With `campaign` only while that is on
    for the member, and what it gives counts in that campaign's budget."""

    on: Annotated[tuple[Key, ...], Field(min_length=1)]
    when: Expression | None = None
    counters: tuple[Key, ...] = ()
    campaign: Key | None = None
    effects: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=20)]
