"""Documents that ask for everything a schema has, made from the schema itself, and what their answers showed.

- `selection(type)`: all fields of all types below a type.
- `calls(field, pools)`: the arguments with which a root field is tried.
- `leaves(answer)`: the (type, field) pairs that had a value.
"""

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

Pools = Mapping[str, Sequence[Any]]
"""Values by the name of an argument or input field with that of its type, as in `from: Date`, else by its name alone, else by that of its
type."""
_TRIED_MAX = 400


class NothingToTry(AssertionError):
    """A required argument that no pool has a value for: the test must be taught one."""


@dataclass(eq=False)
class _Place:
    """Where a document reaches objects of one type, and whether it goes on from there."""

    kind: GraphQLObjectType
    goes_on: bool = False
    below: dict[str, list["_Place"]] = field(default_factory=dict)


def selection(schema: GraphQLSchema, kind: Any, pools: Pools) -> str:
    """Everything below a type, in braces; nothing for a leaf. Each type is gone into where it is reached first, level
    by level; elsewhere it gives its leaves."""
    if is_leaf_type(get_named_type(kind)):
        return ""
    first = _places(schema, kind)
    pending, seen = deque(first), set[str]()
    while pending:
        place = pending.popleft()
        if place.kind.name in seen:
            continue
        seen.add(place.kind.name)
        place.goes_on = True
        for name, stated in place.kind.fields.items():
            if not is_leaf_type(get_named_type(stated.type)):
                place.below[name] = _places(schema, stated.type)
                pending.extend(place.below[name])
    return _all_of(kind, first, pools)


def lean(schema: GraphQLSchema, kind: Any, pools: Pools, levels: int = 2) -> str:
    """So many levels below a type, and the leaves of the next, in braces; nothing for a leaf."""
    if is_leaf_type(get_named_type(kind)):
        return ""
    first = _places(schema, kind)
    places = first
    for _ in range(levels):
        following = []
        for place in places:
            place.goes_on = True
            for name, stated in place.kind.fields.items():
                if not is_leaf_type(get_named_type(stated.type)):
                    place.below[name] = _places(schema, stated.type)
                    following += place.below[name]
        places = following
    return _all_of(kind, first, pools)


def _places(schema: GraphQLSchema, kind: Any) -> list[_Place]:
    named = get_named_type(kind)
    return [
        _Place(one) for one in (schema.get_possible_types(named) if is_abstract_type(named) else (named,))
    ]


def _all_of(kind: Any, places: Sequence[_Place], pools: Pools) -> str:
    if not is_abstract_type(get_named_type(kind)):
        return _fields(places[0], pools)
    # Two members of a union may have one field of two types.
    parts = [f"... on {place.kind.name} {_fields(place, pools, f'{place.kind.name}__')}" for place in places]
    return f"{{ __typename {' '.join(parts)} }}"


def _fields(place: _Place, pools: Pools, prefix: str = "") -> str:
    parts = ["__typename"]
    for name, stated in place.kind.fields.items():
        is_leaf = is_leaf_type(get_named_type(stated.type))
        if not is_leaf and not place.goes_on:
            continue
        needed = {
            argument: _values(argument, found, pools)[0]
            for argument, found in stated.args.items()
            if is_required_argument(found)
        }
        below = "" if is_leaf else _all_of(stated.type, place.below[name], pools)
        called = f"{prefix}{name}: {name}" if prefix else name
        parts.append(f"{called}{arguments(needed, stated)} {below}")
    return f"{{ {' '.join(parts)} }}"


def calls(asked: GraphQLField, pools: Pools) -> Iterator[dict[str, Any]]:
    """The field's arguments: every combination of the required ones; beside the first of these, every value of each
    optional one."""
    required = {name: found for name, found in asked.args.items() if is_required_argument(found)}
    choices = [_values(name, found, pools) for name, found in required.items()]
    combined = [dict(zip(required, chosen, strict=True)) for chosen in itertools.product(*choices)]
    assert len(combined) <= _TRIED_MAX, "too many combinations: name these arguments in the pools"
    yield from combined
    for name, found in asked.args.items():
        if name not in required:
            for value in _values(name, found, pools, required=False):
                yield {**combined[0], name: value}


def _values(
    name: str, stated: GraphQLArgument | Any, pools: Pools, *, required: bool = True
) -> Sequence[Any]:
    kind = stated.type.of_type if isinstance(stated.type, GraphQLNonNull) else stated.type
    named = get_named_type(kind)
    found = pools.get(f"{name}: {named.name}", pools.get(name, pools.get(named.name)))
    if found is None and isinstance(named, GraphQLInputObjectType):
        found = list(_objects(named, pools))
    if isinstance(named, GraphQLEnumType):
        found = [one for one in found or () if one in named.values] or [Name(value) for value in named.values]
    if not found and required:
        raise NothingToTry(f"no value for the argument `{name}: {stated.type}`")
    return [list(found or ())] if is_list_type(kind) else list(found or ())


def _objects(kind: GraphQLInputObjectType, pools: Pools) -> Iterator[dict[str, Any]]:
    """Input objects: each with all required fields, and with one of the others."""
    needed = {n: _values(n, f, pools)[0] for n, f in kind.fields.items() if is_required_input_field(f)}
    if needed:
        names = list(needed)
        choices = [_values(name, kind.fields[name], pools) for name in names]
        yield from (dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*choices))
    for name, stated in kind.fields.items():
        if name not in needed:
            yield from ({**needed, name: value} for value in _values(name, stated, pools, required=False))


class Name(str):
    """What is written without quotes: an enum's value, a variable."""

    __slots__ = ()


def literal(value: Any) -> str:
    """A value as it stands in a document."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {literal(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def arguments(stated: Mapping[str, Any], asked: GraphQLField) -> str:
    """In brackets; nothing for none."""
    assert set(stated) <= set(asked.args)
    return f"({', '.join(f'{name}: {literal(value)}' for name, value in stated.items())})" if stated else ""


def leaves(
    answer: Any, is_own: Callable[[Mapping[str, Any]], bool] = lambda _: False
) -> set[tuple[str, str]]:
    """The leaves that were not null, by their object's type; what is below an object that is `is_own` is left out."""
    found: set[tuple[str, str]] = set()
    pending = [answer]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending.extend(part)
        if not isinstance(part, dict) or is_own(part):
            continue
        kind = part.get("__typename")
        for name, value in part.items():
            if name == "__typename":
                continue
            is_object = isinstance(value, dict) and "__typename" in value
            if is_object or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
                pending.append(value)
            elif value is not None and value != [] and kind:
                found.add((kind, name.rpartition("__")[2]))
            elif isinstance(value, dict):
                pending.append(value)
    return found


def all_leaves(schema: GraphQLSchema, root: GraphQLObjectType) -> set[tuple[str, str]]:
    """Every leaf of every object type that can be reached from a root."""
    found: set[tuple[str, str]] = set()
    pending, seen = [root], {root.name}
    while pending:
        kind = pending.pop()
        for name, stated in kind.fields.items():
            named = get_named_type(stated.type)
            if is_leaf_type(named):
                found.add((kind.name, name))
                continue
            for one in schema.get_possible_types(named) if is_abstract_type(named) else (named,):
                if one.name not in seen:
                    seen.add(one.name)
                    pending.append(one)
    return found
