"""A shop with campaigns, for tests to hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
"""A Monday."""
YEAR = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}
WEEK = {"starts_at": "2026-03-09T00:00:00Z", "ends_at": "2026-03-16T00:00:00Z"}
DOUBLE: dict[str, Any] = {
    "key": "double",
    "name": {"en": "Double points", "zh": "双倍积分"},
    "kind": "benefit",
    "schedule": WEEK,
    "multiply": [{"unit": "points", "percent": 200}],
    "budget": {"points": [{"unit": "points", "amount": 1000}]},
}
SHOP: dict[str, Any] = {
    "programme": {
        "money": {"currency": "EUR", "digits": 2},
        "campaigns": {"reached": "campaign.reached"},
        "segments": {"entered": "segment.entered"},
    },
    "units": [{"key": "points", "name": {"en": "Points"}}, {"key": "growth"}],
    "activity_types": [
        {"key": "visit"},
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "number"}},
                "required": ["amount"],
            },
            "refund": {"amount": "amount"},
            "spend": "amount",
        },
        {
            "key": "campaign.reached",
            "properties": {
                "type": "object",
                "properties": {
                    "campaign": {"type": "string"},
                    "occurrence": {"type": "string"},
                    "variant": {"type": "string"},
                },
            },
        },
        {"key": "segment.entered"},
    ],
    "rules": [
        {
            "key": "purchases",
            "on": ["buy"],
            "effects": [
                {"points": {"unit": "points", "amount": "int(floor(activity.amount))"}},
                {"points": {"unit": "growth", "amount": "int(floor(activity.amount))"}},
            ],
        },
    ],
    "rewards": [
        {"key": "voucher", "cost": 500, "coupon": {"percent": 10, "codes": {"source": "generated"}}},
    ],
    "segments": [
        {"key": "silent", "when": 'lifecycle == "silent"'},
        {"key": "friends"},
    ],
}


def shop(*campaigns: dict[str, Any], rules: Any = (), **settings: Any) -> dict[str, Any]:
    """The shop with these campaigns and rules of theirs; `settings` are of campaigns."""
    programme = {**SHOP["programme"], "campaigns": {**SHOP["programme"]["campaigns"], **settings}}
    return {**SHOP, "programme": programme, "rules": [*SHOP["rules"], *rules], "campaigns": list(campaigns)}
