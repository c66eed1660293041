"""Programmes with surveys, for tests."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from community.surveys.model import Stated
from tests.support import ProgrammeUnderTest

QUESTIONS: list[dict[str, Any]] = [
    {"key": "recommend", "kind": "nps", "name": {"en": "Would you recommend us?", "zh": "您会推荐我们吗"}},
    {
        "key": "why",
        "kind": "text",
        "name": {"en": "Why not?"},
        "required": True,
        "length_max": 200,
        "shown_if": [{"question": "recommend", "most": 6}],
    },
    {
        "key": "channel",
        "kind": "single",
        "name": {"en": "Where do you buy?"},
        "options": [{"key": "web", "name": {"en": "On the web"}}, {"key": "shop"}, {"key": "phone"}],
    },
    {
        "key": "drinks",
        "kind": "multiple",
        "name": {"en": "What do you drink?"},
        "options": [{"key": "tea"}, {"key": "coffee"}, {"key": "water"}],
        "choose_most": 2,
        "shown_if": [{"question": "channel", "any_of": ["shop"]}],
    },
    {
        "key": "service",
        "kind": "scale",
        "name": {"en": "How was the service?"},
        "least": 1,
        "most": 5,
    },
    {"key": "spent", "kind": "number", "name": {"en": "Spent"}, "least": 0, "most": 1000, "decimals": 2},
    {"key": "birthday", "kind": "date", "name": {"en": "When?"}},
    {
        "key": "order",
        "kind": "ranking",
        "name": {"en": "What first?"},
        "options": [{"key": "price"}, {"key": "speed"}, {"key": "taste"}],
        "choose_least": 2,
    },
]
"""Of every kind, two of them shown by what was answered before."""
SURVEYS: dict[str, Any] = {
    "programme": {"community": {"activities": {"survey": "answered"}}},
    "units": [{"key": "points"}, {"key": "growth"}],
    "activity_types": [
        {"key": "answered", "properties": {"type": "object", "properties": {"survey": {"type": "string"}}}},
        {"key": "study"},
    ],
    "rules": [
        {"key": "asked", "on": ["answered"], "effects": [{"points": {"unit": "points", "amount": 10}}]},
        {"key": "grows", "on": ["study"], "effects": [{"points": {"unit": "growth", "amount": 100}}]},
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"growth": 100}}],
        }
    ],
    "surveys": [
        {"key": "spring", "name": {"en": "Spring", "zh": "春季"}, "questions": QUESTIONS},
        {"key": "secret", "anonymous": True, "questions": QUESTIONS},
        {
            "key": "again",
            "repeat": "P30D",
            "questions": [QUESTIONS[0]],
        },
        {
            "key": "gold",
            "tier": {"ladder": "club", "least": "gold"},
            "questions": [QUESTIONS[0]],
        },
        {"key": "shanghai", "when": "member.attributes.city == 'Shanghai'", "questions": [QUESTIONS[0]]},
        {"key": "next", "status": "draft", "questions": [QUESTIONS[0]]},
    ],
}
"""An answer gives 10 points."""


def answers(**stated: Any) -> list[dict[str, Any]]:
    """Answers as the mutation takes them: texts by `text`, lists by `options`, whole numbers by `value`; else as stated."""
    found: list[dict[str, Any]] = []
    for question, value in stated.items():
        if isinstance(value, Mapping):
            found.append({"question": question, **value})
        elif isinstance(value, list):
            found.append({"question": question, "options": value})
        else:
            found.append({"question": question, "text" if isinstance(value, str) else "value": value})
    return found


def stated(survey: str, key: str = "", **given: Any) -> dict[str, Any]:
    """The input of `answerSurvey`."""
    return {"survey": survey, "idempotencyKey": key or survey, "answers": answers(**given)}


async def crowd(club: ProgrammeUnderTest, count: int) -> list[str]:
    """So many members, by their names."""
    names = [f"m{number}" for number in range(count)]
    await club.join_all(*names)
    return names


FEEDBACK: dict[str, Any] = {
    "key": "feedback",
    "name": {"en": "Feedback"},
    "description": {"en": "What do you think?"},
    "opens_at": "2020-01-01T00:00:00Z",
    "closes_at": "2100-01-01T00:00:00Z",
    "repeat": "P1D",
    "questions": [
        {**QUESTIONS[0], "description": {"en": "From 0 to 10"}},
        {
            **QUESTIONS[1],
            "shown_if": [
                {"question": "recommend", "least": 0, "most": 6},
            ],
        },
        *QUESTIONS[2:],
    ],
}
"""With everything that a survey can have."""


async def asked(club: ProgrammeUnderTest, name: str, word: str = "x") -> None:
    """Let a member answer every question of the feedback."""
    given = (
        Stated("recommend", number=Decimal(3)),
        Stated("why", text=f"{word} answer"),
        Stated("channel", options=("shop",)),
        Stated("drinks", options=("tea",)),
        Stated("service", number=Decimal(4)),
        Stated("spent", number=Decimal("12.5")),
        Stated("birthday", day=date(2026, 5, 1)),
        Stated("order", options=("taste", "price")),
    )
    await club.services.surveys.answer(club.service, club.id_of(name), "feedback", given, f"feedback-{name}")
