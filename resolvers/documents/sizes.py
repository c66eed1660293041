"""How long a list may come out, as its field's arguments say: literals are read once, variables at each request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)

from resolvers.relay import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX

Variables = Mapping[str, Any]
"""As a request states them: not coerced yet, so they may be of any kind."""


@dataclass(frozen=True, slots=True)
class Size:
    """A length, from the values of some arguments. A dotted one is a field of an input: `input.activities`.

    `combine` gets a value each, None where there is none, and must bear every kind of value.
    """

    arguments: tuple[str, ...]
    combine: Callable[..., int]

    def reading(self, field: FieldNode, definition: GraphQLField) -> "int | Reading":
        """The length at this place of a document, or what reads it from a request's variables."""
        parts = [_argument(field, definition, path.split(".")) for path in self.arguments]
        if any(isinstance(part, _Variable) for part in parts):
            return Reading(self.combine, tuple(parts))
        return self.combine(*parts)


@dataclass(frozen=True, slots=True)
class Reading:
    """A length that depends on variables."""

    combine: Callable[..., int]
    parts: tuple[Any, ...]

    def __call__(self, variables: Variables) -> int:
        return self.combine(
            *(part.value(variables) if isinstance(part, _Variable) else part for part in self.parts)
        )


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    path: tuple[str, ...]

    def value(self, variables: Variables) -> Any:
        found = variables.get(self.name)
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found


def _page(first: Any, last: Any) -> int:
    stated = [_whole(value, 1, PAGE_SIZE_MAX) for value in (first, last) if value is not None]
    return max(stated, default=PAGE_SIZE_DEFAULT)


def _whole(value: Any, least: int, most: int) -> int:
    """A stated number, within what is taken. What is no number is refused before it matters."""
    return min(max(value, least), most) if isinstance(value, int) else most


def _length(value: Any) -> int:
    """Of a list; what is none stands for a list of one."""
    return len(value) if isinstance(value, list) else int(value is not None)


def _around(above: Any, below: Any) -> int:
    return _whole(above, 0, PAGE_SIZE_MAX) + _whole(below, 0, PAGE_SIZE_MAX) + 1


def _window(first: Any, around: Any) -> int:
    return max(_whole(first, 1, PAGE_SIZE_MAX), _around(around, around))


FIRST = Size(("first",), lambda first: _whole(first, 1, PAGE_SIZE_MAX))
"""A live list."""
PAGE = Size(("first", "last"), _page)
"""A page of a connection."""
ONWARD = Size(("first",), lambda first: _page(first, None))
"""Of what is read forward only."""
AROUND = Size(("above", "below"), _around)
"""The places around a member."""
WINDOW = Size(("first", "around"), _window)
"""The longer one of a live board's two lists."""


def length(argument: str) -> Size:
    """As long as the list that is given."""
    return Size((argument,), _length)


def _argument(field: FieldNode, definition: GraphQLField, path: list[str]) -> Any:
    """The value of an argument, or the variable that it comes from."""
    for stated in field.arguments or ():
        if stated.name.value == path[0]:
            return _value(stated.value, path[1:])
    argument = definition.args.get(path[0])
    return None if argument is None else _default(argument)


def _default(argument: GraphQLArgument) -> Any:
    """What holds where nothing is stated: made in Python, or written in a schema's text."""
    if argument.default is None:
        return None if argument.default_value is Undefined else argument.default_value
    literal = argument.default.literal
    return argument.default.value if literal is None else _value(literal, [])


def _value(node: ValueNode, path: list[str]) -> Any:
    if isinstance(node, VariableNode):
        return _Variable(node.name.value, tuple(path))
    if path:
        if isinstance(node, ObjectValueNode):
            for field in node.fields:
                if field.name.value == path[0]:
                    return _value(field.value, path[1:])
        return None
    if isinstance(node, IntValueNode):
        # Python refuses to read thousands of digits; any that long is beyond what is taken.
        return int(node.value) if len(node.value) < 20 else PAGE_SIZE_MAX
    if isinstance(node, ListValueNode):
        return list(node.values)
    return None if isinstance(node, NullValueNode) else node
