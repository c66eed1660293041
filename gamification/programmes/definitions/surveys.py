"""Surveys: what members are asked, who is asked, and when."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Definition, Expression, Key, Model, Name, Status
from gamification.programmes.definitions.gates import TierGate
from gamification.programmes.definitions.units import SpanText

QUESTIONS_MAX = 50
NPS_LEAST, NPS_MOST = 0, 10
_STEPS_MAX = 20
_BOUND = 10**12
"""Bounds of numbers, so that one with three decimals is still a whole number that can be stored."""


class SurveyQuestionKind(StrEnum):
    """SINGLE, MULTIPLE: of the options. RANKING: the options, best first. NPS: how likely one is to recommend, 0 to 10.
    SCALE: from `least` to `most`."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    RANKING = "ranking"
    NPS = "nps"
    SCALE = "scale"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"

    @property
    def has_options(self) -> bool:
        """Whether one chooses among what is stated."""
        return self in (SurveyQuestionKind.SINGLE, SurveyQuestionKind.MULTIPLE, SurveyQuestionKind.RANKING)

    @property
    def is_number(self) -> bool:
        """Whether the answer is one number."""
        return self in (SurveyQuestionKind.NPS, SurveyQuestionKind.SCALE, SurveyQuestionKind.NUMBER)


class SurveyOption(Model):
    """One thing to choose."""

    key: Key
    name: Name = Field(default_factory=dict)


class SurveyCondition(Model):
    """Another question's answer: one of these options is chosen (`any_of`), the number lies between `least` and `most`, or
    where nothing is stated there is an answer. What was not asked has none."""

    question: Key
    any_of: Annotated[tuple[Key, ...], Field(max_length=100)] = ()
    least: Annotated[int, Field(strict=True, ge=-_BOUND, le=_BOUND)] | None = None
    most: Annotated[int, Field(strict=True, ge=-_BOUND, le=_BOUND)] | None = None


