"""From domain errors to GraphQL: data where the result's union foresees it, a top-level error elsewhere."""

import re
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError

from community.screening.model import Screened
from gamification.kit import errors
from gamification.kit.errors import DomainError
from resolvers.scalars import Long
from storage.mongo import Contention, MongoUnavailable, TookTooLong

log = structlog.get_logger()

ErrorCode = errors.ErrorCode
strawberry.enum(
    ErrorCode,
    name="ErrorCode",
    description="What went wrong, for programs. Messages may change, codes don't.",
)


@strawberry.interface(description="What every typed error says.", name="Error")
class Error:
    code: ErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people; may change.")
    path: list[str] | None = strawberry.field(description="The input field at fault, from the input's root.")

    @classmethod
    def of(cls, error: DomainError) -> Any:
        """The typed error of a domain error."""
        return cls(code=error.code, message=error.message, path=error.path)


@strawberry.type(description="A field's value can't be taken.")
class InvalidInputError(Error):
    limit: Long | None = strawberry.field(description="The bound it broke, where there is one.")

    @classmethod
    def of(cls, error: DomainError) -> Any:
        limit = None if error.limit is None else Long(error.limit)
        return cls(code=error.code, message=error.message, path=error.path, limit=limit)


@strawberry.type(description="It is missing, or not visible to you: the two look alike.")
class NotFoundError(Error):
    pass


@strawberry.type(description="The state has moved on, or does not allow it.")
class ConflictError(Error):
    pass


@strawberry.type(description="The idempotency key came with another operation or input before.")
class IdempotencyConflictError(Error):
    pass


@strawberry.type(description="The balance does not reach.")
class InsufficientPointsError(Error):
    available: Long = strawberry.field(description="What can be spent, in the unit's smallest part.")
    requested: Long = strawberry.field(description="What was wanted.")

    @classmethod
    def of(cls, error: DomainError) -> Any:
        assert isinstance(error, errors.InsufficientPoints)  # noqa: S101 - its handler takes no other
        return cls(
            code=error.code,
            message=error.message,
            path=error.path,
            available=Long(error.available),
            requested=Long(error.requested),
        )


@strawberry.type(description="A rule of the programme refuses the text.")
class ScreenedError(Error):
    rule: str = strawberry.field(description="The rule's key.")

    @classmethod
    def of(cls, error: DomainError) -> Any:
        assert isinstance(error, Screened)  # noqa: S101 - its handler takes no other
        return cls(code=error.code, message=error.message, path=error.path, rule=error.rule)


_TYPES: dict[type[DomainError], type[Error]] = {
    errors.InvalidInput: InvalidInputError,
    errors.NotFound: NotFoundError,
    errors.Conflict: ConflictError,
    errors.IdempotencyConflict: IdempotencyConflictError,
    errors.InsufficientPoints: InsufficientPointsError,
    Screened: ScreenedError,
}
"""Those that results foresee; not signed in, not allowed and over a limit are always top-level errors."""


def _handler(raised: type[DomainError], shown: type[Error]) -> Any:
    """What turns one kind of exception into one type of error."""

    class Handler(strawberry.ExceptionHandler):  # type: ignore[type-arg]  # its types are only known here
        exception_type = raised
        error_type = shown

        def handle(self, exception: DomainError, **_: Any) -> Any:
            return shown.of(exception)

    return Handler()


HANDLERS = [_handler(raised, shown) for raised, shown in _TYPES.items()]


def typed(error: DomainError) -> Error:
    """A domain error as an object of the interface: for outcomes of bulk mutations."""
    for kind in type(error).__mro__:
        if kind in _TYPES:
            shown: Error = _TYPES[kind].of(error)
            return shown
    plain: Error = InvalidInputError.of(error)
    return plain


_VARIABLE = re.compile(r"Variable '\$(\w+)' has invalid value(?: at ([^:]+))?:")


def _refused(error: GraphQLError) -> GraphQLError:
    """A request that could not be executed: it is wrong in itself, or a variable is; the field is that variable's
    or what is at fault within it."""
    extensions = {"code": ErrorCode.INVALID_INPUT.value, **(error.extensions or {})}
    found = _VARIABLE.match(error.message)
    if found is not None:
        place = re.sub(r"\[(\d+)\]", r".\1", found[2] or found[1])
        extensions.setdefault("field", place.strip("."))
    return GraphQLError(
        error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        original_error=error.original_error,
        extensions=extensions,
    )


def coded(error: GraphQLError) -> GraphQLError:
    """The error with its code, field and limit, where it stems from the domain or is the request's own."""
    original = error.original_error
    if isinstance(original, Contention):
        original = errors.Conflict(str(original))
    if isinstance(original, MongoUnavailable):
        log.warning("database.unavailable", path=error.path, error=str(original)[:200])
        original = DomainError(
            "The database can't be reached; try again.",
            code=errors.ErrorCode.UNAVAILABLE,
        )
    if isinstance(original, TookTooLong):
        log.warning("database.slow", path=error.path, error=str(original)[:200])
        original = DomainError(
            "The database took too long and was stopped; try again.", code=errors.ErrorCode.UNAVAILABLE
        )
    if error.path is None and (original is None or isinstance(original, GraphQLError)):
        return _refused(error)
    if not isinstance(original, DomainError) or error.extensions:
        return error
    extensions: dict[str, Any] = {"code": original.code.value}
    if original.path is not None:
        extensions["field"] = ".".join(original.path)
    if original.limit is not None:
        extensions["limit"] = original.limit
    return GraphQLError(
        original.message, nodes=error.nodes, path=error.path, original_error=original, extensions=extensions
    )
