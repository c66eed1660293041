"""An operation's plan: its root fields with their arguments, and the functions that complete their values."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values
from strawberry import ID, Schema
from strawberry.relay import GlobalID
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UnsetType

from resolvers.execution.completing import TYPENAME, Call, Completing
from resolvers.execution.readers import Way, root_reader_of, strawberry_of
from resolvers.execution.selections import Conditions, Selections
from resolvers.execution.surprises import Unsupported
from resolvers.execution.variables import NO_VARIABLES

_IMMUTABLE = (str, int, float, bool, bytes, Enum, date, datetime, type(None), UnsetType)


class Arguments:
    """One field's arguments: coerced once and for all where no variable decides them, else once a run."""

    def __init__(self, definition: GraphQLField, node: FieldNode, convert: Callable[[Any], Any]) -> None:
        self._definition = definition
        self._node = node
        self._convert = convert
        self._fixed: dict[str, Any] | None = None
        if not definition.args:
            self._fixed = {}
        elif not _names_variable(node):
            values = convert(get_argument_values(definition, node, NO_VARIABLES, hide_suggestions=True))
            # A list or an input object could be changed by its resolver: those are made anew each time.
            if all(isinstance(value, _IMMUTABLE) for value in values.values()):
                self._fixed = values

    def of(self, variables: VariableValues) -> dict[str, Any]:
        """By name. Raises: GraphQLError for what can't be coerced."""
        if self._fixed is not None:
            return self._fixed
        found: dict[str, Any] = self._convert(
            get_argument_values(self._definition, self._node, variables, hide_suggestions=True)
        )
        return found


@dataclass(frozen=True, slots=True)
class Root:
    """One root field: how its value is had, and the function that completes it."""

    key: str
    call: Call
    arguments: Arguments
    complete: Callable[[Any, Any], Any]
    waits: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What one operation does, under given conditions of its directives."""

    kind: GraphQLObjectType
    roots: list[Root]
    typenames: dict[str, str]
    keys: list[str]
    calls: list[tuple[Call, Arguments | None]]
    lines: int

    @classmethod
    def of(
        cls,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        conditions: Conditions,
    ) -> "Plan":
        """Compile. Raises: Unsupported."""
        kind = schema.get_root_type(operation.operation)
        if kind is None or operation.directives:
            raise Unsupported("operation")
        selections = Selections(schema, fragments, conditions)
        completing = Completing(schema, selections)
        found = selections.of(kind, [operation.selection_set])
        typenames: dict[str, str] = {}
        functions: dict[str, tuple[str, bool]] = {}
        for key, nodes in found.items():
            name = nodes[0].name.value
            if name == TYPENAME:
                typenames[key] = kind.name
            elif name.startswith("__"):
                raise Unsupported("introspection")
            else:
                functions[key] = completing.function(kind.fields[name].type, nodes)
        built = completing.build()
        roots = []
        for key, (function, waits) in functions.items():
            nodes = found[key]
            definition = kind.fields[nodes[0].name.value]
            call = Call(
                root_reader_of(schema, kind, nodes[0].name.value, definition), kind, definition, nodes
            )
            arguments = _call_arguments(schema, call) or Arguments(definition, nodes[0], dict)
            roots.append(Root(key, call, arguments, built[function], waits))
        calls = [(call, _call_arguments(schema, call)) for call in completing.calls]
        return cls(kind, roots, typenames, list(found), calls, completing.source.count("\n"))


LINES_KEPT = 200_000
"""Of generated source in all, some 150 bytes of memory each."""


class PlanStore:
    """Plans of many operations, the least recently used of them forgotten: abstract types within abstract types can make
    a long plan of a short text."""

    def __init__(self, lines_max: int = LINES_KEPT) -> None:
        self._lines_max = lines_max
        self._plans: OrderedDict[Hashable, Plan] = OrderedDict()
        self.lines = 0

    def get(self, key: Hashable) -> Plan | None:
        """The plan, if it is still there."""
        plan = self._plans.get(key)
        if plan is not None:
            self._plans.move_to_end(key)
        return plan

    def put(self, key: Hashable, plan: Plan) -> None:
        """Keep a plan that was not there."""
        self._plans[key] = plan
        self.lines += plan.lines
        while self.lines > self._lines_max and len(self._plans) > 1:
            _, forgotten = self._plans.popitem(last=False)
            self.lines -= forgotten.lines


def _call_arguments(schema: GraphQLSchema, call: Call) -> Arguments | None:
    if call.reader.way is Way.BATCH:
        return None
    if call.reader.way is Way.STOCK:
        return Arguments(call.definition, call.nodes[0], dict)
    if not call.definition.args:
        return None
    return Arguments(call.definition, call.nodes[0], _converter(strawberry_of(schema), call.reader.field))


def _converter(made_by: Schema, field: StrawberryField) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """From graphql-core's arguments to what the resolver's function takes."""
    registry, config = made_by.schema_converter.scalar_registry, made_by.config
    names = {}
    for argument in field.arguments:
        kind = argument.type.of_type if type(argument.type) is StrawberryOptional else argument.type
        if not _is_plain(kind, registry):
            return lambda values: convert_arguments(
                values, field.arguments, scalar_registry=registry, config=config
            )
        names[config.name_converter.from_argument(argument)] = argument.python_name
    return lambda values: {names[name]: value for name, value in values.items()}


def _is_plain(kind: object, registry: Mapping[object, Any]) -> bool:
    """Whether Strawberry hands values of that type on as graphql-core coerced them."""
    if isinstance(kind, StrawberryEnumDefinition) or kind in (str, int, float, bool, ID):
        return True
    return kind in registry and kind is not GlobalID


def _names_variable(node: FieldNode) -> bool:
    class Finder(Visitor):
        found = False

        def enter_variable(self, _node: VariableNode, *_: Any) -> None:
            self.found = True

    finder = Finder()
    for argument in node.arguments or ():
        visit(argument, finder)
    return finder.found
