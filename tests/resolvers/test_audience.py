"""For whom an answer is the same: what the table says must exist in the schema, and must be true."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, is_required_argument, parse

from gamification.kit.actors import Actor, Role
from resolvers.audience import SHARED, Audience, audience_of, scope_of
from tests.resolvers.harness import CORE, GraphQL, member_gid
from tests.support import ProgrammeUnderTest

BOARD = 'leaderboard(key: "total")'
PERIOD = f"{BOARD} {{ period"
ENTRIES = f"{PERIOD} {{ entries"
PATHS = {
    "Query": "",
    "Leaderboard": BOARD,
    "LeaderboardConnection": "leaderboards",
    "LeaderboardEdge": "leaderboards { edges",
    "LeaderboardPeriod": PERIOD,
    "LeaderboardPeriodConnection": f"{BOARD} {{ periods",
    "LeaderboardPeriodEdge": f"{BOARD} {{ periods {{ edges",
    "LeaderboardEntryConnection": ENTRIES,
    "LeaderboardEntryEdge": f"{ENTRIES} {{ edges",
    "LeaderboardEntry": f"{ENTRIES} {{ nodes",
    "Member": f"{ENTRIES} {{ nodes {{ member",
    "PageInfo": f"{ENTRIES} {{ pageInfo",
}
"""How a query reaches an object of each type."""
LIVE = {"Subscription", "LeaderboardUpdate"}
"""Types that only a subscription reaches."""
ARGUMENTS = {"key": '"total"', "memberId": "MEMBER"}
"""Values for required arguments."""
OBJECTS = {
    "Leaderboard": "{ key }",
    "LeaderboardConnection": "{ totalCount }",
    "LeaderboardEdge": "{ cursor }",
    "LeaderboardEntry": "{ rank score }",
    "LeaderboardEntryConnection": "{ totalCount }",
    "LeaderboardEntryEdge": "{ cursor }",
    "LeaderboardPeriod": "{ key }",
    "LeaderboardPeriodConnection": "{ nodes { key } }",
    "LeaderboardPeriodEdge": "{ cursor }",
    "LeaderboardUpdate": "{ revision }",
    "Member": "{ displayName }",
    "PageInfo": "{ hasNextPage }",
}
"""What is selected of an object that a field gives."""
FIELDS = [(kind, field) for kind, fields in SHARED.items() for field in fields]


def selection(kind: str, field: str, member: str) -> str:
    """The field with what it needs, of an object of that type."""
    parent = CORE.type_map[kind]
    assert isinstance(parent, GraphQLObjectType)
    definition = parent.fields[field]
    needed = [name for name, found in definition.args.items() if is_required_argument(found)]
    stated = ", ".join(f"{name}: {ARGUMENTS[name].replace('MEMBER', repr(member))}" for name in needed)
    given = f"({stated})".replace("'", '"') if stated else ""
    name = str(definition.type).strip("[]!")
    return f"{field}{given} {OBJECTS.get(name, '')}"


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_every_field_of_the_table_exists(kind: str, field: str) -> None:
    parent = CORE.type_map.get(kind)
    assert isinstance(parent, GraphQLObjectType)
    assert field in parent.fields


@pytest.mark.parametrize(
    ("kind", "field"), [found for found in FIELDS if found[0] not in LIVE], ids=lambda part: part
)
async def test_callers_of_one_audience_get_the_same(
    graphql: GraphQL, club: ProgrammeUnderTest, kind: str, field: str
) -> None:
    await club.join("zoe", display_name="Zoe", locale="zh")
    await club.do("visit", "ann")
    await club.do("buy", "bob", amount=7)
    path = PATHS[kind]
    inner = selection(kind, field, member_gid(club, "ann"))
    document = f"{{ {path} {{ {inner} }} {'}' * path.count('{')} }}" if path else f"{{ {inner} }}"
    callers: list[Actor] = [
        club.member_actor("ann"),
        club.member_actor("bob"),
        club.member_actor("stranger"),
        club.moderator,
        club.service,
        club.operator,
    ]
    if SHARED[kind][field] is Audience.PROGRAMME:
        callers.append(club.member_actor("zoe"))
    answers = [await graphql.read(caller, document) for caller in callers]
    assert all(answer == answers[0] for answer in answers), document


@pytest.mark.parametrize("field", [field for kind, field in FIELDS if kind == "LeaderboardUpdate"])
async def test_watchers_of_one_audience_get_the_same(
    graphql: GraphQL, club: ProgrammeUnderTest, field: str
) -> None:
    await club.do("visit", "ann")
    document = f'subscription {{ leaderboardUpdated(key: "total") {{ {selection("LeaderboardUpdate", field, "")} }} }}'
    answers: list[Any] = []
    for caller in (
        club.member_actor("ann"),
        club.member_actor("bob"),
        club.moderator,
        club.service,
        club.operator,
    ):
        async with graphql.subscribe(caller, document) as updates:
            answers.append(await updates.data())
    if field == "revision":
        answers = [answer["revision"] > 0 for answer in answers]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    ("document", "audience"),
    [
        ("{ leaderboard(key: \"a\") { period { entries { nodes { rank member { displayName } } } } } }", 0),
        ("{ leaderboard(key: \"a\") { name } }", 1),
        ("{ leaderboard(key: \"a\") { key } me { id } }", 2),
        ("{ leaderboard(key: \"a\") { period { entries { nodes { member { externalId } } } } } }", 2),
        ("{ leaderboard(key: \"a\") { ...F } } fragment F on Leaderboard { ...G } fragment G on Leaderboard { name }", 1),
        ("{ leaderboard(key: \"a\") { ... on Node { id } } }", 2),
        ("{ leaderboard(key: \"a\") { ... { __typename key } } }", 0),
        ("{ leaderboard(key: \"a\") { name @skip(if: true) key } }", 1),
        ("{ leaderboard(key: \"a\") { key @made_up } }", 2),
        ("{ leaderboard(key: \"a\") { key ...F @made_up } } fragment F on Leaderboard { key }", 2),
        ("query @made_up { leaderboard(key: \"a\") { key } }", 2),
        ("{ __schema { types { name } } }", 2),
        ("subscription { leaderboardUpdated(key: \"a\") { entries { rank } } }", 0),
        ("subscription { leaderboardUpdated(key: \"a\") { entries { rank } viewer { rank } } }", 2),
        ("mutation { joinProgramme(input: {}) { __typename } }", 2),
    ],
)  # fmt: skip
def test_the_narrowest_field_decides(document: str, audience: int) -> None:
    operation, *fragments = parse(document).definitions
    named: Any = {fragment.name.value: fragment for fragment in fragments}  # type: ignore[attr-defined]
    assert audience_of(CORE, operation, named) == audience  # type: ignore[arg-type]


def test_a_fragment_is_looked_at_once() -> None:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    document = f"{{ ...F0 }} {doubling} fragment F40 on Query {{ leaderboards {{ totalCount }} }}"
    operation, *fragments = parse(document).definitions
    named: Any = {fragment.name.value: fragment for fragment in fragments}  # type: ignore[attr-defined]
    assert audience_of(CORE, operation, named) is Audience.PROGRAMME  # type: ignore[arg-type]


def test_scopes_keep_apart_who_must_not_share() -> None:
    ann, bob = Actor("p", "ann", Role.MEMBER), Actor("p", "bob", Role.MEMBER)
    moderator, operator = Actor("p", "m", Role.MODERATOR), Actor("p", "o", Role.OPERATOR)
    other = Actor("q", "ann", Role.MEMBER)

    assert scope_of(Audience.PROGRAMME, ann, "en") == scope_of(Audience.PROGRAMME, moderator, None)
    assert scope_of(Audience.PROGRAMME, ann, None) != scope_of(Audience.PROGRAMME, other, None)
    assert scope_of(Audience.PROGRAMME, ann, None) != scope_of(Audience.PROGRAMME, operator, None)
    assert scope_of(Audience.LOCALE, ann, "en") == scope_of(Audience.LOCALE, bob, "en")
    assert scope_of(Audience.LOCALE, ann, "en") != scope_of(Audience.LOCALE, bob, "zh")
    assert scope_of(Audience.CALLER, ann, "en") != scope_of(Audience.CALLER, bob, "en")
    assert scope_of(Audience.CALLER, ann, "en") != scope_of(
        Audience.CALLER, Actor("p", "ann", Role.SERVICE), "en"
    )