class SurveyQuestion(Model):
    """`name` is what is asked. `choose_least`, `choose_most`: how many options of a MULTIPLE, or from the head of a RANKING.
    `least`, `most`: the ends of a SCALE, the bounds of a NUMBER, which has `decimals`. `satisfied`: from which step of a
    SCALE on one is satisfied; the two highest, where not stated. `length_max`: of a TEXT, in characters. `shown_if`: asked
    only where all of these hold of questions before it. `retired`: asked no more, and its answers stay."""

    key: Key
    kind: SurveyQuestionKind
    name: Name
    description: Name = Field(default_factory=dict)
    required: bool = False
    options: Annotated[tuple[SurveyOption, ...], Field(max_length=100)] = ()
    choose_least: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    choose_most: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    least: Annotated[int, Field(strict=True, ge=-_BOUND, le=_BOUND)] | None = None
    most: Annotated[int, Field(strict=True, ge=-_BOUND, le=_BOUND)] | None = None
    decimals: Annotated[int, Field(strict=True, ge=0, le=3)] = 0
    satisfied: int | None = None
    length_max: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 2_000
    shown_if: Annotated[tuple[SurveyCondition, ...], Field(max_length=10)] = ()
    retired: bool = False

    @model_validator(mode="after")
    def _sound(self) -> "SurveyQuestion":
        fault = next(_question_faults(self), None)
        if fault is not None:
            raise ValueError(fault)
        return self

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest number that is an answer."""
        if self.kind is SurveyQuestionKind.NPS:
            return NPS_LEAST, NPS_MOST
        return (
            -_BOUND if self.least is None else self.least,
            _BOUND if self.most is None else self.most,
        )

    @property
    def choices(self) -> tuple[int, int]:
        """How many options are chosen, at least and at most."""
        if self.kind is SurveyQuestionKind.SINGLE:
            return 1, 1
        count = len(self.options)
        least = self.choose_least or (count if self.kind is SurveyQuestionKind.RANKING else 1)
        return least, self.choose_most or count

    @property
    def satisfied_from(self) -> int:
        """From which step of a scale on one is satisfied."""
        least, most = self.bounds
        return self.satisfied if self.satisfied is not None else max(least + 1, most - 1)

    @property
    def option_keys(self) -> tuple[str, ...]:
        """The keys of what can be chosen."""
        return tuple(option.key for option in self.options)


class Survey(Definition):
    """Questions to members. `anonymous`: nobody can tell who gave which answers, and what is shown of them is of `group_least`
    at the least. Answered once, or again `repeat` after the last time; between `opens_at` and `closes_at`; by whom `tier`
    and `when` let in."""

    questions: Annotated[tuple[SurveyQuestion, ...], Field(min_length=1, max_length=QUESTIONS_MAX)]
    anonymous: bool = False
    group_least: Annotated[int, Field(strict=True, ge=3, le=100)] = 5
    repeat: SpanText | None = None
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    tier: TierGate | None = None
    when: Expression | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Survey":
        fault = next(_survey_faults(self), None)
        if fault is not None:
            raise ValueError(fault)
        return self

    @property
    def is_gated(self) -> bool:
        """Whether it is there for some members only."""
        return self.tier is not None or self.when is not None

    def is_open(self, now: datetime) -> bool:
        """Whether it takes answers then."""
        return not (self.opens_at and now < self.opens_at) and not (self.closes_at and now >= self.closes_at)

    def takes_answers(self, now: datetime) -> bool:
        """Whether it is published and open then."""
        return self.status is Status.PUBLISHED and self.is_open(now)

    def question(self, key: str) -> SurveyQuestion | None:
        """The question of that key."""
        return next((one for one in self.questions if one.key == key), None)


def _question_faults(question: SurveyQuestion) -> Iterator[str]:
    kind = question.kind
    if kind.has_options != bool(question.options):
        yield "single, multiple and ranking have options, and no other question has"
    if len(set(question.option_keys)) < len(question.options):
        yield "options have keys of their own"
    if (question.choose_least or question.choose_most) and kind not in (
        SurveyQuestionKind.MULTIPLE,
        SurveyQuestionKind.RANKING,
    ):
        yield "choose_least and choose_most are of multiple and ranking"
    least, most = question.choices
    if kind.has_options and not least <= most <= len(question.options):
        yield "choose_least is at most choose_most, and that as many as there are options"
    stated = question.least is not None or question.most is not None
    if stated and kind not in (SurveyQuestionKind.SCALE, SurveyQuestionKind.NUMBER):
        yield "least and most are of scale and number"
    if question.decimals and kind is not SurveyQuestionKind.NUMBER:
        yield "decimals are of number"
    if question.bounds[0] >= question.bounds[1]:
        yield "most is more than least"
    yield from _scale_faults(question)


def _scale_faults(question: SurveyQuestion) -> Iterator[str]:
    if question.kind is not SurveyQuestionKind.SCALE:
        if question.satisfied is not None:
            yield "satisfied is of scale"
        return
    if question.least is None or question.most is None or question.most - question.least >= _STEPS_MAX:
        yield f"a scale states least and most, and has at most {_STEPS_MAX} steps"
    elif question.satisfied is not None and not question.least < question.satisfied <= question.most:
        yield "satisfied is a step of the scale above the lowest"


def _survey_faults(survey: Survey) -> Iterator[str]:
    if max(Counter(question.key for question in survey.questions).values()) > 1:
        yield "questions have keys of their own"
    if survey.opens_at and survey.closes_at and survey.closes_at <= survey.opens_at:
        yield "a survey closes after it opens"
    before: dict[str, SurveyQuestion] = {}
    for question in survey.questions:
        for condition in question.shown_if:
            yield from _condition_faults(question, condition, before.get(condition.question))
        before[question.key] = question


def _condition_faults(
    question: SurveyQuestion, condition: SurveyCondition, asked: SurveyQuestion | None
) -> Iterator[str]:
    if asked is None:
        yield f"{question.key!r} is shown by {condition.question!r}, which is no question before it"
        return
    bounded = condition.least is not None or condition.most is not None
    if condition.any_of and bounded:
        yield f"{question.key!r} is shown by any_of, or by least and most"
    if bounded and not asked.kind.is_number:
        yield f"{question.key!r} is shown by a number, which {asked.key!r} is not"
    if set(condition.any_of) - set(asked.option_keys):
        yield f"{question.key!r} is shown by an option that {asked.key!r} lacks"


assert _BOUND * 10**3 < LONG_MAX  # noqa: S101 - what is kept of a number is whole
