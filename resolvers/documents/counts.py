"""How much a document asks for, without knowing the schema: depth, fields, aliases and the like of each operation.

Each selection is looked at once and each fragment measured once, however often it is spread: fragments that spread
each other twice, and so stand for millions of fields, take no longer than their text.
"""

from collections.abc import Collection
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from resolvers.documents.fragments import fragments_in_order

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Counts:
    """Of a selection set with all it spreads, or of an operation. Whole numbers without a bound.

    `depth` counts the fields on the longest way down. What lies in `__schema` and `__type`, these included, is
    counted in the two introspection figures alone. `root_fields` are those at the top, `granting` those of them
    which give or take what has a value.
    """

    depth: int = 0
    introspection_depth: int = 0
    root_fields: int = 0
    granting: int = 0
    fields: int = 0
    introspection_fields: int = 0
    aliases: int = 0
    directives: int = 0

    def add(self, other: "Counts") -> None:
        """Count what is spread at this place."""
        self.root_fields += other.root_fields
        self.granting += other.granting
        self.add_below(other, 0)

    def add_below(self, other: "Counts", levels: int) -> None:
        """Count what lies that many levels further down."""
        if other.depth:
            self.depth = max(self.depth, other.depth + levels)
        if other.introspection_depth:
            self.introspection_depth = max(self.introspection_depth, other.introspection_depth + levels)
        self.fields += other.fields
        self.introspection_fields += other.introspection_fields
        self.aliases += other.aliases
        self.directives += other.directives


class Counter:
    """Counts one document. `steps` says how many selections were looked at."""

    def __init__(self, document: DocumentNode, granting: Collection[str] = ()) -> None:
        self._granting = granting
        self._fragments: dict[str, Counts] = {}
        self.steps = 0
        for fragment in fragments_in_order(document):
            counted = self._selections(fragment.selection_set)
            counted.directives += len(fragment.directives or ())
            self._fragments[fragment.name.value] = counted

    def operation(self, operation: OperationDefinitionNode) -> Counts:
        """The counts of one of the document's operations."""
        counted = self._selections(operation.selection_set)
        counted.directives += len(operation.directives or ())
        counted.directives += sum(len(v.directives or ()) for v in operation.variable_definitions or ())
        return counted

    def _selections(self, selection_set: SelectionSetNode) -> Counts:
        counted = Counts()
        for selection in selection_set.selections:
            self.steps += 1
            counted.directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                self._field(selection, counted)
            elif isinstance(selection, FragmentSpreadNode):
                # An unknown one, or one that spreads itself, is for validation to refuse.
                spread = self._fragments.get(selection.name.value)
                if spread is not None:
                    counted.add(spread)
            elif isinstance(selection, InlineFragmentNode):
                counted.add(self._selections(selection.selection_set))
        return counted

    def _field(self, field: FieldNode, counted: Counts) -> None:
        name = field.name.value
        below = self._selections(field.selection_set) if field.selection_set else Counts()
        if name in INTROSPECTION_FIELDS:
            below.introspection_fields += 1 + below.fields
            below.introspection_depth = 1 + max(below.depth, below.introspection_depth)
            below.depth = below.fields = 0
            counted.add_below(below, 0)
        else:
            counted.add_below(below, 1)
            counted.depth = max(counted.depth, 1)
            counted.fields += 1
        counted.root_fields += 1
        counted.granting += name in self._granting
        counted.aliases += field.alias is not None
