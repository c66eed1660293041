"""Which fields an operation asks of an object type. Source: GraphQL specification, CollectFields."""

from collections.abc import Iterable, Mapping

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from resolvers.execution.surprises import Unsupported

Conditions = Mapping[str, bool]
"""What the variables that decide @skip and @include are in this run."""


class Selections:
    """The selections of one operation, read under given conditions."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        conditions: Conditions,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._conditions = conditions

    def of(
        self, kind: GraphQLObjectType, sets: Iterable[SelectionSetNode | None]
    ) -> dict[str, list[FieldNode]]:
        """Response name to the nodes that ask for it, in the order of the answer. Raises: Unsupported."""
        found: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in sets:
            if selection_set is not None:
                self._collect(kind, selection_set, found, visited)
        return found

    def _collect(
        self,
        kind: GraphQLObjectType,
        selection_set: SelectionSetNode,
        found: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if not self._included(selection.directives or ()):
                continue
            if isinstance(selection, FieldNode):
                name = selection.alias.value if selection.alias else selection.name.value
                found.setdefault(name, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(condition.name.value, kind):
                    self._collect(kind, selection.selection_set, found, visited)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                visited.add(selection.name.value)
                fragment = self._fragments.get(selection.name.value)
                if fragment is None or fragment.variable_definitions:
                    raise Unsupported("fragment")
                if self._applies(fragment.type_condition.name.value, kind):
                    self._collect(kind, fragment.selection_set, found, visited)

    def _included(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            wanted = decided(directive, self._conditions)
            if wanted is not (directive.name.value == "include"):
                return False
        return True

    def _applies(self, name: str, kind: GraphQLObjectType) -> bool:
        if name == kind.name:
            return True
        condition = self._schema.type_map.get(name)
        return isinstance(condition, GraphQLInterfaceType | GraphQLUnionType) and self._schema.is_sub_type(
            condition, kind
        )


def decided(directive: DirectiveNode, conditions: Conditions) -> bool:
    """What @skip's or @include's `if` is. Raises: Unsupported for any other directive."""
    if directive.name.value not in ("skip", "include") or len(directive.arguments or ()) != 1:
        raise Unsupported("directive")
    value = (directive.arguments or ())[0].value
    if isinstance(value, BooleanValueNode):
        return value.value
    if isinstance(value, VariableNode):
        return conditions[value.name.value]
    raise Unsupported("directive")


def condition_variables(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """The variables that decide a @skip or @include anywhere in the operation. Raises: Unsupported for a directive
    of another kind."""
    names: set[str] = set()
    seen: set[str] = set()
    sets = [operation.selection_set]
    while sets:
        for selection in sets.pop().selections:
            for directive in selection.directives or ():
                names.update(_variables(directive))
            if isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in seen and name in fragments:
                    seen.add(name)
                    sets.append(fragments[name].selection_set)
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                sets.append(selection.selection_set)
    return tuple(sorted(names))


def _variables(directive: DirectiveNode) -> list[str]:
    if directive.name.value not in ("skip", "include"):
        raise Unsupported("directive")
    return [
        argument.value.name.value
        for argument in directive.arguments or ()
        if isinstance(argument.value, VariableNode)
    ]
