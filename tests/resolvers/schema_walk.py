"""Documents that ask for everything a schema has, made from the schema itself, and what their answers showed.

- `selection(type)`: all fields below a type, each type once on any way down.
- `calls(field, pools)`: the arguments with which a root field is tried.
- `leaves(answer)`: the (type, field) pairs that had a value.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
"""Values by the name of an argument or input field, else by the name of its type."""
_TRIED_MAX = 400


class NothingToTry(AssertionError):
    """A required argument that no pool has a value for: the test must be taught one."""


def selection(schema: GraphQLSchema, kind: Any, pools: Pools, path: tuple[str, ...] = ()) -> str:
    """Everything below a type, in braces; nothing for a leaf. A type that is on the way already gives its leaves."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if is_abstract_type(named):
        parts = [
            f"... on {one.name} {_fields(schema, one, pools, path, alias=True)}"
            for one in schema.get_possible_types(named)
        ]
        return f"{{ __typename {' '.join(parts)} }}"
    return _fields(schema, named, pools, path)


def _fields(
    schema: GraphQLSchema, kind: GraphQLObjectType, pools: Pools, path: tuple[str, ...], alias: bool = False
) -> str:
    parts = ["__typename"]
    for name, field in kind.fields.items():
        if not is_leaf_type(get_named_type(field.type)) and kind.name in path:
            continue
        # Two members of a union may have one field of two types.
        called = f"{kind.name}__{name}: {name}" if alias else name
        needed = {
            argument: _values(argument, stated, pools)[0]
            for argument, stated in field.args.items()
            if is_required_argument(stated)
        }
        below = selection(schema, field.type, pools, (*path, kind.name))
        parts.append(f"{called}{arguments(needed, field)} {below}")
    return f"{{ {' '.join(parts)} }}"


def calls(field: GraphQLField, pools: Pools) -> Iterator[str]:
    """The field's arguments: every combination of the required ones; beside the first of these, every value of each
    optional one."""
    required = {name: found for name, found in field.args.items() if is_required_argument(found)}
    choices = [_values(name, found, pools) for name, found in required.items()]
    combined = [dict(zip(required, chosen, strict=True)) for chosen in itertools.product(*choices)]
    assert len(combined) <= _TRIED_MAX, "too many combinations: name these arguments in the pools"
    for stated in combined:
        yield arguments(stated, field)
    for name, found in field.args.items():
        if name not in required:
            for value in _values(name, found, pools, required=False):
                yield arguments({**combined[0], name: value}, field)


def _values(
    name: str, stated: GraphQLArgument | Any, pools: Pools, *, required: bool = True
) -> Sequence[Any]:
    kind = stated.type.of_type if isinstance(stated.type, GraphQLNonNull) else stated.type
    named = get_named_type(kind)
    found = pools.get(name, pools.get(named.name))
    if found is None and isinstance(named, GraphQLInputObjectType):
        found = list(_objects(named, pools))
    if found is None and isinstance(named, GraphQLEnumType):
        found = [Name(value) for value in named.values]
    if not found and required:
        raise NothingToTry(f"no value for the argument `{name}: {stated.type}`")
    return [[value] for value in found or ()] if is_list_type(kind) else list(found or ())


def _objects(kind: GraphQLInputObjectType, pools: Pools) -> Iterator[dict[str, Any]]:
    """Input objects: each with all required fields, and with one of the others."""
    needed = {n: _values(n, f, pools)[0] for n, f in kind.fields.items() if is_required_input_field(f)}
    if needed:
        names = list(needed)
        choices = [_values(name, kind.fields[name], pools) for name in names]
        yield from (dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*choices))
    for name, field in kind.fields.items():
        if name not in needed:
            yield from ({**needed, name: value} for value in _values(name, field, pools, required=False))


class Name(str):
    """A literal that is written without quotes."""

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


def arguments(stated: Mapping[str, Any], field: GraphQLField) -> str:
    """In brackets; nothing for none."""
    assert set(stated) <= set(field.args)
    return f"({', '.join(f'{name}: {literal(value)}' for name, value in stated.items())})" if stated else ""


def leaves(answer: Any, is_own: Callable[[Mapping[str, Any]], bool] = lambda _: False) -> set[tuple[str, str]]:
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
        for name, field in kind.fields.items():
            named = get_named_type(field.type)
            if is_leaf_type(named):
                found.add((kind.name, name))
                continue
            for one in schema.get_possible_types(named) if is_abstract_type(named) else (named,):
                if one.name not in seen:
                    seen.add(one.name)
                    pending.append(one)
    return found
