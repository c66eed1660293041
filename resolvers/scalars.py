"""Scalars: whole numbers beyond 32 bits, and instants that state their zone."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from gamification.kit.errors import ErrorCode
from gamification.kit.numbers import LONG_MAX

Long = NewType("Long", int)
"""A whole number within ±(2^53 − 1), a JSON number."""


def _long(value: Any) -> Long:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, float):
        raise _inexact(f"Long can't represent {value!r}: a whole number within ±{LONG_MAX} is needed.")
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError(f"Long can't represent {value!r}: a whole number is needed.")
    if abs(value) > LONG_MAX:
        raise _inexact(f"Long can't represent {value}: it is beyond ±{LONG_MAX}.")
    return Long(value)


def _inexact(message: str, node: ValueNode | None = None) -> GraphQLError:
    return GraphQLError(message, node, extensions={"code": ErrorCode.NOT_EXACT.value, "limit": LONG_MAX})


def _long_literal(node: ValueNode, _variables: Any = None) -> Long:
    if not isinstance(node, IntValueNode) or len(node.value) > len(str(LONG_MAX)) + 1:
        raise _inexact("Long needs a whole number within ±(2^53 − 1).", node)
    return _long(int(node.value))


@lru_cache(maxsize=20_000)
def format_instant(value: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-21T08:30:00.000Z`."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return f"{value.isoformat(timespec='milliseconds')[:-6]}Z"


def _instant(value: Any) -> datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise GraphQLError("DateTime needs an RFC 3339 text such as 2026-11-21T08:30:00Z.")
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise GraphQLError(f"DateTime {value!r} states no zone: end it with Z or an offset.")
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError(f"DateTime can't represent {value!r}; write 2026-11-21T08:30:00Z.") from error


def _instant_literal(node: ValueNode, _variables: Any = None) -> datetime:
    return _instant(node.value if isinstance(node, StringValueNode) else None)


SCALARS: dict[object, ScalarDefinition] = {
    Long: strawberry.scalar(
        name="Long",
        description="A whole number within ±(2^53 − 1), as a JSON number.",
        serialize=_long,
        parse_value=_long,
        parse_literal=_long_literal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339 in UTC, to the millisecond.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=format_instant,
        parse_value=_instant,
        parse_literal=_instant_literal,
    ),
}
