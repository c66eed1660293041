"""From a server's activity to a member's screen, over real sockets; and what is left after a power cut."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from community.services import Services, build
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember
from gamification.verification.service import VerificationService
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.e2e.serving import Server, ask, serving, token, watching

PROGRAMME: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [
        {
            "key": "run",
            "properties": {"type": "object", "properties": {"km": {"type": "integer"}}, "required": ["km"]},
        }
    ],
    "counters": [{"key": "runs", "on": ["run"]}],
    "rules": [
        {
            "key": "run",
            "on": ["run"],
            "counters": ["runs"],
            "effects": [
                {"points": {"unit": "points", "amount": "activity.km", "boards": ["km"]}},
                {"advance": {"task": "three"}},
                {"when": "counters.runs >= 2", "award": {"badge": "again"}},
            ],
        }
    ],
    "tasks": [
        {
            "key": "three",
            "goal": 3,
            "reward": [{"points": {"unit": "points", "amount": 100, "boards": ["km"]}}],
        }
    ],
    "badges": [{"key": "again"}],
    "leaderboards": [{"key": "km"}],
}
RECORD = """mutation ($input: RecordActivitiesInput!) { recordActivities(input: $input) { recorded duplicates rejected } }"""
BOARD = """subscription { leaderboardUpdated(key: "km", first: 3, around: 1) {
  revision entries { rank score member { displayName } } viewer { rank score } around { rank } } }"""
PROGRESS = """subscription ($after: Long) { myProgress(after: $after) { __typename
  ... on ProgressSnapshot { sequence balances { active } tasks { value } badges { badge { key } } }
  ... on PointsPosted { sequence transfer { amount balanceAfter } }
  ... on TaskAdvanced { sequence value } ... on TaskCompleted { sequence value }
  ... on BadgeAwarded { sequence award { badge { key } } } } }"""


@pytest.fixture
async def domain(endpoints: Endpoints, environment: dict[str, str]) -> Any:
    """The domain over the database of this file's servers."""
    mongo = Mongo(endpoints.mongodb_url, environment["STARGUILD_DATABASE"])
    redis = RedisStore(endpoints.redis_url)
    yield build(mongo, redis)
    await redis.close()
    mongo.close()


async def make_programme(services: Services, members: list[str]) -> str:
    key = f"e{uuid.uuid4().hex[:12]}"
    await services.programmes.apply(
        Actor(key, "ops", Role.OPERATOR), {**PROGRAMME, "programme": {"key": key}}
    )
    await services.members.ensure(Actor(key, "backend", Role.SERVICE), [NewMember(name) for name in members])
    return key


def run(source_id: str, member: str, km: int) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "type": "run",
        "source": "app",
        "sourceId": source_id,
        "memberExternalId": member,
        "occurredAt": now,
        "properties": {"km": km},
    }


async def send(
    client: httpx.AsyncClient, server: Server, programme: str, *activities: dict[str, Any]
) -> dict[str, Any]:
    bearer = token(Role.SERVICE, "backend", programme)
    data = await ask(client, server, bearer, RECORD, input={"activities": list(activities)})
    found: dict[str, Any] = data["recordActivities"]
    return found


async def test_a_watched_board_and_the_members_own_progress_move(
    domain: Services, environment: dict[str, str]
) -> None:
    async with serving(environment) as server, httpx.AsyncClient(timeout=60) as client:
        programme = await make_programme(domain, ["ann", "bob"])
        ann = token(Role.MEMBER, "ann", programme)
        async with (
            watching(server, ann, BOARD) as board,
            watching(server, ann, PROGRESS, after=None) as progress,
        ):
            first = await board.next()
            assert (first["entries"], first["viewer"]) == ([], None)
            assert (await progress.next())["sequence"] == 0

            await send(client, server, programme, run("1", "ann", 5), run("2", "bob", 7))
            moved = await board.until(lambda update: len(update["entries"]) == 2)
            assert [(e["rank"], e["score"], e["member"]["displayName"]) for e in moved["entries"]] == [
                (1, 7, "bob"),
                (2, 5, "ann"),
            ]
            assert (moved["viewer"], [e["rank"] for e in moved["around"]]) == (
                {"rank": 2, "score": 5},
                [1, 2],
            )
            assert moved["revision"] > first["revision"]
            told = [await progress.next() for _ in range(2)]
            assert [message["__typename"] for message in told] == ["PointsPosted", "TaskAdvanced"]
            last = told[-1]["sequence"]

        # While nobody listens, more happens; the next connection is told all of it, in order.
        await send(client, server, programme, run("3", "ann", 1), run("4", "ann", 1))
        async with watching(server, ann, PROGRESS, after=last) as progress:
            snapshot = await progress.next()
            assert (snapshot["__typename"], snapshot["balances"]) == ("ProgressSnapshot", [{"active": 107}])
            missed = [await progress.next() for _ in range(snapshot["sequence"] - last)]
            assert [message["sequence"] for message in missed] == list(
                range(last + 1, snapshot["sequence"] + 1)
            )
            kinds = [message["__typename"] for message in missed]
            assert kinds.count("PointsPosted") == 3
            assert kinds.count("BadgeAwarded") == 1
            assert kinds.count("TaskCompleted") == 1


async def test_a_killed_process_loses_nothing_and_doubles_nothing(
    domain: Services, environment: dict[str, str]
) -> None:
    members = [f"m{number}" for number in range(20)]
    async with httpx.AsyncClient(timeout=60) as client, serving(environment) as server:
        programme = await make_programme(domain, members)
        batches = [
            [run(f"{batch}:{number}", members[(batch + number) % 20], 1) for number in range(40)]
            for batch in range(30)
        ]
        sending = [asyncio.create_task(send(client, server, programme, *batch)) for batch in batches]
        await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        await server.kill()
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert any(isinstance(outcome, dict) for outcome in outcomes), "some were answered before"
        assert any(isinstance(outcome, httpx.TransportError) for outcome in outcomes), "and some were cut off"

        await server.start()
        again = [await send(client, server, programme, *batch) for batch in batches]
        assert sum(found["recorded"] + found["duplicates"] for found in again) == 1200
        assert sum(found["rejected"] for found in again) == 0
        answered = [found for found in outcomes if isinstance(found, dict)]
        assert sum(found["duplicates"] for found in again) >= sum(found["recorded"] for found in answered)
        await asyncio.sleep(3.5)  # the relay sweeps what the killed process had not told Redis
        report = await VerificationService(domain).verify(programme)
        assert report.differences == []
        assert report.counts["activities"] == 1200
        accounts = [account.active async for account in domain.stores.ledger.stream(programme)]
        assert sum(accounts) == 1200 + 20 * 100
