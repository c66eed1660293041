"""Headers that every answer carries, whoever made it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

MakeClient = Callable[..., Any]
EXPECTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/graphql", {"json": {"query": "{ __typename }"}}),
    ("GET", "/graphql?query={__typename}", {}),
    ("POST", "/graphql", {"content": b"{"}),
    ("POST", "/graphql", {"json": {"query": "{ nope }"}}),
    ("POST", "/graphql", {"json": {"query": "{ me { id } }"}, "headers": {"authorization": "Bearer x"}}),
    ("PUT", "/graphql", {}),
    ("POST", "/events", {}),
    ("GET", "/events", {}),
    ("GET", "/", {}),
    ("GET", "/healthz", {}),
    ("GET", "/readyz", {}),
    ("GET", "/metrics", {}),
    ("GET", "/nope", {}),
]


@pytest.mark.parametrize(("method", "path", "sent"), REQUESTS)
async def test_every_answer_carries_them_once(
    client: httpx.AsyncClient, method: str, path: str, sent: dict[str, Any]
) -> None:
    response = await client.request(method, path, **sent)
    assert {name: response.headers.get_list(name) for name in EXPECTED} == {
        name: [value] for name, value in EXPECTED.items()
    }
    assert len(response.headers.get_list("x-request-id")) == 1
    assert "server" not in response.headers
    assert "strict-transport-security" not in response.headers


async def test_https_only_is_said_where_it_is_set(make_client: MakeClient) -> None:
    client = await make_client(hsts_seconds=31_536_000)
    for path in ("/", "/nope", "/graphql"):
        response = await client.get(path)
        assert response.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_crash_carries_them_too(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await make_client()

    async def crash(_: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr("storage.mongo.Mongo.is_primary", crash)
    response = await client.get("/readyz")
    assert response.status_code == 500
    assert EXPECTED.items() <= dict(response.headers).items()
