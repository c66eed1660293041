"""Activities a second through everything, in batches of 500, beside inserting the same documents one by one."""

import asyncio
import random
import time
from datetime import timedelta
from typing import Any

from bench.report import Line
from bench.world import World
from gamification.activity.model import BATCH_MAX, ActivityOutcome, ActivityStatus, NewActivity
from gamification.activity.repository import activity_document
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember
from gamification.services import utc_now

MEMBERS = 5_000
ACTIVITIES = 20_000
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


async def measure(world: World) -> list[Line]:
    """Members first, untimed; then all activities; then the floor."""
    key = "bench"
    await world.services.programmes.apply(
        Actor(key, "bench", Role.OPERATOR), {**PROGRAMME, "programme": {"key": key}}
    )
    service = Actor(key, "bench", Role.SERVICE)
    names = [f"m{number}" for number in range(MEMBERS)]
    for start in range(0, MEMBERS, 500):
        await world.services.members.ensure(service, [NewMember(name) for name in names[start : start + 500]])
    draw = random.Random(7)
    now = utc_now()

    def batches(sender: int, members: list[str]) -> list[list[NewActivity]]:
        return [
            [
                _activity(draw, f"{sender}:{number}", now, members)
                for number in range(start, start + BATCH_MAX)
            ]
            for start in range(0, ACTIVITIES, BATCH_MAX)
        ]

    last: list[ActivityOutcome] = []

    async def send(batches: list[list[NewActivity]]) -> None:
        nonlocal last
        for batch in batches:
            last = await world.services.recording.record(service, batch)
            if any(outcome.status is not ActivityStatus.RECORDED for outcome in last):
                raise RuntimeError("the benchmark's own activity was not taken")

    began = time.perf_counter()
    await send(batches(0, names))
    one = ACTIVITIES / (time.perf_counter() - began)
    half = MEMBERS // 2
    shares = [batches(1, names[:half]), batches(2, names[half:])]
    began = time.perf_counter()
    await asyncio.gather(*(send(share) for share in shares))
    two = 2 * ACTIVITIES / (time.perf_counter() - began)
    documents = [activity_document(outcome.activity) for outcome in last if outcome.activity]
    floor = await _insert_rate(world, documents)
    beside = f"{floor:,.0f} /s  Motor insert_one of the same documents, awaited one by one"
    what = "intake through rules, ledger, tasks, badges, boards, outbox, in batches of 500"
    return [
        Line(f"{what}: one sender", f"{one:,.0f} /s", beside, one / floor, "≥ 2"),
        Line(f"{what}: two senders, each with its members", f"{two:,.0f} /s", beside, two / floor, "≥ 2"),
    ]


async def _insert_rate(world: World, documents: list[dict[str, Any]]) -> float:
    """Inserts a second, acknowledged by the majority as intake's are."""
    collection = world.mongo.collection("bench_floor")
    await collection.insert_one({"_id": b"warm"})
    began = time.perf_counter()
    for number in range(FLOOR_INSERTS):
        await collection.insert_one({**documents[number % len(documents)], "_id": number.to_bytes(16, "big")})
    return FLOOR_INSERTS / (time.perf_counter() - began)


def _activity(draw: random.Random, number: str, now: Any, names: list[str]) -> NewActivity:
    return NewActivity(
        "workout.logged",
        "bench",
        number,
        names[min(int(draw.expovariate(4) * len(names)), len(names) - 1)],
        now - timedelta(minutes=draw.randrange(7 * 24 * 60)),
        f"route:{draw.randrange(500)}",
        {"minutes": draw.randrange(1, 120), "distance_km": round(draw.uniform(0.5, 42), 2)},
    )
