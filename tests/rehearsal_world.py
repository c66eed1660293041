"""A shop where everything bounds everything, for rehearsals: caps, budgets, stock, counters, tasks, badges, tiers, floors."""

import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gamification.programmes.catalogue import Catalogue
from gamification.rehearsal.model import RehearsalOrder, Span
from gamification.rehearsal.rehearsing import OnProgress, Rehearser
from gamification.rehearsal.result import Result
from gamification.rehearsal.service import Draft
from resolvers.relay import encode_id
from tests.support import SOURCE, ProgrammeUnderTest

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
WHOLE = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

_STARTED: dict[str, dict[str, bytes]] = {}
"""By programme, the rehearsal that is `done` and the one that is `open`."""

SHOP: dict[str, Any] = {
    "units": [
        {"key": "points", "caps": [{"amount": 500, "cycle": "monthly"}]},
        {"key": "growth"},
        {"key": "fun"},
    ],
    "budgets": [{"key": "launch", "unit": "fun", "amount": 100}],
    "activity_types": [
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "number"}},
                "required": ["amount"],
            },
            "refund": {"amount": "amount"},
        },
        {"key": "visit"},
        {"key": "fine"},
    ],
    "counters": [
        {"key": "visits", "per": "member", "on": ["visit"]},
        {"key": "visits_today", "per": "member", "on": ["visit"], "cycle": "daily"},
    ],
    "rules": [
        {
            "key": "spend",
            "on": ["buy"],
            "effects": [
                {"points": {"unit": "points", "amount": "floor(activity.amount)", "boards": ["monthly"]}},
                {"points": {"unit": "growth", "amount": "floor(activity.amount)"}},
                {"advance": {"task": "shopper"}},
            ],
        },
        {
            "key": "visits",
            "on": ["visit"],
            "counters": ["visits", "visits_today"],
            "effects": [
                {
                    "when": "counters.visits_today <= 2",
                    "points": {"unit": "fun", "amount": 7, "budgets": ["launch"]},
                },
                {"when": "counters.visits == 3", "award": {"badge": "regular"}},
                {"when": "counters.visits == 2", "reward": {"reward": "coffee"}},
                {"advance": {"task": "explorer"}},
            ],
        },
        {"key": "fines", "on": ["fine"], "effects": [{"points": {"unit": "points", "amount": -40}}]},
    ],
    "tasks": [
        {
            "key": "shopper",
            "goal": 2,
            "cycle": "monthly",
            "reward": [{"points": {"unit": "points", "amount": 50}}, {"award": {"badge": "shopper"}}],
        },
        {
            "key": "explorer",
            "goal": 3,
            "claim": "manual",
            "reward": [{"points": {"unit": "fun", "amount": 30}}],
        },
    ],
    "badges": [{"key": "regular", "limit": 2}, {"key": "shopper"}],
    "collections": [
        {
            "key": "both",
            "badges": ["regular", "shopper"],
            "reward": [{"points": {"unit": "points", "amount": 11}}],
        }
    ],
    "leaderboards": [{"key": "monthly", "cycle": "monthly", "ties": "shared"}],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [
                {"key": "basic"},
                {"key": "gold", "requires": {"growth": 200}, "multipliers": {"points": 1.5}},
            ],
        }
    ],
    "rewards": [{"key": "coffee", "goods": {}, "stock": 2, "cost": 350}],
}
"""A visit: 7 points of fun, twice a day, 100 for all; the second a coffee, of which there are two; the third one of two badges."""


def shop(**sections: Any) -> dict[str, Any]:
    """The shop with other sections in place of its own."""
    return {**copy.deepcopy(SHOP), **sections}


def rules(**changes: Any) -> list[dict[str, Any]]:
    """The shop's rules, with these in place of those of their key."""
    found = {rule["key"]: rule for rule in copy.deepcopy(SHOP["rules"])} | changes
    return [rule for rule in found.values() if rule is not None]


