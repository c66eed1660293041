"""The tables of weights name what the schema has, and the schema's own words are read."""

from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
)

from resolvers.documents.sizes import Size
from resolvers.documents.weights import CHANGE, FIELDS, GRANTING, READ, Weights, is_list

OWN: GraphQLSchema = build_schema((Path(__file__).parents[3] / "schema.graphql").read_text())
WEIGHTS = Weights.of(OWN)


def field(name: str) -> tuple[GraphQLObjectType | GraphQLInterfaceType, GraphQLField]:
    owner = OWN.type_map[name.partition(".")[0]]
    assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
    return owner, owner.fields[name.partition(".")[2]]


def argument(definition: GraphQLField, path: str) -> object:
    """The argument, or the field of its input, that a path names."""
    first, _, rest = path.partition(".")
    found: GraphQLArgument = definition.args[first]
    if not rest:
        return found
    kind = get_named_type(found.type)
    assert isinstance(kind, GraphQLInputObjectType)
    return kind.fields[rest]


def test_every_entry_names_a_field_and_arguments_that_it_has() -> None:
    for name, weight in FIELDS.items():
        _, definition = field(name)
        if isinstance(weight.size, Size):
            assert all(argument(definition, path) for path in weight.size.arguments)


def test_a_fixed_length_belongs_to_a_list() -> None:
    for name, weight in FIELDS.items():
        if isinstance(weight.size, int):
            assert is_list(field(name)[1]), name


def test_every_connection_is_a_page_and_is_reached_by_paging_fields_only() -> None:
    connections = {name for name in OWN.type_map if name.endswith("Connection")}

    assert connections <= WEIGHTS.pages
    live = {"LeaderboardUpdate", "LeaderboardTeamsUpdate", "PostUpdate"}
    assert {*connections, *live, "RecordActivitiesPayload", "WebhookEventLog"} == WEIGHTS.pages
    for owner in OWN.type_map.values():
        if isinstance(owner, GraphQLObjectType):
            for name, definition in owner.fields.items():
                if get_named_type(definition.type).name in WEIGHTS.pages:
                    assert WEIGHTS.of_field(owner, name, definition).size is not None, f"{owner.name}.{name}"


def test_a_page_its_count_and_a_change_cost_more_than_a_plain_field() -> None:
    assert WEIGHTS.of_field(*named("Member.ledger")).own == READ
    assert WEIGHTS.of_field(*named("TransferConnection.totalCount")).own == READ
    assert WEIGHTS.of_field(*named("Member.displayName")).own == 1
    dearer = {"mergeMembers": 10 * CHANGE}  # it rewrites all that a member has
    assert all(
        WEIGHTS.of_field(*named(f"Mutation.{name}")).own == dearer.get(name, CHANGE) for name in mutations()
    )


def test_what_takes_an_idempotency_key_or_joins_is_granting() -> None:
    assert WEIGHTS.granting >= {"claimTask", "spendPoints", "joinProgramme", "adjustPoints", "awardBadge"}
    assert WEIGHTS.granting.isdisjoint({"updateProfile", "recordActivities", "applyProgramme"})
    assert mutations() >= GRANTING


def named(name: str) -> tuple[GraphQLObjectType | GraphQLInterfaceType, str, GraphQLField]:
    owner, definition = field(name)
    return owner, name.partition(".")[2], definition


def mutations() -> set[str]:
    assert OWN.mutation_type is not None
    return set(OWN.mutation_type.fields)
