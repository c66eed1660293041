"""What a document asks for: counted and priced in one pass, the same as if every fragment were written out."""

import random
import string
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from resolvers.documents.costs import Costing
from resolvers.documents.counts import Counter
from resolvers.documents.measures import DocumentMeasure, measure
from resolvers.documents.sizes import AROUND, length
from resolvers.documents.weights import READ, SCHEMA, Weight, Weights

OWN: GraphQLSchema = build_schema((Path(__file__).parents[3] / "schema.graphql").read_text())
SMALL = build_schema("""
    schema { query: Thing }
    type Thing {
      leaf: Int  words: [String!]!  one: Thing  some: [Thing!]!
      page(first: Int, last: Int): Things!
      many(ids: [ID!]!): [Thing]!
      around(above: Int! = 5, below: Int! = 5): [Thing!]!
    }
    type Things { edges: [Edge!]!  nodes: [Thing!]!  totalCount: Int  pageInfo: PageInfo! }
    type Edge { cursor: String!  node: Thing! }
    type PageInfo { hasNextPage: Boolean! }
""")
WEIGHTS = Weights.of(
    SMALL,
    {
        "Thing.many": Weight(each=READ, size=length("ids")),
        "Thing.around": Weight(READ, size=AROUND),
        "Thing.some": Weight(size=3),
    },
)


def measured(text: str) -> DocumentMeasure:
    return measure(parse(text), OWN)


def cost(text: str, variables: Any = None) -> int:
    operation = measured(text).of(None)
    assert operation is not None
    return operation.cost(variables)


# ---------------------------------------------------------------- counts


def test_counts_fields_aliases_directives_and_depth() -> None:
    operation = measured(
        "query Q($a: Boolean! @x) @y { me { n: displayName id @skip(if: $a) } p: programme { key } }"
    ).of("Q")

    assert operation is not None
    counts = operation.counts
    assert (counts.depth, counts.fields, counts.root_fields) == (2, 5, 2)
    assert (counts.aliases, counts.directives) == (2, 3)


def test_a_field_counts_as_often_as_it_is_written_and_spread() -> None:
    operation = measured("{ me { id id ...F ... { id } ...F } } fragment F on Member { id joinedAt }").of(
        None
    )

    assert operation is not None
    assert operation.counts.fields == 8


def test_root_fields_are_counted_through_fragments() -> None:
    text = "{ ...F ... on Query { me { id } } } fragment F on Query { a: programme { key } b: programme { key } }"
    operation = measured(text).of(None)

    assert operation is not None
    assert operation.counts.root_fields == 3


def test_introspection_is_measured_apart() -> None:
    operation = measured(
        "{ me { id __typename } __schema { types { fields { type { ...T } } } } }"
        "fragment T on __Type { name ofType { name } }"
    ).of(None)

    assert operation is not None
    counts = operation.counts
    assert (counts.depth, counts.fields) == (2, 3)
    assert (counts.introspection_depth, counts.introspection_fields) == (6, 7)


def test_granting_mutations_are_counted_for_each_alias() -> None:
    claim = 'claimTask(input: {task: "t", idempotencyKey: "k"}) { __typename }'
    text = (
        f"mutation {{ a: {claim} ...F ...F updateProfile(input: {{}}) {{ __typename }} }}"
        f"fragment F on Mutation {{ b: {claim} j: joinProgramme(input: {{}}) {{ __typename }} }}"
    )
    operation = measured(text).of(None)

    assert operation is not None
    assert operation.counts.granting == 5


def test_an_operation_is_found_by_name_and_a_single_one_without() -> None:
    both = measured("query A { me { id } } query B { programme { key name } }")

    assert both.of(None) is None
    assert both.of("C") is None
    found = both.of("B")
    assert found is not None
    assert found.counts.fields == 3
    assert measured("query A { me { id } }").of(None) is not None
    assert measured("query A { me { id } }").of("B") is None


@pytest.mark.parametrize(
    "text",
    [
        "{ ...Nope }",
        "{ ...A } fragment A on Query { ...A me { id } }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C ...A } fragment C on Query { ...B }",
        "{ nope { deeper(first: 3) { still } } }",
        "subscription { nope }",
        "fragment A on Nope { nope }",
        "{ members(first: [{}]) { nodes { id } } }",
        "{ nodes(ids: 3) { id } }",
        "{ members(first: %s) { nodes { id } } }" % ("9" * 5000),
        "type Query { a: Int }",
        "{ me { } }",
    ],
)
def test_what_validation_will_refuse_is_measured_without_harm(text: str) -> None:
    for operation in measured(text).operations.values():
        assert operation.cost({"first": object()}) >= 0


# ---------------------------------------------------------------- linear


def doubling(levels: int) -> str:
    """A chain of fragments, each of which spreads the next one twice."""
    chain = "".join(
        f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} members(first: $n) {{ nodes {{ id }} }} }}"
        for n in range(levels)
    )
    return f"query($n: Int) {{ ...F0 }} {chain} fragment F{levels} on Query {{ me {{ id }} }}"


