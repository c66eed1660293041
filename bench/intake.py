"""Activities a second through everything, in batches and one by one, beside inserting just the same documents."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from api.bootstrap import DEFINITIONS_FRESH_SECONDS
from bench.processor import ProcessorTime
from bench.report import Line
from bench.world import World
from community.services import Services, build
from gamification.activity.model import BATCH_MAX, ActivityOutcome, ActivityStatus, NewActivity
from gamification.activity.repository import activity_document
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember
from gamification.services import utc_now

KEY = "bench"
MEMBERS = 5_000
ACTIVITIES = 20_000
CALLERS = 64
FLOOR_INSERTS = 2_000

PROGRAMME: dict[str, Any] = {
    "units": [{"key": "points", "expires_after": "P365D"}],
    "activity_types": [
        {
            "key": "workout.logged",
            "properties": {
                "type": "object",
                "properties": {"minutes": {"type": "integer"}, "distance_km": {"type": "number"}},
                "required": ["minutes", "distance_km"],
            },
        }
    ],
    "counters": [{"key": "workouts", "per": "member", "on": ["workout.logged"]}],
    "rules": [
        {
            "key": "minutes",
            "on": ["workout.logged"],
            "when": "activity.minutes >= 5",
            "effects": [
                {
                    "points": {
                        "unit": "points",
                        "amount": "activity.minutes",
                        "boards": ["all_time"],
                    }
                },
                {"advance": {"task": "three_a_week"}},
            ],
        },
        {
            "key": "regular",
            "on": ["workout.logged"],
            "counters": ["workouts"],
            "when": "counters.workouts >= 10",
            "effects": [{"award": {"badge": "regular"}}],
        },
        {
            "key": "longest",
            "on": ["workout.logged"],
            "effects": [{"score": {"board": "longest", "value": "floor(activity.distance_km * 1000.0)"}}],
        },
    ],
    "tasks": [
        {
            "key": "three_a_week",
            "goal": 3,
            "cycle": "weekly",
            "reward": [{"points": {"unit": "points", "amount": 50, "boards": ["all_time"]}}],
        }
    ],
    "badges": [{"key": "regular"}],
    "leaderboards": [
        {"key": "all_time"},
        {"key": "longest", "operator": "best", "ties": "shared"},
    ],
}
"""One of each: points with expiry, a counter, a weekly task with a reward, a badge, a board that adds up and one that
keeps the best; three rules, all with expressions."""


WHAT = "intake through rules, ledger, tasks, badges, boards, outbox"


async def measure(world: World) -> list[Line]:
    """Members first, untimed; then activities by one sender, by two, by many small callers; then the floors."""
    services = build(world.mongo, world.redis, definitions_fresh_s=DEFINITIONS_FRESH_SECONDS)
    await services.programmes.apply(
        Actor(KEY, "bench", Role.OPERATOR), {**PROGRAMME, "programme": {"key": KEY}}
    )
    names = [f"m{number}" for number in range(MEMBERS)]
    for start in range(0, MEMBERS, 500):
        await services.members.ensure(
            Actor(KEY, "bench", Role.SERVICE), [NewMember(name) for name in names[start : start + 500]]
        )
    intake = _Intake(services)
    one = await intake.run("0", [names], ACTIVITIES, BATCH_MAX)
    half = MEMBERS // 2
    two = await intake.run("1", [names[:half], names[half:]], 2 * ACTIVITIES, BATCH_MAX)
    small = await intake.run("2", [names] * CALLERS, ACTIVITIES // 4, 1)
    documents = [activity_document(outcome.activity) for outcome in intake.last if outcome.activity]
    floor = await _insert_rate(world, documents, at_once=1)
    wide = await _insert_rate(world, documents, at_once=CALLERS)
    beside = f"{floor:,.0f} /s  Motor insert_one of the same documents, awaited one by one"
    return [
        Line(f"{WHAT}, in batches of {BATCH_MAX}: one sender", one.text, beside, one.rate / floor, "≥ 2"),
        Line(f"{WHAT}: two senders, each with its members", two.text, beside, two.rate / floor, "≥ 2"),
        Line(
            f"{WHAT}: {CALLERS} callers, one activity at a time",
            small.text,
            f"{wide:,.0f} /s  Motor insert_one of the same documents, {CALLERS} at once",
            small.rate / wide,
            "",
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    """Activities a second, and the whole result as text."""

    rate: float
    text: str


class _Intake:
    """Sends activities and times it; `last` are the outcomes that came last."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._draw = random.Random(7)
        self._now = utc_now()
        self.last: list[ActivityOutcome] = []

    async def run(self, name: str, senders: Sequence[Sequence[str]], count: int, size: int) -> _Run:
        """`count` activities in batches of `size` by senders who send one batch after the other, each to its members;
        they are made beforehand."""
        share = count // len(senders)
        batches = [
            [
                [
                    _activity(self._draw, f"{name}:{sender}:{number}", self._now, members)
                    for number in range(start, start + size)
                ]
                for start in range(0, share, size)
            ]
            for sender, members in enumerate(senders)
        ]
        took_s: list[float] = []
        before, began = ProcessorTime.now(), time.perf_counter()
        await asyncio.gather(*(self._send(f"sender{n}", mine, took_s) for n, mine in enumerate(batches)))
        rate = share * len(senders) / (time.perf_counter() - began)
        each = ProcessorTime.now().since(before, share * len(senders))
        p99_ms = sorted(took_s)[int(len(took_s) * 0.99)] * 1000
        return _Run(rate, f"{rate:,.0f} /s, p99 {p99_ms:,.0f} ms; {each}")

    async def _send(self, subject: str, batches: list[list[NewActivity]], took_s: list[float]) -> None:
        actor = Actor(KEY, subject, Role.SERVICE)
        for batch in batches:
            began = time.perf_counter()
            self.last = await self._services.recording.record(actor, batch)
            took_s.append(time.perf_counter() - began)
            if any(outcome.status is not ActivityStatus.RECORDED for outcome in self.last):
                raise RuntimeError("the benchmark's own activity was not taken")


async def _insert_rate(world: World, documents: list[dict[str, Any]], at_once: int) -> float:
    """Inserts a second by so many at once, acknowledged by the majority as intake's are."""
    collection = world.mongo.collection(f"bench_floor_{at_once}")
    await collection.insert_one({"_id": b"warm"})

    async def insert(first: int) -> None:
        for number in range(first, FLOOR_INSERTS, at_once):
            document = documents[number % len(documents)]
            await collection.insert_one({**document, "_id": number.to_bytes(16, "big")})

    began = time.perf_counter()
    await asyncio.gather(*(insert(first) for first in range(at_once)))
    return FLOOR_INSERTS / (time.perf_counter() - began)


def _activity(draw: random.Random, number: str, now: datetime, names: Sequence[str]) -> NewActivity:
    return NewActivity(
        "workout.logged",
        "bench",
        number,
        names[min(int(draw.expovariate(4) * len(names)), len(names) - 1)],
        now - timedelta(minutes=draw.randrange(7 * 24 * 60)),
        f"route:{draw.randrange(500)}",
        {"minutes": draw.randrange(1, 120), "distance_km": round(draw.uniform(0.5, 42), 2)},
    )
