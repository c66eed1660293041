"""The messages of graphql-transport-ws: which are well formed, and how ours are written. Source: the protocol's
description, https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md."""

import json
from collections.abc import Sequence
from typing import Any

import orjson
from graphql import GraphQLError

PROTOCOL = "graphql-transport-ws"
ACK = b'{"type":"connection_ack"}'
PONG = b'{"type":"pong"}'
ID_LENGTH_MAX = 128
_REASON_BYTES_MAX = 123
_SUBSCRIBE_FIELDS = {"variables": dict, "extensions": dict, "operationName": str}


def parsed(text: str) -> Any:
    """A message's JSON, strictly: no NaN, no lone surrogates, no endless nesting. Raises: ValueError."""
    try:
        return orjson.loads(text)
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deeply", "", 0) from error


def fault_of(message: object) -> str | None:
    """What is wrong with a message's shape; None when nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a type"
    kind, payload = message["type"], message.get("payload")
    if kind in ("connection_init", "ping", "pong"):
        return None if isinstance(payload, dict | None) else f"The payload of {kind} must be an object"
    if kind not in ("subscribe", "complete"):
        return "Unknown message type"
    if not isinstance(message.get("id"), str) or not 0 < len(message["id"]) <= ID_LENGTH_MAX:
        return f"The id must be a string of 1 to {ID_LENGTH_MAX} characters"
    return _fault_of_operation(payload) if kind == "subscribe" else None


def _fault_of_operation(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "The payload of subscribe must be an object"
    query, extensions = payload.get("query"), payload.get("extensions")
    # A persisted operation is named by its hash alone.
    if not isinstance(query, str) and not (query is None and isinstance(extensions, dict) and extensions):
        return "The payload of subscribe must have a query"
    for name, wanted in _SUBSCRIBE_FIELDS.items():
        if payload.get(name) is not None and not isinstance(payload[name], wanted):
            return f"The {name} of subscribe must be {'an object' if wanted is dict else 'a string'}"
    return None


def reason_of(text: str) -> str:
    """As much of a close reason as its frame can hold."""
    return text.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")


def pong(payload: dict[str, Any] | None) -> bytes:
    """The answer to a ping, with what it carried."""
    return b'{"type":"pong","payload":' + orjson.dumps(payload) + b"}" if payload else PONG


def next_prefix(operation_id: str) -> bytes:
    """What comes before a result; a bracket comes after it."""
    return b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'


def complete(operation_id: str) -> bytes:
    return b'{"id":' + orjson.dumps(operation_id) + b',"type":"complete"}'


def error(operation_id: str, errors: Sequence[GraphQLError]) -> bytes:
    formatted = [found.formatted for found in errors]
    return orjson.dumps({"id": operation_id, "type": "error", "payload": formatted})
