"""What an operation costs: the sum over its fields, where a list multiplies what is below it by its length.

Lengths may hang on variables. So a document is turned once into a short program, a step for each length that does,
which a request's variables run through; without such a length the cost is a number. A fragment is turned once and
not at every spread. The cost is an upper bound: of the types that an object may have, and of what `@skip` and
`@include` may leave out, everything is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

from resolvers.documents.counts import INTROSPECTION_FIELDS
from resolvers.documents.fragments import fragments_in_order
from resolvers.documents.sizes import Reading, Variables
from resolvers.documents.weights import LIST_LENGTH, SCHEMA, Weights, is_list

_NO_VARIABLES: Variables = {}


@dataclass(slots=True)
class _Sum:
    """A number, and how often the result of each step is added to it."""

    fixed: int = 0
    steps: dict[int, int] = field(default_factory=dict)

    def add(self, other: "_Sum", times: int = 1) -> None:
        self.fixed += other.fixed * times
        for step, count in other.steps.items():
            self.steps[step] = self.steps.get(step, 0) + count * times


@dataclass(slots=True)
class _Selected:
    """What a selection set costs: once, and for each item of the page that it is on."""

    once: _Sum = field(default_factory=_Sum)
    per_item: _Sum = field(default_factory=_Sum)

    def add(self, other: "_Selected") -> None:
        self.once.add(other.once)
        self.per_item.add(other.per_item)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one operation: a fixed part, and steps of which each multiplies a length by what is below it.

    A step is its length, the fixed part below, and (step, count) for each step before it that is below.
    """

    fixed: int
    added: tuple[tuple[int, int], ...]
    steps: tuple[tuple[Reading, int, tuple[tuple[int, int], ...]], ...]
    defaults: Mapping[str, Any]

    def of(self, variables: Variables | None) -> int:
        """The cost with a request's variables, which need not be coerced or right."""
        if not self.steps:
            return self.fixed
        stated = variables or _NO_VARIABLES
        if self.defaults:
            stated = {**self.defaults, **stated}
        results: list[int] = []
        for length, below, added in self.steps:
            for step, count in added:
                below += results[step] * count
            results.append(length(stated) * below)
        total = self.fixed
        for step, count in self.added:
            total += results[step] * count
        return total


class Costing:
    """Weighs one document, valid or not: what the schema does not know counts as a plain field."""

    def __init__(self, document: DocumentNode, weights: Weights) -> None:
        self._weights = weights
        self._schema = weights.schema
        self._steps: list[tuple[Reading, _Sum]] = []
        self._fragments: dict[str, _Selected] = {}
        for fragment in fragments_in_order(document):
            owner = self._type(fragment.type_condition)
            self._fragments[fragment.name.value] = self._selections(fragment.selection_set, owner)

    def operation(self, operation: OperationDefinitionNode) -> Cost:
        """The cost of one of the document's operations."""
        root = self._schema.get_root_type(operation.operation)
        selected = self._selections(operation.selection_set, root)
        total = selected.once
        total.add(selected.per_item, LIST_LENGTH)
        defaults = {
            variable.variable.name.value: value_from_ast_untyped(variable.default_value)
            for variable in operation.variable_definitions or ()
            if variable.default_value is not None
        }
        places = {step: place for place, step in enumerate(self._needed(total))}
        steps = []
        for step in places:
            length, below = self._steps[step]
            steps.append((length, below.fixed, _placed(below, places)))
        return Cost(total.fixed, _placed(total, places), tuple(steps), defaults)

    def _needed(self, total: _Sum) -> list[int]:
        """The steps that a sum hangs on, each after those that it hangs on itself."""
        needed, waiting = set(total.steps), list(total.steps)
        while waiting:
            below = self._steps[waiting.pop()][1].steps.keys() - needed
            needed |= below
            waiting += below
        return sorted(needed)

    def _selections(self, selection_set: SelectionSetNode, owner: GraphQLNamedType | None) -> _Selected:
        selected = _Selected()
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                self._field(selection, owner, selected)
            elif isinstance(selection, FragmentSpreadNode):
                spread = self._fragments.get(selection.name.value)
                if spread is not None:
                    selected.add(spread)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._type(condition) if condition else owner
                selected.add(self._selections(selection.selection_set, inner))
        return selected

    def _field(self, node: FieldNode, owner: GraphQLNamedType | None, selected: _Selected) -> None:
        name = node.name.value
        definition = (
            owner.fields.get(name) if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) else None
        )
        if owner is None or definition is None:
            selected.once.fixed += SCHEMA if name in INTROSPECTION_FIELDS else 1
            if node.selection_set:
                selected.add(self._selections(node.selection_set, None))
            return
        weight = self._weights.of_field(owner, name, definition)
        selected.once.fixed += weight.own
        below = (
            self._selections(node.selection_set, get_named_type(definition.type))
            if node.selection_set
            else _Selected()
        )
        is_listed, is_sized = is_list(definition), weight.size is not None
        if is_listed and not is_sized and owner.name in self._weights.pages:
            selected.per_item.add(below.once)
            selected.per_item.add(below.per_item, LIST_LENGTH)
            return
        size = weight.size if weight.size is not None else LIST_LENGTH
        repeated = _Sum(weight.each)
        repeated.add(below.per_item, LIST_LENGTH if is_listed else 1)
        (repeated if is_listed else selected.once).add(below.once)
        self._add_times(
            selected.once, repeated, size if isinstance(size, int) else size.reading(node, definition)
        )

    def _add_times(self, to: _Sum, repeated: _Sum, length: int | Reading) -> None:
        if not repeated.fixed and not repeated.steps:
            return
        if isinstance(length, int):
            to.add(repeated, length)
            return
        self._steps.append((length, repeated))
        to.steps[len(self._steps) - 1] = 1

    def _type(self, node: NamedTypeNode) -> GraphQLNamedType | None:
        """A type by name; None for those of introspection, whose lists are not to multiply."""
        name = node.name.value
        return None if name.startswith("__") else self._schema.get_type(name)


def _placed(found: _Sum, places: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple((places[step], count) for step, count in found.steps.items())
