"""What a GraphQL request over HTTP says: its headers, its body in time and in size, strict JSON of the right shape."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from resolvers.deadlines import Deadlines
from resolvers.operations import Request

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
_FIELDS: dict[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "operationName": (str, "a string"),
    "variables": (dict, "an object"),
    "extensions": (dict, "an object"),
}


class Unacceptable(Exception):
    """A request that is no GraphQL request; `status` and `headers` are of the answer."""

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, code: str = "BAD_REQUEST"
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        self.code = code


@dataclass(frozen=True, slots=True)
class Head:
    """The headers that matter."""

    content_type: str = ""
    content_encoding: str = ""
    content_length: str = ""
    accept: str = ""
    authorization: str | None = None

    @classmethod
    def of(cls, scope: Scope) -> "Head":
        """The first of each; header values are latin-1, whatever they hold."""
        found: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _NAMES and name not in found:
                found[name] = value.decode("latin-1")
        return cls(
            found.get(b"content-type", ""),
            found.get(b"content-encoding", ""),
            found.get(b"content-length", ""),
            found.get(b"accept", ""),
            found.get(b"authorization"),
        )


_NAMES = frozenset((b"content-type", b"content-encoding", b"content-length", b"accept", b"authorization"))


def check_content(head: Head) -> None:
    """Raises: Unacceptable for what is not plain JSON in UTF-8: no page of another origin can send that unasked."""
    if head.content_type == JSON and not head.content_encoding:
        return
    kind, _, parameters = head.content_type.lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "') or "utf-8"
    if kind.strip() != JSON or charset not in ("utf-8", "utf8"):
        raise Unacceptable(415, "Send application/json in UTF-8.", {"Accept-Post": JSON})
    if head.content_encoding.strip().lower() not in ("", "identity"):
        raise Unacceptable(415, "Bodies are taken without an encoding.", {"Accept-Encoding": "identity"})


async def read_body(receive: Receive, head: Head, *, limit_bytes: int, deadlines: Deadlines) -> bytes:
    """The whole body. Raises: Unacceptable when too large (413) or too slow (408), ClientDisconnect."""
    stated = head.content_length
    if stated.isdecimal() and int(stated[:20]) > limit_bytes:
        raise _too_large(limit_bytes)
    parts: list[bytes] = []
    size = 0
    try:
        async with deadlines.job():
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > limit_bytes:
                    raise _too_large(limit_bytes)
                if not message.get("more_body"):
                    return b"".join((*parts, part)) if parts else part
                parts.append(part)
    except TimeoutError:
        raise Unacceptable(
            408, f"The body did not arrive within {deadlines.limit_s:g} seconds.", {"Connection": "close"}
        ) from None


def _too_large(limit_bytes: int) -> Unacceptable:
    return Unacceptable(
        413, f"A request body has at most {limit_bytes} bytes.", {"Connection": "close"}, "TOO_LARGE"
    )


def parse_body(body: bytes) -> Request:
    """What a POST asks for. Raises: Unacceptable."""
    return _request(_json(body, "The body"))


def parse_query_string(query_string: bytes) -> Request:
    """What a GET asks for. Raises: Unacceptable."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError as error:
        raise Unacceptable(400, "The query string can't be read.") from error
    stated: dict[str, Any] = {}
    for name, value in pairs:
        if name in stated:
            raise Unacceptable(400, f"`{name[:50]}` is stated twice.")
        stated[name] = value
    for name in ("variables", "extensions"):
        if stated.get(name):
            stated[name] = _json(stated[name], f"`{name}`")
        elif name in stated:
            stated[name] = None
    return _request(stated)


def _json(text: bytes | str, what: str) -> Any:
    """Strict: no NaN, no lone surrogates, no endless nesting, no numbers of thousands of digits."""
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unacceptable(400, f"{what} is not JSON.") from error


def _request(stated: object) -> Request:
    """Raises: Unacceptable for what is of the wrong kind."""
    if isinstance(stated, list):
        raise Unacceptable(400, "Batching is not enabled.")
    if not isinstance(stated, dict):
        raise Unacceptable(400, "The body must be a JSON object.")
    for name, (kind, called) in _FIELDS.items():
        value = stated.get(name)
        if value is not None and not isinstance(value, kind):
            raise Unacceptable(400, f"`{name}` must be {called} or null, if provided.")
    return Request(
        stated.get("query"), stated.get("variables"), stated.get("operationName"), stated.get("extensions")
    )


def prefers_response_json(accept: str) -> bool:
    """Whether an Accept header names the newer media type and likes it no less than plain JSON."""
    if RESPONSE_JSON not in accept.lower():
        return False
    liked = {JSON: 0.0, RESPONSE_JSON: 0.0}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name in liked:
            liked[name] = max(liked[name], _quality(parameters))
    return liked[RESPONSE_JSON] > 0 and liked[RESPONSE_JSON] >= liked[JSON]


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
