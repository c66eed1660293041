"""For whom an answer is the same: decided from the document alone, before anything runs.

`SHARED` names the fields that give every caller of a programme the same, given the same object and arguments; what
it does not name is the caller's own. A test executes each of them as several callers and compares.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    get_named_type,
    is_leaf_type,
    is_object_type,
)

from gamification.kit.actors import Actor, Permission


class Audience(IntEnum):
    """Who gets the same answer; the greater, the fewer."""

    PROGRAMME = 0
    LOCALE = 1
    """Every caller of a programme whose names are shown in the same locale."""
    CALLER = 2


P, L = Audience.PROGRAMME, Audience.LOCALE
_PAGE_INFO = dict.fromkeys(("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"), P)
_CONNECTION = dict.fromkeys(("edges", "nodes", "pageInfo", "totalCount"), P)
_EDGE = dict.fromkeys(("cursor", "node"), P)
SHARED: Mapping[str, Mapping[str, Audience]] = {
    "Query": dict.fromkeys(("leaderboard", "leaderboards"), P),
    "Subscription": {"leaderboardUpdated": P},
    "LeaderboardUpdate": dict.fromkeys(("period", "revision", "entries"), P),
    "Leaderboard": {
        **dict.fromkeys(
            ("id", "key", "status", "operator", "order", "ties", "cycle", "period", "periods"),
            P,
        ),
        **dict.fromkeys(("attemptsMax", "hasGroups", "settlesAfterSeconds", "seasons"), P),
        "name": L,
        "description": L,
    },
    "LeaderboardConnection": _CONNECTION,
    "LeaderboardEdge": _EDGE,
    "LeaderboardPeriod": {
        **dict.fromkeys(("key", "startsAt", "endsAt", "closedAt", "frozenAt", "revision", "size"), P),
        **dict.fromkeys(("entries", "rankOf", "around", "groupKey", "group", "groups"), P),
        "name": L,
    },
    "LeaderboardPeriodConnection": _CONNECTION,
    "LeaderboardPeriodEdge": _EDGE,
    "LeaderboardEntry": dict.fromkeys(("rank", "score", "subscore", "achievedAt", "member"), P),
    "LeaderboardEntryConnection": _CONNECTION,
    "LeaderboardEntryEdge": _EDGE,
    "Member": dict.fromkeys(("id", "displayName", "avatarUrl", "locale", "timeZone", "joinedAt"), P),
    "PageInfo": _PAGE_INFO,
}
"""By type and field, for whom it is the same. Fields of interfaces and unions are the caller's own."""

_DIRECTIVES = frozenset({"skip", "include"})
Fragments = Mapping[str, FragmentDefinitionNode]


def audience_of(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments) -> Audience:
    """For whom a valid operation's answer is the same, variables being equal."""
    root = schema.get_root_type(operation.operation)
    if root is None or operation.directives:
        return Audience.CALLER
    return _widest(schema, [(root, selection) for selection in operation.selection_set.selections], fragments)


def audience_below(
    schema: GraphQLSchema, nodes: Iterable[FieldNode], on: str, fragments: Fragments
) -> Audience:
    """The same for what is selected below fields that give an object of the type `on`."""
    parent = schema.type_map[on]
    below = [(parent, s) for node in nodes if node.selection_set for s in node.selection_set.selections]
    return _widest(schema, below, fragments)


def audience_of_fields(
    schema: GraphQLSchema, nodes: Iterable[FieldNode], on: str, fragments: Fragments
) -> Audience:
    """The same for some fields of the type `on`."""
    return _widest(schema, [(schema.type_map[on], node) for node in nodes], fragments)


def scope_of(audience: Audience, actor: Actor, locale: str | None) -> tuple[object, ...]:
    """What callers have in common who get the same: a part of a key. Who may see drafts is never one with others."""
    common = (actor.programme_id, actor.can(Permission.PROGRAMME_READ_DRAFTS))
    if audience is Audience.PROGRAMME:
        return common
    if audience is Audience.LOCALE:
        return (*common, locale)
    return (*common, actor.role, actor.subject)


def _widest(
    schema: GraphQLSchema, pending: list[tuple[GraphQLNamedType, SelectionNode]], fragments: Fragments
) -> Audience:
    """The narrowest audience of all fields in reach; each fragment is looked at once."""
    found, seen = Audience.PROGRAMME, set[str]()
    while pending:
        parent, selection = pending.pop()
        if any(directive.name.value not in _DIRECTIVES for directive in selection.directives or ()):
            return Audience.CALLER
        if isinstance(selection, FieldNode):
            found = max(found, _of_field(parent, selection))
            if found is Audience.CALLER:
                return found
        elif isinstance(selection, FragmentSpreadNode):
            if selection.name.value in seen:
                continue
            seen.add(selection.name.value)
        pending.extend(_below(schema, parent, selection, fragments))
    return found


def _of_field(parent: GraphQLNamedType, node: FieldNode) -> Audience:
    name = node.name.value
    if name == "__typename":
        return Audience.PROGRAMME
    return SHARED.get(parent.name, {}).get(name, Audience.CALLER)


def _below(
    schema: GraphQLSchema, parent: GraphQLNamedType, selection: SelectionNode, fragments: Fragments
) -> Iterator[tuple[GraphQLNamedType, SelectionNode]]:
    """What is selected within a selection, with the type that it is of."""
    if isinstance(selection, FieldNode):
        if selection.selection_set is None or not isinstance(parent, GraphQLObjectType):
            return
        named = get_named_type(parent.fields[selection.name.value].type)
        inner, on = selection.selection_set, named
    elif isinstance(selection, InlineFragmentNode):
        condition = selection.type_condition
        inner, on = selection.selection_set, schema.type_map[condition.name.value] if condition else parent
    else:
        assert isinstance(selection, FragmentSpreadNode)  # noqa: S101 - there is no fourth kind
        definition = fragments[selection.name.value]
        inner, on = definition.selection_set, schema.type_map[definition.type_condition.name.value]
    for child in inner.selections:
        yield on, child


def is_known(schema: GraphQLSchema, type_name: str, field: str) -> bool:
    """Whether the schema has such a field of an object; for the test of `SHARED`."""
    found = schema.type_map.get(type_name)
    return is_object_type(found) and field in found.fields and not is_leaf_type(found)
