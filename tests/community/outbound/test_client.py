"""The guarded client against real servers on loopback, which is allowed here, and against names that lie."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from community.outbound.addresses import networks_of
from community.outbound.client import Fault, GuardedClient, Lookup, OutboundError
from community.outbound.urls import OutboundRules
from tests.post_office import certificate

HERE = OutboundRules(networks_of(["127.0.0.1/32"]), is_plain_allowed=True)
PLAIN = OutboundRules(is_plain_allowed=True)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback, by its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def calling(rules: OutboundRules = HERE, lookup: Lookup | None = None) -> AsyncIterator[GuardedClient]:
    client = GuardedClient(rules, lookup)
    try:
        yield client
    finally:
        await client.close()


def named(*answers: Sequence[str]) -> Lookup:
    """A name whose addresses change from look-up to look-up."""
    left = list(answers)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return lookup


async def fault(client: GuardedClient, url: str, **stated: Any) -> Fault:
    with pytest.raises(OutboundError) as raised:
        await client.post(url, {}, b"{}", **stated)
    return raised.value.fault


async def test_posts_the_body_and_headers_and_gives_the_answer() -> None:
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.method, request.path_qs, request.headers["X-Own"], await request.read()))
        return web.Response(status=202, text="taken", headers={"Retry-After": "7"})

    async with serving(handler) as port, calling() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/in%2Fto?a=%20b", {"X-Own": "1"}, b"body")
    assert seen == [("POST", "/in%2Fto?a=%20b", "1", b"body")]
    assert (answer.status, answer.body, answer.is_cut, answer.is_success) == (202, b"taken", False, True)
    assert answer.headers["retry-after"] == "7"


async def test_loopback_is_refused_unless_it_is_allowed() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise AssertionError("reached")

    async with serving(handler) as port, calling(PLAIN) as client:
        assert await fault(client, f"http://127.0.0.1:{port}/") is Fault.URL_REFUSED
        # What the system makes of these is 127.0.0.1, which the text does not show.
        for odd in ("2130706433", "0x7f.1", "127.1", "0177.0.0.1"):
            assert await fault(client, f"http://{odd}:{port}/") is Fault.URL_REFUSED
        # Whatever the system's resolver makes of a name is checked.
        assert await fault(client, f"http://localhost.:{port}/") is Fault.URL_REFUSED


async def test_a_name_of_a_private_address_is_refused_even_beside_a_public_one() -> None:
    for addresses in (["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1"]):
        async with calling(PLAIN, named(addresses)) as client:
            assert await fault(client, "http://shop.example/") is Fault.ADDRESS_REFUSED


class Noting(GuardedClient):
    """Connects to nobody, and notes to whom it would have."""

    def __init__(self, lookup: Lookup) -> None:
        super().__init__(PLAIN, lookup)
        self.connected: list[tuple[str, int]] = []

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        super()._socket(info).close()
        self.connected.append(info[4][:2])
        raise ConnectionRefusedError


async def test_it_connects_to_the_address_that_it_checked_although_the_name_means_another_by_then() -> None:
    """Names whose owner answers the check with a public address and the connection with a private one."""
    client = Noting(named(["1.1.1.1", "2606:4700::1111"], ["127.0.0.1"]))
    assert await fault(client, "http://shop.example:8080/") is Fault.NOT_CONNECTED
    assert sorted(client.connected) == [("1.1.1.1", 8080), ("2606:4700::1111", 8080)]
    # The next call looks the name up anew, and finds it out.
    assert await fault(client, "http://shop.example:8080/") is Fault.ADDRESS_REFUSED
    assert len(client.connected) == 2
    await client.close()


async def test_what_the_systems_resolver_finds_is_checked() -> None:
    elsewhere = OutboundRules(networks_of(["10.0.0.0/8"]), is_plain_allowed=True)
    async with calling(elsewhere) as client:
        assert await fault(client, "http://localhost:9999/") is Fault.ADDRESS_REFUSED


async def test_no_connection_begins_to_an_address_that_nobody_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unchecked(self: GuardedClient, host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(GuardedClient, "_checked", unchecked)
    async with calling(PLAIN) as client:
        assert await fault(client, "http://shop.example:9999/") is Fault.ADDRESS_REFUSED


async def test_redirects_are_answers_and_not_followed() -> None:
    reached = []

    async def handler(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response(status=307, headers={"Location": "http://169.254.169.254/latest"})

    async with serving(handler) as port, calling() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/first", {}, b"{}")
    assert (answer.status, answer.is_success, reached) == (307, False, ["/first"])


async def test_a_huge_body_is_cut_and_the_connection_given_up() -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            for _ in range(10_000):
                await answer.write(b"x" * 65536)
                sent += 1
        except ConnectionError:
            pass
        return answer

    async with serving(handler) as port, calling() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/", {}, b"{}", body_kept_bytes=100)
    assert (answer.body, answer.is_cut) == (b"x" * 100, True)
    assert sent < 1000


async def test_packed_bodies_are_not_unpacked() -> None:
    packed = gzip.compress(b"0" * 1_000_000)

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with serving(handler) as port, calling() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/", {}, b"{}", body_kept_bytes=4096)
    assert answer.body == packed


async def test_silence_and_drops_end_at_the_time_out() -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        if request.path == "/drops":
            answer = web.StreamResponse()
            await answer.prepare(request)
            while True:
                await answer.write(b"x")
                await asyncio.sleep(0.05)
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(silent) as port, calling() as client:
        for path in ("/silent", "/drops"):
            assert await fault(client, f"http://127.0.0.1:{port}{path}", timeout_s=0.3) is Fault.TIMED_OUT


async def test_a_server_that_is_away_or_speaks_no_http() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"+OK not http\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with calling() as client:
        assert await fault(client, f"http://127.0.0.1:{port}/") is Fault.BROKEN_ANSWER
        server.close()
        await server.wait_closed()
        assert await fault(client, f"http://127.0.0.1:{port}/") is Fault.NOT_CONNECTED


async def test_a_certificate_is_checked_by_the_authorities_that_are_named(tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="taken")

    tls, ca = certificate(tmp_path)
    trusting = OutboundRules(HERE.networks, ca_file=str(ca))
    async with serving(handler, tls) as port:
        async with calling(trusting) as client:
            assert (await client.post(f"https://127.0.0.1:{port}/", {}, b"{}")).body == b"taken"
        async with calling(OutboundRules(HERE.networks)) as client:
            assert await fault(client, f"https://127.0.0.1:{port}/") is Fault.TLS


@pytest.mark.parametrize(
    ("host", "valid"), [("127.0.0.2", timedelta(days=1)), ("127.0.0.1", timedelta(seconds=-1))]
)
async def test_a_certificate_for_another_host_or_of_yesterday_is_refused_before_anything_is_sent(
    tmp_path: Path, host: str, valid: timedelta
) -> None:
    async def handler(_: web.Request) -> web.Response:
        raise AssertionError("reached")

    tls, ca = certificate(tmp_path, host, valid)
    async with (
        serving(handler, tls) as port,
        calling(OutboundRules(HERE.networks, ca_file=str(ca))) as client,
    ):
        assert await fault(client, f"https://127.0.0.1:{port}/") is Fault.TLS


async def test_a_server_that_speaks_no_tls_is_not_spoken_to_plainly(tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.Response:
        raise AssertionError("reached")

    async with serving(handler) as port, calling() as client:
        assert await fault(client, f"https://127.0.0.1:{port}/") is Fault.TLS


async def test_a_name_without_an_address() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise OSError("unknown")

    async with calling(PLAIN, lookup) as client:
        assert await fault(client, "http://nowhere.example/") is Fault.NAME_UNKNOWN
    async with calling(PLAIN, named([])) as client:
        assert await fault(client, "http://nowhere.example/") is Fault.NAME_UNKNOWN


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="direct")

    async with serving(handler) as port, calling() as client:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert (await client.post(f"http://127.0.0.1:{port}/", {}, b"")).body == b"direct"


async def test_cookies_are_not_kept() -> None:
    cookies = []

    async def handler(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "a=b"})

    async with serving(handler) as port, calling() as client:
        for _ in range(2):
            await client.post(f"http://127.0.0.1:{port}/", {}, b"")
    assert cookies == [None, None]
