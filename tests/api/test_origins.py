"""Which pages of other origins can reach what: by fetch, by forms and links, by sockets."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import websockets

from api.settings import SettingsError, load_settings
from gamification.kit.actors import Role
from tests.api.conftest import SECRET

MakeClient = Callable[..., Any]
MakeServer = Callable[..., Any]
OURS = "https://app.example"
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}
QUERY = {"query": "{ __typename }"}
STRANGERS = [
    "https://evil.example",
    "https://app.example.evil.example",
    "https://evilapp.example",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example/",
    "null",
    "file://",
    "",
]


@pytest.fixture
async def client(make_client: MakeClient) -> httpx.AsyncClient:
    made: httpx.AsyncClient = await make_client(cors_origins=(OURS,))
    return made


def told(response: httpx.Response) -> set[str]:
    """What a browser is told about other origins."""
    return {name for name in response.headers if name.startswith("access-control-allow")}


async def test_a_page_of_ours_may_call_without_cookies(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json=QUERY, headers={"origin": OURS})
    assert answer.headers["access-control-allow-origin"] == OURS
    assert "access-control-allow-credentials" not in answer.headers
    preflight = await client.options("/graphql", headers={"origin": OURS, **PREFLIGHT})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == OURS
    assert "origin" in preflight.headers["vary"].lower().split(", ")


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("path", ["/graphql", "/events", "/metrics"])
async def test_a_strangers_page_is_allowed_nothing(client: httpx.AsyncClient, path: str, origin: str) -> None:
    preflight = await client.options(path, headers={"origin": origin, **PREFLIGHT})
    assert preflight.status_code in (400, 405)
    assert "access-control-allow-origin" not in preflight.headers
    answer = await client.post(path, json=QUERY, headers={"origin": origin})
    assert not told(answer)


async def test_by_default_no_other_page_is_allowed_anything(make_client: MakeClient) -> None:
    client = await make_client()
    preflight = await client.options("/graphql", headers={"origin": OURS, **PREFLIGHT})
    assert preflight.status_code == 405
    assert not told(preflight)
    assert not told(await client.post("/graphql", json=QUERY, headers={"origin": OURS}))


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_what_a_page_can_send_unasked_reaches_nothing(client: httpx.AsyncClient, kind: str) -> None:
    body = b'{"query":"mutation { joinProgramme(input: {}) { __typename } }"}'
    sent: dict[str, Any] = {
        "content": body,
        "headers": {"content-type": kind, "origin": "https://evil.example"},
    }
    assert (await client.post("/graphql", **sent)).status_code == 415
    assert (await client.post("/events", **sent)).status_code == 401


async def test_a_link_never_mutates(client: httpx.AsyncClient) -> None:
    for query in (
        "mutation { joinProgramme(input: {}) { __typename } }",
        "mutation A { joinProgramme(input: {}) { __typename } } query B { __typename }",
    ):
        answer = await client.get("/graphql", params={"query": query, "operationName": "A"})
        if "query B" not in query:
            answer = await client.get("/graphql", params={"query": query})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
    streamed = await client.get(
        "/graphql",
        params={"query": "mutation { joinProgramme(input: {}) { __typename } }"},
        headers={"accept": "text/event-stream"},
    )
    assert streamed.status_code == 405


async def test_a_cookie_or_a_token_in_the_address_is_nobody(
    client: httpx.AsyncClient, token: Callable[..., str]
) -> None:

    made = token(Role.OPERATOR)
    tried: tuple[dict[str, Any], ...] = (
        {"headers": {"cookie": f"authorization=Bearer {made}; token={made}"}},
        {"params": {"query": "{ me { id } }", "token": made, "access_token": made}},
    )
    for stated in tried:
        answer = await client.get("/graphql", **{"params": {"query": "{ me { id } }"}, **stated})
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("https://App.Example", ["https://app.example"]),
        ("https://app.example/, http://localhost:3000", ["https://app.example", "http://localhost:3000"]),
        ("https://app.example:443,http://app.example:80", ["https://app.example", "http://app.example"]),
        ("https://[::1]:8443", ["https://[::1]:8443"]),
        ("capacitor://localhost", ["capacitor://localhost"]),
        ("*", ["*"]),
    ],
)
def test_origins_are_meant_as_browsers_state_them(stated: str, meant: list[str]) -> None:
    assert list(load_settings(jwt_secret=SECRET, cors_origins=stated).cors_origins) == meant


@pytest.mark.parametrize(
    "stated",
    ["null", "app.example", "https://", "https://app.example/path", "https://*.example", "https://u@h"],
)
def test_what_is_no_origin_is_refused_at_the_start(stated: str) -> None:
    with pytest.raises(SettingsError, match="STARGUILD_CORS_ORIGINS"):
        load_settings(jwt_secret=SECRET, cors_origins=stated)


async def test_sockets_are_opened_by_our_pages_and_programs_only(make_server: MakeServer) -> None:
    address = await make_server(cors_origins=(OURS,))
    protocols: Any = ["graphql-transport-ws"]
    origin: Any
    for origin in (None, OURS, address.replace("ws://", "http://").removesuffix("/graphql")):
        async with websockets.connect(address, origin=origin, subprotocols=protocols):
            pass
    for origin in STRANGERS:
        if not origin or origin == f"{OURS}/":  # browsers state neither
            continue
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(address, origin=origin, subprotocols=protocols)
        assert refused.value.response.status_code == 403, origin
