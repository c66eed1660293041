"""A flash sale while each process dies in turn: nothing is sold twice, nothing is lost, and it goes on."""

import asyncio
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from community.services import Services, build
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember
from gamification.verification.service import VerificationService
from storage.embedded import EmbeddedServers
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.e2e.serving import Server, serving, token
from tests.e2e.test_servers_away import kill

PIECES = 20
MEMBERS = [f"m{number}" for number in range(60)]
RESERVE = """mutation ($input: ReserveFlashSaleInput!) { reserveFlashSale(input: $input) {
  ... on ReserveFlashSaleSuccess { reservation { id } } ... on Error { code } } }"""


async def claim(client: httpx.AsyncClient, server: Server, programme: str, member: str, key: str) -> str:
    """What came of one claim: `reserved`, a code, or `lost` where nobody answered."""
    try:
        answer = await client.post(
            server.url,
            json={"query": RESERVE, "variables": {"input": {"sale": "rush", "idempotencyKey": key}}},
            headers={"authorization": f"Bearer {token(Role.MEMBER, member, programme)}"},
        )
    except httpx.TransportError:
        return "lost"
    body: dict[str, Any] = answer.json()
    if body.get("errors"):
        return str(body["errors"][0]["extensions"]["code"])
    return str(body["data"]["reserveFlashSale"].get("code", "reserved"))


async def claims(
    client: httpx.AsyncClient, server: Server, programme: str, turn: str, pause_s: float = 0.0
) -> Counter[str]:
    """Everybody claims with the same key as ever, a few at a time."""
    room = asyncio.Semaphore(4)

    async def one(member: str) -> str:
        async with room:
            await asyncio.sleep(pause_s)
            return await claim(client, server, programme, member, f"{turn} {member}")

    return Counter(await asyncio.gather(*(one(member) for member in MEMBERS)))


async def opened(services: Services) -> str:
    programme = f"f{uuid.uuid4().hex[:10]}"
    now = datetime.now(UTC)
    document = {
        "programme": {"key": programme},
        "rewards": [{"key": "gift", "coupon": {"percent": 10}}],
        "flash_sales": [
            {
                "key": "rush",
                "reward": "gift",
                "starts_at": (now - timedelta(minutes=1)).isoformat(),
                "ends_at": (now + timedelta(hours=1)).isoformat(),
                "stock": PIECES,
                "reserve": "PT1H",
            }
        ],
    }
    await services.programmes.apply(Actor(programme, "ops", Role.OPERATOR), document)
    service = Actor(programme, "backend", Role.SERVICE)
    await services.members.ensure(service, [NewMember(name) for name in MEMBERS])
    return programme


@pytest.mark.parametrize("victim", ["server", "valkey-server", "mongod"])
async def test_each_piece_is_sold_once_whoever_dies(
    tmp_path: Path, environment: dict[str, str], victim: str
) -> None:
    data_dir = tmp_path / "data"
    servers = EmbeddedServers.start(data_dir)
    urls = {"MONGODB_URL": servers.endpoints.mongodb_url, "REDIS_URL": servers.endpoints.redis_url}
    mongo = Mongo(urls["MONGODB_URL"], environment["STARGUILD_DATABASE"])
    redis = RedisStore(urls["REDIS_URL"])
    services = build(mongo, redis)
    try:
        async with (
            httpx.AsyncClient(timeout=60) as client,
            serving({**environment, **urls, "STARGUILD_LOG_LEVEL": "error"}) as server,
        ):
            programme = await opened(services)
            selling = asyncio.create_task(claims(client, server, programme, "first", pause_s=0.02))
            await asyncio.sleep(0.15)
            if victim == "server":
                await server.kill()
            else:
                kill(data_dir, victim)
            await asyncio.wait([selling], timeout=3)
            if victim == "server":
                await server.start()
            else:
                servers.stop()
                servers = EmbeddedServers.start(data_dir)
                assert servers.endpoints.mongodb_url == urls["MONGODB_URL"]
                await _ready(client, server)
            await selling
            # Who was told nothing asks again with the same key; slots that died on the way come back in time.
            tries = Counter[str]()
            for turn in range(45):
                tries = await claims(client, server, programme, "first")
                if tries["reserved"] == PIECES:
                    break
                await asyncio.sleep(1 if turn else 0)
            assert tries["reserved"] == PIECES, tries
            assert tries["SOLD_OUT"] == len(MEMBERS) - PIECES

        live = [one async for one, alive in services.reservations.stream(programme) if alive]
        assert sorted(one.slot for one in live) == list(range(PIECES))
        assert len({one.member_id for one in live}) == PIECES
        assert (await VerificationService(services).verify(programme)).differences == []
    finally:
        await redis.close()
        mongo.close()
        servers.stop()


async def _ready(client: httpx.AsyncClient, server: Server) -> None:
    async with asyncio.timeout(60):
        while (await client.get(f"http://127.0.0.1:{server.port}/readyz")).status_code != 200:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.2)
