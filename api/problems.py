"""Refusals on plain routes: problem+json (RFC 9457) with the request id, never a traceback."""

from http import HTTPStatus
from typing import Any

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.callers.keysets import KeysUnavailable
from gamification.kit.errors import DomainError, ErrorCode
from storage.mongo import Contention, MongoUnavailable, TookTooLong

MEDIA_TYPE = "application/problem+json"
_STATUS = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.IDEMPOTENCY_CONFLICT: 409,
    ErrorCode.SURVEY_TOO_FEW: 409,
    ErrorCode.LIMIT_EXCEEDED: 413,
    ErrorCode.TOO_LARGE: 413,
}
TRY_LATER = (Contention, MongoUnavailable, TookTooLong, KeysUnavailable)
"""What passes by itself: the caller may try again."""


def problem(
    status: int, detail: str | None = None, *, headers: dict[str, str] | None = None, **members: Any
) -> Response:
    """A refusal. `members` are further members of the document; None leaves one out."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "requestId": structlog.contextvars.get_contextvars().get("request_id"),
        **members,
    }
    return Response(
        orjson.dumps({name: value for name, value in document.items() if value is not None}),
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def on_http_exception(_: Request, error: Exception) -> Response:
    """What Starlette refuses: unknown paths, methods, bodies over the limit."""
    if not isinstance(error, HTTPException):
        raise error
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else None
    return problem(error.status_code, detail, headers=dict(error.headers or {}))


def on_domain_error(_: Request, error: Exception) -> Response:
    """An expected refusal that a route let through."""
    if not isinstance(error, DomainError):
        raise error
    status = _STATUS.get(error.code, 400)
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if status == 401 else None
    return problem(
        status, error.message, headers=headers, code=error.code.value, path=error.path, limit=error.limit
    )


def on_try_later(_: Request, error: Exception) -> Response:
    """A server is away or overloaded."""
    structlog.get_logger().warning("request.deferred", error=type(error).__name__)
    return problem(503, "The request could not be done at present; try again.", headers={"Retry-After": "1"})


def on_crash() -> Response:
    """An error that nobody expected; the log has it under the same request id."""
    return problem(500, "Something went wrong here; the request id finds it in the log.", code="INTERNAL")
