"""Answers of GraphQL over HTTP: media type, status, bytes. Source: the GraphQL over HTTP specification."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.types import Send

from api.graphql.requests import JSON, RESPONSE_JSON, Head, prefers_response_json

_JSON_TYPE = b"application/json"
_RESPONSE_TYPE = f"{RESPONSE_JSON}; charset=utf-8".encode()


def encode(answer: ExecutionResult, cost: int) -> bytes:
    """What ran, with what it cost."""
    payload: dict[str, Any] = {"data": answer.data}
    if answer.errors:
        payload["errors"] = [error.formatted for error in answer.errors]
    payload["extensions"] = {**(answer.extensions or {}), "cost": cost}
    return orjson.dumps(payload)


def encode_refusal(errors: Iterable[GraphQLError]) -> bytes:
    """What did not run: without data, for there are none to speak of."""
    return orjson.dumps({"errors": [error.formatted for error in errors]})


async def send_answer(send: Send, head: Head, body: bytes, *, is_refusal: bool = False) -> None:
    """Bytes in the media type that is asked for; only in the newer one a refusal is a 400."""
    is_newer = prefers_response_json(head.accept)
    await send_bytes(
        send, 400 if is_refusal and is_newer else 200, body, _RESPONSE_TYPE if is_newer else _JSON_TYPE
    )


async def send_error(
    send: Send, status: int, message: str, code: str, headers: Mapping[str, str] | None = None
) -> None:
    """A request that is no GraphQL request, or is not let in."""
    document = {"errors": [{"message": message, "extensions": {"code": code}}]}
    await send_bytes(send, status, orjson.dumps(document), JSON.encode(), headers)


async def send_bytes(
    send: Send, status: int, body: bytes, media_type: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """A whole response."""
    stated = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    for name, value in (headers or {}).items():
        stated.append((name.lower().encode(), value.encode()))
    await send({"type": "http.response.start", "status": status, "headers": stated})
    await send({"type": "http.response.body", "body": body})
