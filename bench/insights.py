"""Reports over a million activities, in process: adding them up from nothing, following new ones, and a dashboard of a month.

A hundred thousand members with ten activities each within a year are put into the database as they would be stored.
"""

import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from bench.report import Line
from bench.world import World
from community.services import Services, build
from gamification.activity.model import Activity
from gamification.activity.repository import activity_document
from gamification.kit.actors import Actor, Role
from gamification.kit.identifiers import new_id
from gamification.members.model import Member
from gamification.members.repository import to_document
from gamification.settlement.followup import Fate, Followup
from resolvers.context import Context
from resolvers.operations import Operations, Request
from resolvers.policy import Policy
from resolvers.schema import schema
from storage.backlog import Chore
from storage.mongo import Tx

KEY = "insights"
MEMBERS = 100_000
EACH = 10
FOLLOWED = 1_000
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
_YEAR = 365
_CHUNK = 5_000
_ROUNDS = 20
PROGRAMME: dict[str, Any] = {
    "programme": {"key": KEY, "time_zone": "Asia/Shanghai"},
    "activity_types": [
        {"key": "visit"},
        {"key": "buy", "properties": {"type": "object"}, "spend": "amount"},
    ],
}
DASHBOARD = """query { insights {
    activity(from: "2026-10-01", to: "2026-11-01") { points { period { key } activeMembers weeklyActiveMembers
        monthlyActiveMembers stickiness newMembers purchases buyers spend } total { spend } previous { spend } }
    retention(from: "2025-12-01", to: "2026-11-01") { cohorts { size cells { later active } } }
    churn(from: "2025-12-01", to: "2026-11-01") { points { members rate } }
    lifecycle(from: "2025-12-01", to: "2026-11-01") { points { stages { stage members } } } } }"""


async def measure(world: World) -> list[Line]:
    """Fill the programme, then add it up, follow it, and look at it."""
    services = build(world.mongo, world.redis, lambda: NOW)
    operator = Actor(KEY, "op", Role.OPERATOR)
    await services.programmes.apply(operator, PROGRAMME)
    members = await _fill(world)
    lines = await _made(world, services)
    lines.append(await _followed(world, services, members))
    lines.append(await _looked_at(world, services, operator))
    return lines


async def _fill(world: World) -> list[bytes]:
    draw = random.Random(3)
    members: list[bytes] = []
    people, activities = world.mongo.collection("members"), world.mongo.collection("activities")
    for start in range(0, MEMBERS, _CHUNK):
        rows, deeds = [], []
        for number in range(start, start + _CHUNK):
            joined = NOW - timedelta(days=draw.randrange(_YEAR), hours=1)
            member = Member(new_id(), KEY, f"m{number}", f"Member {number}", joined, "en", "UTC")
            members.append(member.id)
            rows.append(to_document(member))
            span = (NOW - joined).total_seconds()
            deeds += [
                _deed(member.id, f"{number}-{one}", joined + timedelta(seconds=draw.random() * span), draw)
                for one in range(EACH)
            ]
        await people.insert_many(rows, ordered=False)
        await activities.insert_many(deeds, ordered=False)
    return members


def _deed(member_id: bytes, name: str, at: datetime, draw: random.Random) -> dict[str, Any]:
    buys = draw.random() < 0.3
    activity = Activity(
        id=new_id(),
        programme_id=KEY,
        type="buy" if buys else "visit",
        source="bench",
        source_id=name,
        member_id=member_id,
        subject=None,
        properties={"amount": draw.randrange(100, 10_000) / 100} if buys else {},
        occurred_at=at,
        recorded_at=at,
        sequence=0,
        programme_version=1,
    )
    return activity_document(activity)


async def _made(world: World, services: Services) -> list[Line]:
    """From nothing, beside a bare read of every activity by its member."""
    began = time.perf_counter()
    seen = 0
    async for _ in world.mongo.collection("activities").find({"programme_id": KEY}, batch_size=5000):
        seen += 1
    floor = time.perf_counter() - began
    lines = []
    for name, work in (
        ("members' days of a million activities", services.rollups.rebuild_due),
        ("totals of all days, weeks, months and cohorts", services.totals.rebuild_due),
    ):
        began = time.perf_counter()
        await work(KEY)
        took = time.perf_counter() - began
        value = f"{took:,.0f} s, {seen / took:,.0f} activities/s"
        lines.append(Line(name, value, f"{floor:,.1f} s, reading them all once", took / floor, ""))
    return lines


async def _followed(world: World, services: Services, members: list[bytes]) -> Line:
    """New activities of as many members, beside counting them with an update each."""
    draw = random.Random(4)
    activities, floors = world.mongo.collection("activities"), world.mongo.collection("bench_floor")
    chosen = draw.sample(members, FOLLOWED)
    rows = [_deed(one, f"new-{place}", NOW, draw) for place, one in enumerate(chosen)]
    await activities.insert_many(rows)

    async def note(tx: Tx) -> None:
        for row in rows:
            followup = Followup()
            followup.note(Fate.RECORDED, row["_id"], row["member_id"], NOW)
            await services.stores.backlog.append(Chore(new_id(), KEY, followup.body(), NOW), tx)

    await world.mongo.transaction(note)
    began = time.perf_counter()
    for row in rows:
        await floors.update_one({"_id": row["member_id"]}, {"$inc": {"count": 1}}, upsert=True)
    floor = time.perf_counter() - began
    following = next(one for one in services.followings if one.consumer == "days")
    began = time.perf_counter()
    await following.run_due(KEY)
    took = time.perf_counter() - began
    return Line(
        f"{FOLLOWED:,} new activities followed",
        f"{took:.2f} s, {took / FOLLOWED * 1e6:,.0f} µs each",
        f"{floor:.2f} s, a bare update each",
        took / floor,
        "",
    )


async def _looked_at(world: World, services: Services, operator: Actor) -> Line:
    """A dashboard, beside a bare read of one day's document."""
    operations = Operations(schema, Policy())
    totals = world.mongo.collection("insight_totals")

    async def dashboard() -> None:
        answer = await operations.execute(Request(DASHBOARD, {}), Context(services, operator, "bench"))
        if answer.errors:
            raise RuntimeError(f"The programme refused: {answer.errors}")

    async def bare() -> None:
        await totals.find_one({"_id": f"{KEY}/00000001/D/2026-10-20"})

    took, floor = await _median_ms(dashboard), await _median_ms(bare)
    return Line(
        "dashboard: a month by day, twelve cohorts, churn and lifecycle of a year",
        f"{took:.1f} ms",
        f"{floor:.2f} ms, one document by id",
        took / floor,
        "",
    )


async def _median_ms(work: Callable[[], Awaitable[None]]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)
