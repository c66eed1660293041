"""Which GraphQL errors a caller gets to see: those meant for them. Others are logged, and told as "Internal error."."""

from collections.abc import Sequence
from typing import Any

import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError

log = structlog.get_logger()
INTERNAL = "INTERNAL"


def presentable(errors: Sequence[GraphQLError], request_id: str) -> list[GraphQLError]:
    """The errors as the caller sees them; what nobody foresaw is logged under the same request id."""
    return [_presentable(error, request_id) for error in errors]


def _presentable(error: GraphQLError, request_id: str) -> GraphQLError:
    if error.extensions and "code" in error.extensions:
        return error
    cause = _cause(error)
    if cause is None:
        return error
    if isinstance(cause, CannotGetOperationTypeError):
        return GraphQLError(cause.as_http_error_reason())
    if isinstance(cause, MissingQueryError):
        return GraphQLError("No GraphQL query found in the request.")
    if _is_refused_value(error, cause):
        return error
    log.error("graphql.failed", path=_dotted(error.path), exc_info=cause)
    return GraphQLError(
        "Internal error.",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": INTERNAL, "requestId": request_id},
    )


def _cause(error: GraphQLError) -> BaseException | None:
    """What was raised at first; None where that was a GraphQL error, which is meant for the caller."""
    found: BaseException | None = error
    while isinstance(found, GraphQLError):
        found = found.original_error
    return found


def _is_refused_value(error: GraphQLError, cause: BaseException) -> bool:
    """A scalar refused a literal or variable: before any field ran (no path), at a place in the document."""
    return error.path is None and bool(error.nodes) and isinstance(cause, ValueError | TypeError)


def _dotted(path: Sequence[Any] | None) -> str | None:
    return None if path is None else ".".join(str(step) for step in path)
