"""A server that dies under the API: what goes on, what is refused, and that it comes back by itself."""

import json
import os
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from community.services import build
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember
from gamification.verification.service import VerificationService
from storage.embedded import EmbeddedServers
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.e2e.serving import Server, ask, serving, token
from tests.e2e.test_live_and_crash import PROGRAMME, RECORD, run

BOARD = '{ leaderboard(key: "km") { period { entries(first: 3) { nodes { rank score } } } } }'


def kill(data_dir: Path, server: str) -> None:
    """End the server of that name as a crash would; the state file beside its data knows its process."""
    state = json.loads((data_dir / "servers.json").read_text())
    (process_id,) = [running["pid"] for running in state["servers"] if running["name"] == server]
    os.kill(process_id, signal.SIGKILL)


@asynccontextmanager
async def connected(urls: dict[str, str], database: str) -> AsyncIterator[tuple[Mongo, RedisStore]]:
    """Clients of the servers at these addresses, closed whatever happens."""
    mongo, redis = Mongo(urls["MONGODB_URL"], database), RedisStore(urls["REDIS_URL"])
    try:
        yield mongo, redis
    finally:
        mongo.close()
        await redis.close()


async def send(
    client: httpx.AsyncClient, server: Server, programme: str, *sent: dict[str, Any]
) -> dict[str, Any]:
    bearer = token(Role.SERVICE, "backend", programme)
    answer = await client.post(
        server.url,
        json={"query": RECORD, "variables": {"input": {"activities": list(sent)}}},
        headers={"authorization": f"Bearer {bearer}"},
    )
    body: dict[str, Any] = answer.json()
    return body


async def test_goes_on_without_redis_says_so_without_mongodb_and_comes_back(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    data_dir = tmp_path / "data"
    programme = f"s{uuid.uuid4().hex[:10]}"
    member = token(Role.MEMBER, "ann", programme)
    async with httpx.AsyncClient(timeout=60) as client:
        servers = EmbeddedServers.start(data_dir, ephemeral=True)
        urls = {"MONGODB_URL": servers.endpoints.mongodb_url, "REDIS_URL": servers.endpoints.redis_url}
        try:
            async with (
                serving({**environment, **urls}) as server,
                connected(urls, environment["STARGUILD_DATABASE"]) as (mongo, redis),
            ):
                services = build(mongo, redis)
                await services.programmes.apply(
                    Actor(programme, "ops", Role.OPERATOR), {**PROGRAMME, "programme": {"key": programme}}
                )
                await services.members.ensure(Actor(programme, "b", Role.SERVICE), [NewMember("ann")])
                assert (await send(client, server, programme, run("1", "ann", 5)))["data"]

                kill(data_dir, "valkey-server")
                told = await send(client, server, programme, run("2", "ann", 2))
                assert told["data"]["recordActivities"]["recorded"] == 1
                board = await ask(client, server, member, BOARD)
                assert board["leaderboard"]["period"]["entries"]["nodes"] == [{"rank": 1, "score": 7}]
                assert (await client.get(f"http://127.0.0.1:{server.port}/readyz")).status_code == 503

                kill(data_dir, "mongod")
                refused = await send(client, server, programme, run("3", "ann", 1))
                (error,) = refused["errors"]
                assert error["extensions"]["code"] == "UNAVAILABLE"
                assert "mongodb" not in error["message"].lower()
                assert (await client.get(f"http://127.0.0.1:{server.port}/healthz")).status_code == 200

                servers.stop()
                servers = EmbeddedServers.start(data_dir, ephemeral=True)
                assert servers.endpoints.mongodb_url == urls["MONGODB_URL"], "the ports are kept"
                again = await send(client, server, programme, run("2", "ann", 2), run("3", "ann", 1))
                counts = again["data"]["recordActivities"]
                # What was refused as unavailable may have taken effect after all: the same id is recorded once either way.
                assert (counts["recorded"], counts["duplicates"]) in {(1, 1), (0, 2)}
                board = await ask(client, server, member, BOARD)
                assert board["leaderboard"]["period"]["entries"]["nodes"] == [{"rank": 1, "score": 108}], (
                    "with the third, the task is done"
                )
                report = await VerificationService(services).verify(programme)
                if report.differences:  # the ranking that Redis lost comes back at the first read
                    await services.projection.restore_missing()
                    report = await VerificationService(services).verify(programme)
                assert report.differences == []
        finally:
            servers.stop()
