"""A programme with draws, for tests of every layer."""

from datetime import UTC, datetime, timedelta
from typing import Any

OPENS = datetime(2026, 11, 1, tzinfo=UTC)
CLOSES = datetime(2026, 12, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

WHEEL: dict[str, Any] = {
    "key": "wheel",
    "name": {"en": "Wheel", "zh": "大转盘"},
    "kind": "instant",
    "ticket": {"unit": "spins", "price": {"unit": "points", "amount": 50}},
    "prizes": [
        {"key": "car", "name": {"en": "A car"}, "weight": 1, "stock": 1},
        {"key": "gems", "weight": 30, "reward": [{"points": {"unit": "gems", "amount": 5}}]},
        {"key": "star", "weight": 20, "reward": [{"award": {"badge": "star"}}]},
    ],
    "blank": 49,
}
RAFFLE: dict[str, Any] = {
    "key": "raffle",
    "kind": "scheduled",
    "ticket": {"unit": "entries"},
    "prizes": [
        {"key": "trip", "stock": 1, "reward": [{"points": {"unit": "gems", "amount": 100}}]},
        {"key": "mug", "stock": 2, "reward": [{"award": {"badge": "star"}}]},
    ],
    "rounds": [
        {
            "key": "november",
            "name": {"en": "November"},
            "opens_at": OPENS.isoformat(),
            "closes_at": CLOSES.isoformat(),
        }
    ],
}
FAIR: dict[str, Any] = {
    "units": [{"key": "points"}, {"key": "spins"}, {"key": "entries"}, {"key": "gems"}],
    "activity_types": [{"key": "visit"}],
    "rules": [
        {
            "key": "visits",
            "on": ["visit"],
            "effects": [
                {"points": {"unit": "points", "amount": 100}},
                {"points": {"unit": "spins", "amount": 1}},
                {"points": {"unit": "entries", "amount": 1}},
                {"advance": {"task": "regular"}},
            ],
        }
    ],
    "tasks": [{"key": "regular", "goal": 3, "reward": [{"points": {"unit": "spins", "amount": 5}}]}],
    "badges": [{"key": "star"}],
    "draws": [WHEEL, RAFFLE],
}
"""A visit gives 100 points, a spin and an entry; three of them 5 spins more."""


def fair(*draws: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """The fair with these draws."""
    return {**FAIR, **sections, "draws": list(draws) or FAIR["draws"]}


def changed(draw: dict[str, Any], **stated: Any) -> dict[str, Any]:
    """A draw with some fields stated otherwise; None leaves one out."""
    return {name: value for name, value in {**draw, **stated}.items() if value is not None}


AFTER_CLOSE = CLOSES + timedelta(minutes=3)