@pytest.mark.parametrize("levels", [6, 25, 120])
def test_doubling_fragments_take_a_step_for_each_selection_of_the_text(levels: int) -> None:
    result = measured(doubling(levels))

    assert result.steps == 1 + 5 * levels + 2
    operation = result.of(None)
    assert operation is not None
    assert operation.counts.fields == 2 * 2**levels + 3 * (2**levels - 1)
    assert len(operation.priced.steps) == levels
    assert operation.cost({"n": 1}) == 2 * 2**levels + (READ + 2) * (2**levels - 1)


def test_a_chain_of_fragments_longer_than_the_stack_is_measured() -> None:
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(3000))
    operation = measured(f"{{ ...F0 }} {chain} fragment F3000 on Query {{ me {{ id }} }}").of(None)

    assert operation is not None
    assert operation.counts.fields == 2


# ---------------------------------------------------------------- cost


def test_a_plain_field_costs_one() -> None:
    assert cost("{ me { id displayName } }") == 3


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ("", 20),
        ("(first: 7)", 7),
        ("(last: 7)", 7),
        ("(first: null)", 20),
        ("(first: 9000)", 100),
        ("(first: -5)", 1),
    ],
)
def test_a_page_multiplies_its_rows_and_not_what_is_beside_them(arguments: str, size: int) -> None:
    text = f"{{ members{arguments} {{ nodes {{ id joinedAt }} pageInfo {{ hasNextPage }} totalCount }} }}"

    assert cost(text) == READ + 1 + 2 * size + 2 + READ


@pytest.mark.parametrize(
    ("stated", "size"),
    [
        ({"n": 7}, 7),
        ({}, 30),
        (None, 30),
        ({"n": None}, 20),
        ({"n": 10**30}, 100),
        ({"n": "x"}, 100),
        ({"n": -1}, 1),
    ],
)
def test_a_variable_is_read_at_each_request(stated: Any, size: int) -> None:
    text = "query($n: Int = 30) { members(first: $n) { edges { node { id } } } }"

    assert cost(text, stated) == READ + 1 + 2 * size


def test_lists_within_lists_multiply() -> None:
    text = "{ members(first: 100) { nodes { ledger(first: 100) { nodes { id } } } } }"

    assert cost(text) == READ + 1 + 100 * (READ + 1 + 100)


@pytest.mark.parametrize(
    ("ids", "variables"),
    [('["a", "b", "c"]', None), ("$i", {"i": ["a", "b", "c"]}), ("[$i, $i, $i]", {"i": "a"})],
)
def test_objects_by_id_are_counted(ids: str, variables: Any) -> None:
    assert cost(f"query($i: ID!) {{ nodes(ids: {ids}) {{ id }} }}", variables) == 1 + 3 * (READ + 1)


@pytest.mark.parametrize(
    ("stated", "variables"),
    [
        ("$input", {"input": {"activities": [{}] * 500}}),
        ("{activities: $list}", {"list": [{}] * 500}),
        ("{activities: [%s]}" % ("{}," * 500), {}),
    ],
)
def test_a_batch_is_counted_by_its_items(stated: str, variables: Any) -> None:
    text = f"mutation($input: X) {{ recordActivities(input: {stated}) {{ recorded outcomes {{ index status }} }} }}"

    assert cost(text, variables) == 10 + 500 * 2 + 2 + 500 * 2


def test_the_window_around_a_member_is_counted() -> None:
    text = '{ leaderboard(key: "k") { period { around(memberId: "m"%s) { rank } } } }'

    assert cost(text % "") == 2 + READ + 11
    assert cost(text % ", above: 50, below: 0") == 2 + READ + 51


def test_a_live_board_is_as_long_as_it_says() -> None:
    text = 'subscription { leaderboardUpdated(key: "k"%s) { revision entries { rank } around { rank } } }'

    assert cost(text % "") == READ + 3 + 2 * 10
    assert cost(text % ", first: 5, around: 20") == READ + 3 + 2 * 41


def test_introspection_has_a_price_of_its_own_and_does_not_multiply() -> None:
    assert cost("{ __schema { types { fields { name } } } }") == SCHEMA + 3


def test_operations_that_share_a_fragment_have_their_own_defaults() -> None:
    both = measured(
        "query A($n: Int = 3) { ...F } query B($n: Int = 9) { ...F }"
        "fragment F on Query { members(first: $n) { nodes { id } } }"
    )
    costs = {name: operation.cost({}) for name, operation in both.operations.items()}

    assert costs == {"A": READ + 1 + 3, "B": READ + 1 + 9}


# ---------------------------------------------------------------- the same as written out

