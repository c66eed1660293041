"""Answers to surveys, and that somebody answered."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record

Value = int | str | tuple[str, ...]
"""Keys of options; a whole number, of a question with decimals in its smallest part; a text; a day as `2026-11-21`."""


@record(frozen=True, slots=True)
class Stated:
    """An answer as it comes in: one of these, by the kind of the question."""

    question: str
    options: tuple[str, ...] | None = None
    number: Decimal | None = None
    text: str | None = None
    day: date | None = None


@record(frozen=True, slots=True)
class Answer:
    """An answer as it is kept."""

    question: str
    value: Value


@record(frozen=True, slots=True)
class Response:
    """That a member answered a survey for the `number`-th time. `answers` and `version`, which was then the survey's, are
    there only where the survey is not anonymous, and the member not erased. `activity_id`: what it was recorded as."""

    id: bytes
    programme_id: str
    survey: str
    member_id: bytes
    number: int
    at: datetime
    activity_id: bytes | None = None
    version: int | None = None
    answers: tuple[Answer, ...] | None = None


@record(frozen=True, slots=True)
class Ballot:
    """What somebody answered to an anonymous survey. Nothing in it leads to who it was or when: the id is chance alone."""

    id: bytes
    programme_id: str
    survey: str
    answers: tuple[Answer, ...]


@record(frozen=True, slots=True)
class Group:
    """Who gave one answer, or one of some. `key` is an option's, a step of a scale, or a band of the net promoter score; None
    for who did not answer the question. `part` names all groups by that question together: they grow at once."""

    key: str | None
    part: str
    where: Mapping[str, Any]


def response_id(programme_id: str, survey: str, member_id: bytes, number: int) -> bytes:
    """There can be one of a member's `number`-th time."""
    return derived_id("survey_response", programme_id, survey, member_id, number)
