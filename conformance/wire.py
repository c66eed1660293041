"""HTTP/1.1 by hand: requests that no client library would send, and what comes back."""

import asyncio
import http.client
import io
import json
from collections.abc import AsyncIterable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from conformance.checks import Failure
from conformance.target import Target

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; header names in lower case, the last of equal ones."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def json(self) -> Any:
        """Raises: Failure where the body is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failure(f"{self.status} with a body that is no JSON: {self.text[:120]!r}") from None

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The `errors` of a GraphQL response; empty where there are none."""
        document = self.json
        found: list[dict[str, Any]] = document.get("errors", []) if isinstance(document, dict) else []
        return found

    @property
    def codes(self) -> set[str]:
        """`extensions.code` of each error that has one, and the code of a problem document."""
        codes = {str((error.get("extensions") or {}).get("code", "")) for error in self.errors}
        document = self.json
        if isinstance(document, dict):
            codes.add(str(document.get("code", "")))
        return codes - {""}


class _Received:
    """What http.client reads from instead of a socket."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._received)


def request_head(method: str, path: str, headers: Headers | Iterable[tuple[str, str]]) -> bytes:
    """The head of a request as it goes over the wire, whatever is in it."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in pairs), "", ""]
    return "\r\n".join(lines).encode("latin-1", "surrogateescape")


async def exchange(
    target: Target, sent: bytes | AsyncIterable[bytes], *, method: str = "POST", seconds: float = 20
) -> Answer:
    """Send bytes on a connection of their own and read the first answer. A caller asks for `connection: close`
    in the bytes. Raises: Failure where none comes."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    sending = asyncio.create_task(_send(writer, sent))
    try:
        async with asyncio.timeout(seconds):
            received = await _read_to_end(reader)
    except TimeoutError:
        raise Failure(f"no answer within {seconds:g} s") from None
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await sending
        writer.close()
    return parse(received, method)


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server closes; a reset keeps what came before it."""
    received = bytearray()
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            received += part
    return bytes(received)


async def _send(writer: asyncio.StreamWriter, sent: bytes | AsyncIterable[bytes]) -> None:
    # A server that refuses early may close before all has been sent.
    with suppress(ConnectionError):
        if isinstance(sent, bytes):
            writer.write(sent)
            await writer.drain()
            return
        async for part in sent:
            writer.write(part)
            await writer.drain()


def parse(received: bytes, method: str = "POST") -> Answer:
    """The first answer in what was received. Raises: Failure where there is none."""
    if not received:
        raise Failure("the connection was closed without an answer")
    response = http.client.HTTPResponse(_Received(received), method=method)  # type: ignore[arg-type]  # needs only makefile
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, ValueError) as error:
        raise Failure(f"not an HTTP answer ({type(error).__name__}): {received[:120]!r}") from None
    return Answer(response.status, {n.lower(): v for n, v in response.getheaders()}, body)