_ARGUMENTS = {
    "page": ["", "(first: 4)", "(last: $v)", "(first: $w)", "(first: 2, last: 5)"],
    "many": ['(ids: ["a", "b"])', "(ids: $ids)", "(ids: [$v])"],
    "around": ["", "(above: 1)", "(below: $v)"],
}
_INNER = {
    "Thing": {"one": "Thing", "some": "Thing", "page": "Things", "many": "Thing", "around": "Thing"},
    "Things": {"edges": "Edge", "nodes": "Thing", "pageInfo": "PageInfo"},
    "Edge": {"node": "Thing"},
    "PageInfo": {},
}
_LEAVES = {
    "Thing": ["leaf", "words", "__typename"],
    "Things": ["totalCount"],
    "Edge": ["cursor"],
    "PageInfo": ["hasNextPage"],
}
_FRAGMENTS = [("F0", "Thing"), ("F1", "Things"), ("F2", "Thing"), ("F3", "Things"), ("F4", "Thing")]


def _made(dice: random.Random, owner: str, level: int, after: int) -> str:
    """A selection set; it spreads fragments that come later only, so there is no cycle."""
    parts = []
    for _ in range(dice.randint(1, 3)):
        kind = dice.random()
        later = [name for place, (name, on) in enumerate(_FRAGMENTS) if place > after and on == owner]
        if kind < 0.3 and later:
            parts.append(f"...{dice.choice(later)}" + dice.choice(["", " @include(if: $b)"]))
        elif kind < 0.4:
            parts.append(f"... on {owner} {_made(dice, owner, level + 1, after)}")
        elif kind < 0.75 and level < 4 and _INNER[owner]:
            name = dice.choice(list(_INNER[owner]))
            alias = dice.choice(["", f"{dice.choice(string.ascii_lowercase)}: "])
            arguments = dice.choice(_ARGUMENTS.get(name, [""]))
            parts.append(f"{alias}{name}{arguments} {_made(dice, _INNER[owner][name], level + 1, after)}")
        else:
            parts.append(dice.choice(_LEAVES[owner]))
    return "{ " + " ".join(parts) + " }"


class WrittenOut:
    """The same figures by going through every spread again and again."""

    def __init__(self, text: str, variables: dict[str, Any]) -> None:
        definitions = parse(text).definitions
        self._variables = variables
        self._fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        (operation,) = [d for d in definitions if isinstance(d, OperationDefinitionNode)]
        self.depth = self.fields = self.aliases = self.directives = self.cost = 0
        self._walk(operation.selection_set, "Thing", 1, 1, 1)

    def _walk(self, selection_set: SelectionSetNode, owner: str, depth: int, times: int, page: int) -> None:
        for selection in selection_set.selections:
            self.directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                self._walk(self._fragments[selection.name.value].selection_set, owner, depth, times, page)
            elif isinstance(selection, InlineFragmentNode):
                self._walk(selection.selection_set, owner, depth, times, page)
            elif isinstance(selection, FieldNode):
                self._field(selection, owner, depth, times, page)

    def _field(self, node: FieldNode, owner: str, depth: int, times: int, page: int) -> None:
        name = node.name.value
        arguments = {a.name.value: self._plain(a.value) for a in node.arguments or ()}
        self.depth, self.fields = max(self.depth, depth), self.fields + 1
        self.aliases += node.alias is not None
        self.cost += times * (READ if name in ("page", "around", "totalCount") else 1)
        count, inner_page = 1, 1
        if name == "page":
            inner_page = max(filter(None, arguments.values()), default=20)
        elif name == "many":
            count = len(arguments["ids"])
            self.cost += times * count * READ
        elif name == "around":
            count = arguments.get("above", 5) + arguments.get("below", 5) + 1
        elif name == "some":
            count = 3
        elif name in ("edges", "nodes"):
            count = page
        if node.selection_set:
            self._walk(node.selection_set, _INNER[owner][name], depth + 1, times * count, inner_page)

    def _plain(self, node: Any) -> Any:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value)
        if isinstance(node, ListValueNode):
            return [self._plain(value) for value in node.values]
        return int(node.value) if isinstance(node, IntValueNode) else node.value


@given(
    st.randoms(use_true_random=True), st.integers(1, 100), st.none() | st.integers(1, 100), st.integers(0, 5)
)
def test_measures_are_those_of_the_document_written_out(
    dice: random.Random, v: int, w: int | None, ids: int
) -> None:
    fragments = "".join(
        f" fragment {name} on {on} {_made(dice, on, 2, place)}" for place, (name, on) in enumerate(_FRAGMENTS)
    )
    text = "query($v: Int, $w: Int, $ids: [ID!]!, $b: Boolean!) " + _made(dice, "Thing", 0, -1) + fragments
    variables = {"v": v, "w": w, "ids": ["x"] * ids, "b": True}
    document = parse(text)
    (operation,) = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    counter = Counter(document)

    counts = counter.operation(operation)
    priced = Costing(document, WEIGHTS).operation(operation)
    expected = WrittenOut(text, variables)

    assert (counts.depth, counts.fields, counts.aliases, counts.directives) == (
        expected.depth,
        expected.fields,
        expected.aliases,
        expected.directives,
    )
    assert priced.of(variables) == expected.cost
    assert counter.steps <= text.count(" ")
