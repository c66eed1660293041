"""The fragments of a document, in the order in which each can be measured once: those it spreads come before it."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)


def fragments_in_order(document: DocumentNode) -> list[FragmentDefinitionNode]:
    """Every fragment once, after those it spreads; within a cycle, which validation refuses, one of them comes first.

    Goes down no call for a fragment, so that a long chain of them can't exhaust the stack.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    ordered: list[FragmentDefinitionNode] = []
    seen: set[str] = set()
    for name, fragment in fragments.items():
        if name in seen:
            continue
        seen.add(name)
        open_ = [(fragment, spreads(fragment.selection_set))]
        while open_:
            above, below = open_[-1]
            found = next((known for known in below if known in fragments and known not in seen), None)
            if found is None:
                ordered.append(above)
                open_.pop()
            else:
                seen.add(found)
                open_.append((fragments[found], spreads(fragments[found].selection_set)))
    return ordered


def spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    """The names of the fragments that are spread anywhere in it, each as often as it is."""
    waiting = [selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                waiting.append(selection.selection_set)
