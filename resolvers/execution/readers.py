"""How a field's value is had from its object: what Strawberry does for it, without the steps that do nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from inspect import isfunction
from typing import Any
from weakref import WeakKeyDictionary

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from resolvers.execution.surprises import Unsupported
from resolvers.fields import BATCH, PATH


class Way(Enum):
    """How a value is had."""

    ATTRIBUTE = auto()
    CALL = auto()
    BATCH = auto()
    STOCK = auto()


@dataclass(frozen=True, slots=True)
class Reader:
    """One field's. `path` is what follows the object and a dot (ATTRIBUTE); `call` the resolver's function (CALL,
    BATCH) or graphql-core's resolver (STOCK)."""

    way: Way
    field: StrawberryField
    path: str = ""
    call: Callable[..., Any] | None = None
    is_async: bool = False
    info_name: str | None = None
    takes_self: bool = False


def reader_of(schema: GraphQLSchema, kind: GraphQLObjectType, name: str, definition: GraphQLField) -> Reader:
    """How the field is read. Raises: Unsupported where the field is not Strawberry's."""
    field = (definition.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(field, StrawberryField) or definition_of(kind) is None or definition.resolve is None:
        raise Unsupported("introspection" if name.startswith("__") else "field")
    if field.extensions or _turns_exceptions(schema, field):
        return _stock(field, definition)
    resolver = field.base_resolver
    if resolver is None:
        if field.default_resolver is not getattr:
            return _stock(field, definition)
        return Reader(Way.ATTRIBUTE, field, field.python_name)
    if PATH in field.metadata:
        return Reader(Way.ATTRIBUTE, field, field.metadata[PATH])
    if BATCH in field.metadata:
        return Reader(Way.BATCH, field, call=field.metadata[BATCH], is_async=True)
    if resolver.parent_parameter or resolver.root_parameter or not isfunction(resolver.wrapped_func):
        return _stock(field, definition)
    info = resolver.info_parameter
    return Reader(
        Way.CALL,
        field,
        call=resolver.wrapped_func,
        is_async=field.is_async,
        info_name=info.name if info else None,
        takes_self=resolver.self_parameter is not None,
    )


def root_reader_of(
    schema: GraphQLSchema, kind: GraphQLObjectType, name: str, definition: GraphQLField
) -> Reader:
    """How a root field is read: by its function, or as graphql-core would; nothing is there yet to be gathered or
    to have attributes. Raises: Unsupported where the field is not Strawberry's."""
    reader = reader_of(schema, kind, name, definition)
    return reader if reader.way is Way.CALL else _stock(reader.field, definition)


def definition_of(kind: GraphQLObjectType) -> StrawberryObjectDefinition | None:
    """Strawberry's definition behind a type of graphql-core."""
    return (kind.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)


def strawberry_of(schema: GraphQLSchema) -> Schema:
    """The Strawberry schema that a schema of graphql-core was made by."""
    made_by: Schema = schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001 - as Info.schema does
    return made_by


def _stock(field: StrawberryField, definition: GraphQLField) -> Reader:
    return Reader(Way.STOCK, field, call=definition.resolve, is_async=field.is_async)


_TURNING: WeakKeyDictionary[GraphQLSchema, dict[StrawberryField, bool]] = WeakKeyDictionary()


def _turns_exceptions(schema: GraphQLSchema, field: StrawberryField) -> bool:
    """Whether exceptions of this field become members of its union. Kept, for Strawberry looks through all types below
    each time, which was most of compiling a document."""
    known = _TURNING.setdefault(schema, {})
    if (found := known.get(field)) is None:
        converter = strawberry_of(schema).schema_converter
        handlers = converter._get_field_exception_handlers(field)  # noqa: SLF001 - there is no public way to ask
        found = known[field] = bool(handlers)
    return found
