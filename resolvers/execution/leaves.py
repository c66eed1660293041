"""How a scalar's or an enum's value is checked: the common Python type in place, all others by the type's own way."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import is_awaitable

from gamification.kit.numbers import LONG_MAX
from resolvers.execution.surprises import Surprise
from resolvers.execution.writer import Writer

_INT_MAX = 2**31 - 1


def check(writer: Writer, kind: GraphQLLeafType, variable: str) -> None:
    """Lines that replace a value which is not null by what the answer holds."""
    slow = writer.constant(_by_own_way(kind), "slow")
    test = _as_it_is(writer, kind, variable)
    if test is not None:
        with writer.block(f"if not ({test}):"):
            writer.line(f"{variable} = {slow}({variable})")
        return
    table = _enum_table(kind)
    if table is not None:
        names = writer.constant(table, "names")
        enum = writer.constant(type(next(iter(table))), "enum")
        writer.line(f"{variable} = {names}[{variable}] if type({variable}) is {enum} else {slow}({variable})")
    elif kind.name == "DateTime":
        instant = writer.constant(datetime, "datetime")
        shown = writer.constant(kind.coerce_output_value, "shown")
        writer.line(
            f"{variable} = {shown}({variable}) if type({variable}) is {instant} else {slow}({variable})"
        )
    else:
        writer.line(f"{variable} = {slow}({variable})")


def _as_it_is(writer: Writer, kind: GraphQLLeafType, variable: str) -> str | None:
    """The test of values that the type hands out unchanged; None where there are none such."""
    if kind in (GraphQLString, GraphQLID):
        return f"type({variable}) is str"
    if kind is GraphQLBoolean:
        return f"type({variable}) is bool"
    if kind is GraphQLInt:
        return f"type({variable}) is int and {-_INT_MAX - 1} <= {variable} <= {_INT_MAX}"
    if kind is GraphQLFloat:
        finite = writer.constant(math.isfinite, "finite")
        return f"type({variable}) is float and {finite}({variable})"
    if kind.name == "Long":
        return f"type({variable}) is int and {-LONG_MAX} <= {variable} <= {LONG_MAX}"
    return None


def _enum_table(kind: GraphQLLeafType) -> dict[Any, str] | None:
    """Member to name for an enum whose values are members of one Python enum."""
    wrapped = getattr(kind, "wrapped_cls", None)
    if not isinstance(kind, GraphQLEnumType) or wrapped is None:
        return None
    names = {value.value: name for name, value in kind.values.items()}
    try:
        return {member: names[member.value] for member in wrapped if member.value in names} or None
    except TypeError:  # a member whose value can't be a key
        return None


def _by_own_way(kind: GraphQLLeafType) -> Callable[[Any], Any]:
    coerce = kind.coerce_output_value

    def slow(value: Any) -> Any:
        if value is None or value is Undefined or isinstance(value, Exception) or is_awaitable(value):
            raise Surprise("value")
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Surprise("value")
        return coerced

    return slow
