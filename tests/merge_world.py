"""A programme for tests of merging, and short ways to merge and to see that everything adds up."""

import secrets
from typing import Any

from gamification.merging.model import Merge
from gamification.verification.service import VerificationService
from tests.support import ProgrammeUnderTest

SHOP: dict[str, Any] = {
    "units": [
        {"key": "points", "expires_after": "P365D"},
        {"key": "later", "pending": {"after": "P10D"}},
        {"key": "credit", "floor": -1000},
        {"key": "growth"},
    ],
    "activity_types": [
        {
            "key": "buy",
            "properties": {"type": "object", "properties": {"amount": {"type": "integer"}}},
            "refund": {"amount": "amount"},
        },
        {"key": "visit"},
        {"key": "play", "properties": {"type": "object", "properties": {"score": {"type": "integer"}}}},
        {"key": "like"},
    ],
    "counters": [{"key": "spent", "on": ["buy"], "add": "activity.amount"}],
    "rules": [
        {
            "key": "buys",
            "on": ["buy"],
            "counters": ["spent"],
            "effects": [
                {"points": {"unit": "points", "amount": "activity.amount", "boards": ["total", "weekly"]}},
                {"points": {"unit": "growth", "amount": "activity.amount"}},
                {"points": {"unit": "later", "amount": 7}},
                {"when": "counters.spent >= 100", "award": {"badge": "spender"}},
            ],
        },
        {
            "key": "visits",
            "on": ["visit"],
            "effects": [
                {"advance": {"task": "regular"}},
                {"advance": {"task": "quick"}},
                {"advance": {"task": "places", "value": "activity.subject"}},
                {"award": {"badge": "visitor"}},
            ],
        },
        {
            "key": "plays",
            "on": ["play"],
            "effects": [
                {"score": {"board": "best", "value": "activity.score"}},
                {"score": {"board": "latest", "value": "activity.score"}},
            ],
        },
        {
            "key": "likes",
            "on": ["like"],
            "effects": [{"award": {"badge": "liked", "occurrence": "activity.subject"}}],
        },
    ],
    "badges": [
        {"key": "spender"},
        {"key": "visitor", "limit": 5},
        {"key": "liked", "repeat": "per_key"},
        {"key": "faithful"},
        {"key": "champion", "levels": [{"level": 1}, {"level": 2}]},
    ],
    "collections": [
        {
            "key": "both",
            "badges": ["spender", "visitor"],
            "reward": [{"points": {"unit": "credit", "amount": 9}}],
        }
    ],
    "tasks": [
        {
            "key": "regular",
            "goal": 3,
            "reward": [{"points": {"unit": "credit", "amount": 50}}, {"award": {"badge": "faithful"}}],
        },
        {"key": "quick", "goal": 1, "finishers": 5, "reward": [{"points": {"unit": "credit", "amount": 1}}]},
        {"key": "places", "goal": 3, "measure": "distinct", "claim": "manual"},
    ],
    "leaderboards": [
        {"key": "total"},
        {"key": "weekly", "cycle": "weekly", "settles_after": "PT0S", "time_zone": "UTC"},
        {"key": "best", "operator": "best"},
        {"key": "latest", "operator": "latest"},
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [
                {"key": "growth", "unit": "growth", "rolling": "P30D"},
                {"key": "spent", "counter": "spent"},
            ],
            "tiers": [
                {"key": "basic"},
                {"key": "silver", "requires": {"growth": 100}},
                {"key": "gold", "requires": {"growth": 180, "spent": 180}},
            ],
        }
    ],
}
"""A purchase gives its amount in points and growth, which are scored, and 7 pending; three visits complete a task."""


async def merge(club: ProgrammeUnderTest, one: str, into: str, **stated: Any) -> Merge:
    """Merge an account into another, as the operator."""
    key = stated.get("key") or secrets.token_hex(8)
    done, _ = await club.services.merges.merge(
        club.operator, club.id_of(one), club.id_of(into), stated.get("reason", "one person"), key
    )
    return done


async def sound(club: ProgrammeUnderTest) -> None:
    """Everything adds up."""
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
