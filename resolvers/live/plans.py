"""A subscription's selection in two: what all its audience shares, and each viewer's own part."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
)
from graphql.execution.values import VariableValues

from resolvers.audience import Audience, audience_below, audience_of_fields
from resolvers.execution.running import Operation

OWN = frozenset({"viewer", "around"})
"""Fields of an update that are the viewer's own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one operation with its variables is executed for many. `layout` has the keys of the answer in order, and
    whether each is the viewer's own; a part that selects nothing is None."""

    root: str
    layout: tuple[tuple[str, bool], ...]
    whole: Operation
    shared: Operation | None
    own: Operation | None
    variables: dict[str, Any] | None
    audience: Audience
    own_audience: Audience

    @property
    def group_audience(self) -> Audience:
        """Of those who are one group: viewers' own parts are executed one by one, but in the group's locale."""
        if self.own is not None and self.own_audience is Audience.LOCALE:
            return max(self.audience, Audience.LOCALE)
        return self.audience


def make_plan(
    info: GraphQLResolveInfo[Any], variables: dict[str, Any] | None, *, compiled: bool = True
) -> Plan | None:
    """The plan of the operation whose root field is being resolved; None where what it selects beside the viewer's
    own fields is the caller's own, too.

    Fragments and directives at the update's own level are resolved here, as the library would; below it the nodes
    stay as they are, so that errors tell the places of the original document.
    """
    on = get_named_type(info.return_type).name
    fields = _collected(info, on)
    shared = [node for nodes in fields.values() for node in nodes if node.name.value not in OWN]
    own = [node for nodes in fields.values() for node in nodes if node.name.value in OWN]
    audience = audience_of_fields(info.schema, shared, on, info.fragments)
    if audience is Audience.CALLER or info.operation.directives:
        return None
    return Plan(
        root=_key(info.field_nodes[0]),
        layout=tuple((key, nodes[0].name.value in OWN) for key, nodes in fields.items()),
        whole=_operation(info, [node for nodes in fields.values() for node in nodes], compiled),
        shared=_operation(info, shared, compiled) if shared else None,
        own=_operation(info, own, compiled) if own else None,
        variables=variables,
        audience=audience,
        own_audience=audience_below(info.schema, own, "LeaderboardEntry", info.fragments),
    )


def _collected(info: GraphQLResolveInfo[Any], on: str) -> dict[str, list[FieldNode]]:
    """The update's fields by the key of the answer. Source: GraphQL specification, CollectFields()."""
    found: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()

    def visit(selections: Iterable[SelectionNode]) -> None:
        for selection in selections:
            if not _included(info, selection):
                continue
            if isinstance(selection, FieldNode):
                found.setdefault(_key(selection), []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or condition.name.value == on:
                    visit(selection.selection_set.selections)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                definition: FragmentDefinitionNode = info.fragments[selection.name.value]
                if definition.type_condition.name.value == on:
                    visit(definition.selection_set.selections)

    for node in info.field_nodes:
        if node.selection_set:
            visit(node.selection_set.selections)
    return found


def _included(info: GraphQLResolveInfo[Any], node: SelectionNode) -> bool:
    values: Any = info.variable_values
    if isinstance(values, dict):  # which of the two it is depends on who executes
        values = VariableValues({}, values)
    skip = get_directive_values(GraphQLSkipDirective, node, values)
    include = get_directive_values(GraphQLIncludeDirective, node, values)
    return not (skip and skip["if"]) and not (include and not include["if"])


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _operation(info: GraphQLResolveInfo[Any], nodes: list[FieldNode], compiled: bool) -> Operation:
    """The operation with only those fields of the update."""
    first = info.field_nodes[0]
    root = FieldNode(
        loc=first.loc,
        alias=first.alias,
        name=first.name,
        arguments=first.arguments,
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(nodes)),
    )
    operation = OperationDefinitionNode(
        loc=info.operation.loc,
        operation=info.operation.operation,
        name=info.operation.name,
        variable_definitions=info.operation.variable_definitions,
        directives=(),
        selection_set=SelectionSetNode(selections=(root,)),
    )
    document = DocumentNode(definitions=(operation, *info.fragments.values()))
    return Operation(info.schema, document, operation, compiled=compiled)