async def live(world: ProgrammeUnderTest, *, names: tuple[str, ...] = ("ann", "bob", "cid")) -> None:
    """Two months of a shop: everything that bounds is reached, parts are refunded, points are spent."""
    clock = world.clock
    clock.now = BEGAN
    await world.join_all(*names)
    for day in range(60):
        clock.now = BEGAN + timedelta(days=day)
        for place, name in enumerate(names):
            clock.advance(timedelta(minutes=1))
            if (day + place) % 4 == 0:
                amount = 13.99 * (place + 1) + day
                await world.do("buy", name, amount=amount, source_id=f"{name}:{day}")
            if (day * (place + 2)) % 5 == 0:
                await world.do("visit", name)
                clock.advance(timedelta(minutes=1))
                await world.do("visit", name)
            if day % 17 == 16:
                await world.do("fine", name)
        if day == 20:
            claimed = await world.services.claims.claim(
                world.member_actor("ann"), None, "explorer", "all", "claim"
            )
            assert claimed[0].claimed_at is not None
        if day == 25:
            await refund(world, f"{names[0]}:24", 10.5)
            await refund(world, f"{names[2]}:22", 1.25)
            await refund(world, f"{names[2]}:22", 20.0)
            await world.services.points.adjust(
                world.operator, world.id_of("bob"), "points", 77, "sorry", "adjusted"
            )
            await world.services.points.spend(
                world.service, world.id_of("ann"), "points", 90, "a mug", "spent"
            )


async def refund(world: ProgrammeUnderTest, source_id: str, amount: float) -> None:
    """Take back a part of a purchase."""
    key, part = f"{source_id}:{amount}", Decimal(str(amount))
    await world.services.refunds.refund(world.service, SOURCE, source_id, part, [], None, key)


async def draft_of(world: ProgrammeUnderTest, document: dict[str, Any] | None = None) -> Catalogue:
    """The programme as it would be by a document, else as it is."""
    stated: dict[str, Any] = {**(document or SHOP), "programme": {"key": world.key}}
    found = await world.services.programmes.draft(world.operator, stated, (), ())
    return found.catalogue


async def rehearse(
    world: ProgrammeUnderTest,
    document: dict[str, Any] | None = None,
    span: Span = WHOLE,
    order: RehearsalOrder = RehearsalOrder.HAPPENED,
    on_progress: OnProgress | None = None,
) -> Result:
    """Rehearse a document, else the programme as it is, over its history."""
    services = world.services
    rehearser = Rehearser(services.stores, services.programmes, services.activities)
    newest = await rehearser.history(world.key).newest()
    draft = await draft_of(world, document)
    return await rehearser.rehearse(draft, span, order, newest, on_progress)


def differences(result: Result) -> list[object]:
    """Everything in which a rehearsal differs from what happened."""
    units = [*result.units, *(unit for day in result.days for unit in day.units)]
    found: list[object] = [one for one in units if (one.given, one.taken) != (one.was_given, one.was_taken)]
    found += [one for one in result.rewards if (one.given, one.cost or 0) != (one.was_given, one.was_cost)]
    found += [one for one in result.days if (one.rewards, one.cost) != (one.was_rewards, one.was_cost)]
    found += [one for one in (*result.badges, *result.tasks) if one.count != one.was]
    found += [one for one in result.tiers if one.count != one.was]
    found += [
        (one, place) for one in result.boards for place in one.winners if place.was not in (None, place.score)
    ]
    return [*found, *result.gainers, *result.losers, *result.failures]


def has_rehearsed(club: ProgrammeUnderTest) -> bool:
    """Whether `rehearsed` was called for that programme."""
    return club.key in _STARTED


async def rehearsed(club: ProgrammeUnderTest) -> None:
    """Let an operator rehearse other rules of the club, once to the end, once not."""
    _STARTED[club.key] = {}
    span = (club.clock.now - timedelta(days=9), club.clock.now + timedelta(days=9))
    more = {"key": "more", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 3}}]}
    less = {
        "key": "likes",
        "on": ["like", "buy"],
        "effects": [{"points": {"unit": "points", "amount": "5 / 0"}}],
    }
    draft = Draft(definitions=(("rules", more), ("rules", less)))
    for label in ("done", "open"):
        started, _ = await club.services.rehearsals.start(
            club.operator, draft, *span, RehearsalOrder.RECORDED, f"rehearsed-{label}"
        )
        _STARTED[club.key][label] = started.id
        if label == "done":
            await club.services.rehearsal_keeping.run_due()


def rehearsal_gid(club: ProgrammeUnderTest, label: str = "done") -> str:
    """The global id of what `rehearsed` started."""
    return encode_id("Rehearsal", _STARTED[club.key][label])
