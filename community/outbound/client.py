"""The HTTP client for addresses that others state. It connects only to an address that it has checked itself, follows no
redirect, knows no proxy, keeps no cookie, unpacks nothing, and reads no more of an answer than it was asked to.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from community.outbound.addresses import is_callable
from community.outbound.urls import OutboundRules, UrlRefused, checked_url
from gamification.kit.records import record

if TYPE_CHECKING:
    from aiohttp import ClientSession

TIMEOUT_S = 15.0
"""For all of one call: the name, the connection, the request and the answer."""
BODY_KEPT_BYTES = 1024
_LOOKUPS_AT_ONCE = 16
_HEADER_KEPT_CHARACTERS = 1000
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host. Raises: OSError."""


class Fault(StrEnum):
    """Why a call got no answer."""

    URL_REFUSED = "url_refused"
    ADDRESS_REFUSED = "address_refused"
    NAME_UNKNOWN = "name_unknown"
    NOT_CONNECTED = "not_connected"
    TLS = "tls"
    TIMED_OUT = "timed_out"
    BROKEN_ANSWER = "broken_answer"


class OutboundError(Exception):
    """There is no answer; the message is for whoever stated the URL, and tells nothing of this network."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message


@record(frozen=True, slots=True)
class Response:
    """What came back, whatever its status. `headers` by their names in small letters; `body` has the first bytes only
    where `is_cut`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class _AddressRefused(OSError):
    """A host's address is none that may be called."""


class GuardedClient:
    """Posts. One of a process is enough: connections are kept and used again; `close` it at the end."""

    def __init__(self, rules: OutboundRules | None = None, lookup: Lookup | None = None) -> None:
        self.rules = rules or OutboundRules()
        self._lookup = lookup or self._by_the_system
        self._threads: ThreadPoolExecutor | None = None
        self._session: ClientSession | None = None

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float = TIMEOUT_S,
        body_kept_bytes: int = BODY_KEPT_BYTES,
    ) -> Response:
        """The answer to one POST. Raises: OutboundError."""
        try:
            target = checked_url(url, self.rules)
        except UrlRefused as error:
            raise OutboundError(Fault.URL_REFUSED, str(error)) from error
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(target, headers, body, body_kept_bytes)
        except TimeoutError as error:
            raise OutboundError(Fault.TIMED_OUT, f"No answer within {timeout_s:g} seconds.") from error

    async def close(self) -> None:
        """Close what connections are open."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes, body_kept_bytes: int
    ) -> Response:
        import aiohttp
        from yarl import URL

        if self._session is None:
            self._session = self._opened()
        try:
            async with self._session.post(
                URL(url, encoded=True), headers=dict(headers), data=body, allow_redirects=False
            ) as answer:
                read = await _first_bytes(answer.content, body_kept_bytes + 1)
                kept = {
                    name.lower(): value[:_HEADER_KEPT_CHARACTERS] for name, value in answer.headers.items()
                }
                if len(read) > body_kept_bytes:
                    answer.close()  # else the rest would be read before the connection is used again
                return Response(answer.status, kept, read[:body_kept_bytes], len(read) > body_kept_bytes)
        except aiohttp.ClientConnectorDNSError as error:
            if isinstance(error.os_error, _AddressRefused):
                raise _refused() from error
            raise OutboundError(Fault.NAME_UNKNOWN, "The host has no address.") from error
        except aiohttp.ClientSSLError as error:
            raise OutboundError(Fault.TLS, "The host's certificate is not accepted.") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _AddressRefused):
                raise _refused() from error
            raise OutboundError(Fault.NOT_CONNECTED, "The host takes no connection.") from error
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            raise OutboundError(Fault.BROKEN_ANSWER, "The host gave no answer that is HTTP.") from error

    def _opened(self) -> "ClientSession":
        import ssl

        import aiohttp
        from aiohttp.abc import AbstractResolver, ResolveResult

        client = self

        class Resolver(AbstractResolver):
            async def resolve(
                self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
            ) -> list[ResolveResult]:
                return [
                    ResolveResult(
                        hostname=host,
                        host=address,
                        port=port,
                        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                        proto=socket.IPPROTO_TCP,
                        flags=socket.AI_NUMERICHOST,
                    )
                    for address in await client._checked(host, port)
                ]

            async def close(self) -> None:
                return None

        connector = aiohttp.TCPConnector(
            resolver=Resolver(),
            use_dns_cache=False,
            limit=0,
            keepalive_timeout=30,
            socket_factory=self._socket,
            ssl=ssl.create_default_context(cafile=self.rules.ca_file),
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            raise_for_status=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": "Starguild", "Accept-Encoding": "identity"},
        )

    async def _checked(self, host: str, port: int) -> list[str]:
        """The host's addresses, where all of them may be called: one that may not is an attempt."""
        found = list(dict.fromkeys(await self._lookup(host, port)))
        if not found:
            raise OSError("no address")
        if not all(is_callable(ip_address(one), self.rules.networks) for one in found):
            raise _AddressRefused("an address is refused")
        return found

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        # The last word: no connection begins, however its address was come by, unless the address may be called.
        family, kind, protocol, _, where = info
        if not is_callable(ip_address(where[0]), self.rules.networks):
            raise _AddressRefused("an address is refused")
        made = socket.socket(family, kind, protocol)
        made.settimeout(0)
        return made

    async def _by_the_system(self, host: str, port: int) -> list[str]:
        # Threads of its own: names that never resolve must not hold up whatever else needs a thread.
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_LOOKUPS_AT_ONCE, thread_name_prefix="outbound-names")
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(entry[4][0]) for entry in found]


async def _first_bytes(content: Any, limit: int) -> bytes:
    read = bytearray()
    while len(read) < limit:
        part = await content.read(limit - len(read))
        if not part:
            break
        read += part
    return bytes(read)


def _refused() -> OutboundError:
    return OutboundError(Fault.ADDRESS_REFUSED, "The host's address is not on the public internet.")
