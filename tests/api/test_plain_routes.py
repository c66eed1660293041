from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.bootstrap import Backend
from community.services import Services
from storage.mongo import Mongo
from storage.outbox import Message
from storage.redis import RedisStore
from tests.support import Clock

MakeClient = Callable[..., Any]


async def test_alive(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_ready(client: httpx.AsyncClient) -> None:
    response = await client.get("/readyz")
    assert response.status_code == 200
    assert {name: check["ok"] for name, check in response.json()["checks"].items()} == {
        "mongodb": True,
        "redis": True,
        "worker": True,
    }


async def test_not_ready_without_redis(
    make_client: MakeClient, mongo: Mongo, dead_redis: RedisStore, services_without_redis: Services
) -> None:
    client = await make_client(over=Backend(mongo, dead_redis, services_without_redis))
    response = await client.get("/readyz")
    assert response.status_code == 503
    assert not response.json()["checks"]["redis"]["ok"]
    assert response.json()["checks"]["mongodb"]["ok"]
    assert (await client.get("/healthz")).status_code == 200


async def test_not_ready_without_mongodb(
    make_client: MakeClient, services: Services, redis_store: RedisStore
) -> None:
    away = Mongo("mongodb://127.0.0.1:1/?replicaSet=rs0", "away", timeout_s=0.2)
    try:
        client = await make_client(over=Backend(away, redis_store, services))
        response = await client.get("/readyz")
    finally:
        away.close()
    assert response.status_code == 503
    assert response.json()["checks"]["mongodb"] == {"ok": False}
    assert not response.json()["checks"]["worker"]["ok"]


async def test_not_ready_while_the_worker_lags(
    client: httpx.AsyncClient, services: Services, mongo: Mongo, clock: Clock
) -> None:
    waiting = Message(b"lagging-test", "nobody", "settled", {"records": [], "feeds": []}, clock.now)

    async def append(tx: Any) -> None:
        await services.stores.outbox.append([waiting], tx)

    await mongo.transaction(append)
    try:
        assert (await client.get("/readyz")).status_code == 200
        clock.advance(timedelta(seconds=31))
        response = await client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"]["worker"]["lagSeconds"] >= 31
    finally:
        await services.stores.outbox.delivered([waiting])


async def test_the_root_shows_the_addresses(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).json()["graphql"] == "/graphql"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nope", 404), ("POST", "/healthz", 405)])
async def test_a_refusal_is_a_problem_document(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["requestId"] == response.headers["x-request-id"]


async def test_a_crash_is_a_problem_document_without_details(
    make_client: MakeClient, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(_: object) -> bool:
        raise RuntimeError("mongodb://root:hunter2@db")

    monkeypatch.setattr(Mongo, "is_primary", crash)
    client = await make_client(over=backend)
    response = await client.get("/readyz", headers={"x-request-id": "r-9"})
    assert response.status_code == 500
    assert response.json()["requestId"] == "r-9"
    assert "hunter2" not in response.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/", "GET"), ("/events", "POST"), ("/healthz", "GET"), ("/readyz", "GET"), ("/metrics", "GET")],
)
async def test_a_wrong_method_is_told_the_right_ones(
    client: httpx.AsyncClient, path: str, allowed: str
) -> None:
    response = await client.request("DELETE", path)
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert allowed in response.headers["allow"].split(", ")
    assert response.json()["title"] == "Method Not Allowed"


@pytest.mark.parametrize(
    "path",
    ["/graphql/", "/graphql/x", "/%2e%2e/events", "/events%00", "/.git/config", "/%1b%5b31m", "/é"],
)
async def test_an_unknown_path_is_a_problem_document(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
