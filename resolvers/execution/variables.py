"""An operation's variables: plain values of plain types taken as they are, all others by graphql-core."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

NO_VARIABLES = VariableValues({}, {})
_INT_MAX = 2**31 - 1
_PLAIN: dict[Any, type] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
    GraphQLInt: int,
}


@dataclass(frozen=True, slots=True)
class _Known:
    """One variable; `plain` is the Python type that its values may have to be taken as they are."""

    signature: GraphQLVariableSignature
    plain: type
    may_be_null: bool
    may_be_absent: bool


class Variables:
    """Those that one operation defines."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        self._known = [self._describe(definition) for definition in definitions]
        self._are_plain = None not in self._known

    def of(self, inputs: dict[str, Any] | None) -> VariableValues:
        """Their coerced values. Raises: GraphQLError, the first of what is wrong."""
        if not self._definitions:
            return NO_VARIABLES
        inputs = inputs or {}
        if self._are_plain:
            taken = self._as_they_are(inputs)
            if taken is not None:
                return taken
        found = get_variable_values(self._schema, self._definitions, inputs, hide_suggestions=True)
        if isinstance(found, list):
            raise found[0]
        return found

    def _as_they_are(self, inputs: dict[str, Any]) -> VariableValues | None:
        """None where any of them needs a closer look."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for known in self._known:
            assert known is not None  # noqa: S101 - all are plain
            signature = known.signature
            value = inputs.get(signature.name, Undefined)
            if value is Undefined:
                if not known.may_be_absent:
                    return None
                sources[signature.name] = VariableValueSource(signature)
                continue
            if value is None:
                if not known.may_be_null:
                    return None
            elif type(value) is not known.plain or (
                type(value) is int and not -_INT_MAX - 1 <= value <= _INT_MAX
            ):
                return None
            sources[signature.name] = VariableValueSource(signature, value)
            coerced[signature.name] = value
        return VariableValues(sources, coerced)

    def _describe(self, definition: VariableDefinitionNode) -> _Known | None:
        signature = get_variable_signature(self._schema, definition)
        if isinstance(signature, GraphQLError):
            return None
        kind: Any = signature.type
        required = isinstance(kind, GraphQLNonNull)
        plain = _PLAIN.get(kind.of_type if required else kind)
        if plain is None:
            return None
        return _Known(signature, plain, not required, not required and definition.default_value is None)
