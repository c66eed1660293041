"""What is too large is refused before the work is done, and the refusal says what was measured."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, GraphQLSyntaxError, build_schema, get_introspection_query

from resolvers.documents.limits import Limits, cost_refusal, read, refusals
from resolvers.documents.measures import measure

OWN: GraphQLSchema = build_schema((Path(__file__).parents[3] / "schema.graphql").read_text())
UNLIMITED = Limits(**{field.name: 0 for field in fields(Limits)})


def found(text: str, limits: Limits) -> list[dict[str, Any]]:
    """The extensions of a document's refusals."""
    return [dict(e.extensions or {}) for e in refusals(measure(read(text, UNLIMITED), OWN), limits)]


def refused(text: str, limits: Limits) -> dict[str, Any]:
    with pytest.raises(GraphQLError) as caught:
        read(text, limits)
    return dict(caught.value.extensions or {})


def test_the_defaults_are_those_of_a_public_server() -> None:
    assert Limits() == Limits(
        characters=15_000,
        tokens=1_000,
        operations=10,
        depth=10,
        introspection_depth=20,
        aliases=15,
        root_fields=20,
        directives=50,
        fields=200,
        introspection_fields=500,
        cost=5_000,
        trusted_cost=20_000,
        errors=5,
    )


def test_a_long_text_is_not_parsed() -> None:
    assert refused("{" * 15_001, Limits()) == {
        "code": "LIMIT_EXCEEDED",
        "limitKind": "characters",
        "limit": 15_000,
        "measured": 15_001,
    }


def test_parsing_ends_at_the_token_beyond_the_limit() -> None:
    # The text is no document: to say so, the parser would have had to read on.
    assert refused("{ a b c d }}}}", Limits(tokens=4)) == {
        "code": "LIMIT_EXCEEDED",
        "limitKind": "tokens",
        "limit": 4,
    }
    assert len(read("{ a b }", Limits(tokens=4)).definitions) == 1


def test_a_syntax_error_stays_one() -> None:
    with pytest.raises(GraphQLSyntaxError, match="Expected Name"):
        read("{ a", Limits(tokens=4))


def test_as_many_as_the_limit_are_taken() -> None:
    text = "query($a: Boolean!) { me { a: id b: id c: displayName @skip(if: $a) } programme { key } }"
    fitting = Limits(depth=2, aliases=3, root_fields=2, directives=1, fields=6)

    assert found(text, fitting) == []
    for name, kind in (
        ("depth", "depth"),
        ("aliases", "aliases"),
        ("root_fields", "rootFields"),
        ("fields", "fields"),
    ):
        most = getattr(fitting, name)
        assert found(text, replace(fitting, **{name: most - 1})) == [
            {"code": "LIMIT_EXCEEDED", "limitKind": kind, "limit": most - 1, "measured": most}
        ]
    assert found(text.replace("b: id", "b: id @skip(if: $a)"), fitting)[0]["limitKind"] == "directives"


def test_every_operation_of_a_document_is_held_to_the_limits() -> None:
    text = "query A { me { id } } query B { a: me { b: id } }"

    assert [e["limitKind"] for e in found(text, Limits(aliases=1))] == ["aliases"]
    assert found(text, Limits(aliases=2)) == []


def test_operations_are_counted() -> None:
    text = " ".join(f"query Q{n} {{ me {{ id }} }}" for n in range(11))

    assert found(text, Limits()) == [
        {"code": "LIMIT_EXCEEDED", "limitKind": "operations", "limit": 10, "measured": 11}
    ]
    assert found(text, Limits(operations=0)) == []


def test_no_more_refusals_than_errors_are_returned() -> None:
    text = "{ a: me { b: id c: id } programme { key } }"
    tight = Limits(depth=1, aliases=1, root_fields=1, fields=1)

    assert len(found(text, tight)) == 4
    assert [e["limitKind"] for e in found(text, replace(tight, errors=2))] == ["depth", "rootFields"]


def test_what_fragments_multiply_beyond_any_number_is_refused_in_few_digits() -> None:
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(90))
    text = f"{{ ...F0 }} {chain} fragment F90 on Query {{ me {{ id }} }}"
    measured = measure(read(text, Limits()), OWN)

    errors = refusals(measured, Limits())
    operation = measured.of(None)
    assert operation is not None
    priced = cost_refusal(operation.cost(), Limits(), operation)

    assert priced is not None
    assert {(e.extensions or {})["limitKind"] for e in errors} == {"rootFields", "fields"}
    for error in (*errors, priced):
        assert (error.extensions or {})["measured"] == 2**53 - 1
        assert len(json.dumps(error.formatted)) < 500


def test_the_cost_is_refused_above_its_limit_only() -> None:
    assert cost_refusal(5_000, Limits()) is None
    assert cost_refusal(10**9, Limits(cost=0)) is None
    assert cost_refusal(20_000, Limits(), trusted=True) is None
    assert cost_refusal(20_001, Limits(), trusted=True) is not None
    error = cost_refusal(5_001, Limits())
    assert error is not None
    assert error.extensions == {
        "code": "LIMIT_EXCEEDED",
        "limitKind": "cost",
        "limit": 5_000,
        "measured": 5_001,
    }


def test_nested_lists_that_depth_lets_through_are_too_dear() -> None:
    text = "{ leaderboards(first: 100) { nodes { periods(first: 100) { nodes { key } } } } }"
    operation = measure(read(text, Limits()), OWN).of(None)
    assert operation is not None

    assert found(text, Limits()) == []
    assert cost_refusal(operation.cost(), Limits()) is not None


def test_the_whole_schema_can_be_asked_for() -> None:
    for text in (get_introspection_query(), get_introspection_query(type_depth=7)):
        limits = Limits()
        measured = measure(read(text, limits), OWN)
        operation = measured.of(None)
        assert operation is not None

        assert refusals(measured, limits) == []
        assert cost_refusal(operation.cost(), limits) is None


def test_the_whole_schema_can_not_be_asked_for_many_times_at_once() -> None:
    parts = " ".join(f"s{n}: __schema {{ types {{ name }} }}" for n in range(5))
    operation = measure(read(f"{{ {parts} }}", UNLIMITED), OWN).of(None)
    assert operation is not None

    assert cost_refusal(operation.cost(), Limits()) is not None
