"""The schema as a contract: committed, described, and of the manners that clients count on."""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from resolvers.schema import schema
from tests.resolvers.harness import CORE

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def own_types() -> list[GraphQLNamedType]:
    """Every type that is not GraphQL's own."""
    builtin = {"String", "Int", "Float", "Boolean", "ID"}
    return [
        found for name, found in CORE.type_map.items() if not name.startswith("__") and name not in builtin
    ]


def objects() -> list[GraphQLObjectType]:
    return [found for found in own_types() if isinstance(found, GraphQLObjectType)]


def test_schema_graphql_is_the_schema() -> None:
    assert COMMITTED.read_text() == schema.as_str() + "\n", "make it anew: `starguild export-schema`"


def test_everything_is_described() -> None:
    def undescribed() -> Iterator[str]:
        for found in own_types():
            if not found.description:
                yield found.name
            if isinstance(found, GraphQLObjectType | GraphQLInterfaceType):
                for name, field in found.fields.items():
                    if not field.description:
                        yield f"{found.name}.{name}"
                    yield from (
                        f"{found.name}.{name}({a})" for a, arg in field.args.items() if not arg.description
                    )
            elif isinstance(found, GraphQLInputObjectType):
                yield from (
                    f"{found.name}.{name}" for name, part in found.fields.items() if not part.description
                )

    assert list(undescribed()) == []


def test_a_mutation_takes_one_input_and_gives_one_result() -> None:
    mutation = CORE.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        stated = field.args["input"].type
        assert isinstance(stated, GraphQLNonNull)
        assert get_named_type(stated).name.endswith("Input")
        assert isinstance(field.type, GraphQLNonNull)
        result = get_named_type(field.type)
        if isinstance(result, GraphQLUnionType):
            assert result.name.endswith("Result")
            first, *errors = result.types
            assert first.name == result.name.removesuffix("Result") + "Success"
            assert errors
            assert all([i.name for i in error.interfaces] == ["Error"] for error in errors)
        else:
            assert result.name.endswith("Payload")


def test_what_grants_spends_or_issues_takes_an_idempotency_key() -> None:
    mutation = CORE.mutation_type
    assert mutation is not None
    for name in ("adjustPoints", "spendPoints", "claimTask", "awardBadge", "revokeBadge"):
        stated = get_named_type(mutation.fields[name].args["input"].type)
        assert isinstance(stated, GraphQLInputObjectType)
        assert str(stated.fields["idempotencyKey"].type) == "String!"
        result = get_named_type(mutation.fields[name].type)
        assert isinstance(result, GraphQLUnionType)
        assert str(result.types[0].fields["replayed"].type) == "Boolean!"
        assert "IdempotencyConflictError" in [member.name for member in result.types]


def test_every_error_implements_error() -> None:
    interface = CORE.type_map["Error"]
    assert isinstance(interface, GraphQLInterfaceType)
    assert {name: str(field.type) for name, field in interface.fields.items()} == {
        "code": "ErrorCode!",
        "message": "String!",
        "path": "[String!]",
    }
    for found in objects():
        assert found.name.endswith("Error") == (interface in found.interfaces), found.name


def test_every_object_with_an_id_is_a_node() -> None:
    node = CORE.type_map["Node"]
    for found in objects():
        assert ("id" in found.fields) == (node in found.interfaces), found.name


def test_lists_that_grow_are_connections_that_page_both_ways() -> None:
    for found in objects():
        for name, field in found.fields.items():
            result = get_named_type(field.type)
            paged = {"first", "after", "last", "before"} <= set(field.args)
            assert result.name.endswith("Connection") == paged, f"{found.name}.{name}"
            if paged:
                assert isinstance(result, GraphQLObjectType)
                assert {"edges", "nodes", "pageInfo", "totalCount"} == set(result.fields)


def test_definitions_have_a_key() -> None:
    for name in ("Programme", "Unit", "Leaderboard", "Task", "Badge"):
        found = CORE.type_map[name]
        assert isinstance(found, GraphQLObjectType)
        assert str(found.fields["key"].type) == "String!"


def test_enums_speak_in_capitals() -> None:
    for found in own_types():
        if isinstance(found, GraphQLEnumType):
            assert all(value == value.upper() for value in found.values), found.name


def test_amounts_counts_and_scores_are_long() -> None:
    expected = {
        "Transfer": "amount balanceAfter",
        "LeaderboardEntry": "rank score subscore",
        "Badge": "awardCount",
    }
    for name, fields in expected.items():
        found = CORE.type_map[name]
        assert isinstance(found, GraphQLObjectType)
        assert {str(found.fields[field].type) for field in fields.split()} == {"Long!"}
