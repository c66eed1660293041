"""Other members' and other programmes' ids: whichever way they are tried, nothing leaks and nothing changes."""

from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused, typed
from tests.resolvers.test_nodes import NAMED_BY_KEY, NODES, ids_of
from tests.support import SOURCE, ProgrammeUnderTest

PRIVATE = {
    "externalId": "externalId",
    "identities": "identities { subject }",
    "attributes": "attributes",
    "standingStatus": "standingStatus",
    "balances": "balances { active }",
    "balance": 'balance(unit: "points") { active }',
    "ledger": "ledger { nodes { id } }",
    "taskProgress": "taskProgress { nodes { id } }",
    "currentTasks": "currentTasks { id }",
    "activities": "activities { nodes { id } }",
}
PUBLIC = "id displayName avatarUrl locale timeZone joinedAt"
MEMBER = "query ($id: ID!) { member(id: $id) { %s } }"


@pytest.fixture
async def other(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Another programme, alike in all, where zoe has done something."""
    other = await programme(CLUB)
    await other.join("zoe", display_name="Zoe")
    await other.join("ann", display_name="Another Ann")
    for name in ("zoe", "ann"):
        await other.do("visit", name)
        await other.do("visit", name)
    return other


async def test_another_programmes_objects_are_not_there(
    graphql: GraphQL, club: ProgrammeUnderTest, other: ProgrammeUnderTest
) -> None:
    theirs = await ids_of(graphql, other, "zoe")
    foreign = [found for name, found in theirs.items() if name not in NAMED_BY_KEY]

    for actor in (club.member_actor("ann"), club.moderator, club.operator, club.service):
        assert await graphql.read(actor, NODES, {"ids": foreign}) == {"nodes": [None] * len(foreign)}
        assert await graphql.read(actor, MEMBER % "id", {"id": theirs["Member"]}) == {"member": None}


async def test_what_is_named_by_key_is_ones_own_programmes(
    graphql: GraphQL, club: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    richer = await programme({**CLUB, "badges": [*CLUB["badges"], {"key": "rare"}]})
    (theirs,) = (await graphql.read(richer.operator, '{ badge(key: "rare") { id } }')).values()

    assert await graphql.read(club.operator, NODES, {"ids": [theirs["id"]]}) == {"nodes": [None]}


async def test_another_members_own_objects_are_not_there(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "bob")
    theirs = await ids_of(graphql, club, "bob")
    own = ("Transfer", "TaskProgress", "Activity")

    answer = await graphql.read(club.member_actor("ann"), NODES, {"ids": [theirs[name] for name in own]})
    public = await graphql.read(
        club.member_actor("ann"), NODES, {"ids": [theirs["Member"], theirs["BadgeAward"]]}
    )

    assert answer == {"nodes": [None] * 3}
    assert None not in public["nodes"]


async def test_a_revoked_award_is_its_members_own(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "bob")
    award = (await ids_of(graphql, club, "bob"))["BadgeAward"]
    stated = {"memberId": member_gid(club, "bob"), "badge": "newcomer", "reason": "r", "idempotencyKey": "k"}
    await graphql.done(club.moderator, "revokeBadge", stated)

    assert await graphql.read(club.member_actor("ann"), NODES, {"ids": [award]}) == {"nodes": [None]}
    assert None not in (await graphql.read(club.member_actor("bob"), NODES, {"ids": [award]}))["nodes"]


async def test_banned_members_are_not_shown(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "bob")
    theirs = await ids_of(graphql, club, "bob")
    stated = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", stated)
    ann, ids = club.member_actor("ann"), [theirs["Member"], theirs["BadgeAward"]]

    assert await graphql.read(ann, NODES, {"ids": ids}) == {"nodes": [None, None]}
    assert await graphql.read(ann, MEMBER % "id", {"id": ids[0]}) == {"member": None}
    awards = await graphql.read(ann, '{ badge(key: "newcomer") { awards { nodes { member { id } } } } }')
    assert awards["badge"]["awards"]["nodes"] == [{"member": None}]
    assert None not in (await graphql.read(club.moderator, NODES, {"ids": ids}))["nodes"]


@pytest.mark.parametrize("name", PRIVATE)
async def test_private_fields_are_null_with_an_error_at_their_path(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str
) -> None:
    await club.do("visit", "bob")

    result = await graphql(
        club.member_actor("ann"), MEMBER % f"displayName {PRIVATE[name]}", {"id": member_gid(club, "bob")}
    )

    refused(result, "FORBIDDEN", at=f"member.{name}")
    assert result.data == {"member": {"displayName": "Bob", name: None}}


async def test_the_owner_staff_and_services_read_them_all(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    everything = " ".join(PRIVATE.values())

    for actor in (club.member_actor("bob"), club.moderator, club.operator, club.service):
        answer = await graphql.read(actor, MEMBER % f"{PUBLIC} {everything}", {"id": member_gid(club, "bob")})
        assert all(answer["member"][name] is not None for name in PRIVATE)


async def test_boards_hold_ones_own_programme_only(
    graphql: GraphQL, club: ProgrammeUnderTest, other: ProgrammeUnderTest
) -> None:
    await club.do("visit", "bob")
    document = """query ($id: ID!) { leaderboard(key: "total") { period {
        size rankOf(memberId: $id) { rank } around(memberId: $id) { rank }
        entries { nodes { member { displayName } } } } }
        badge(key: "newcomer") { awardCount awards { nodes { id } } } }"""

    answer = await graphql.read(club.service, document, {"id": member_gid(other, "zoe")})

    assert answer["leaderboard"]["period"] == {
        "size": 1,
        "rankOf": None,
        "around": [],
        "entries": {"nodes": [{"member": {"displayName": "Bob"}}]},
    }
    assert (answer["badge"]["awardCount"], len(answer["badge"]["awards"]["nodes"])) == (1, 1)


async def test_lists_hold_ones_own_programme_only(
    graphql: GraphQL, club: ProgrammeUnderTest, other: ProgrammeUnderTest
) -> None:
    answer = await graphql.read(
        club.operator,
        '{ members { totalCount nodes { displayName } } ann: member(externalId: "ann") { displayName balances { active } } }',
    )

    assert answer["members"] == {"totalCount": 2, "nodes": [{"displayName": "Ann"}, {"displayName": "Bob"}]}
    assert answer["ann"] == {"displayName": "Ann", "balances": [{"active": 0}, {"active": 0}]}


async def test_a_token_of_another_programme_is_nobody_here(
    graphql: GraphQL, club: ProgrammeUnderTest, other: ProgrammeUnderTest
) -> None:
    assert await graphql.read(club.member_actor("zoe"), "{ me { id } }") == {"me": None}
    assert await graphql.read(club.service, '{ member(externalId: "zoe") { id } }') == {"member": None}


ON_A_MEMBER: list[tuple[str, dict[str, Any]]] = [
    ("updateProfile", {"displayName": "Taken"}),
    ("setMemberStanding", {"standing": "BANNED", "reason": "r"}),
    ("adjustPoints", {"unit": "points", "amount": 5, "reason": "r", "idempotencyKey": "k"}),
    ("spendPoints", {"unit": "points", "amount": 5, "idempotencyKey": "k"}),
    ("claimTask", {"task": "regular", "idempotencyKey": "k"}),
    ("awardBadge", {"badge": "champion", "reason": "r", "idempotencyKey": "k"}),
    ("revokeBadge", {"badge": "newcomer", "reason": "r", "idempotencyKey": "k"}),
]


@pytest.mark.parametrize(("field", "stated"), ON_A_MEMBER)
async def test_nobody_acts_on_another_programmes_member(
    graphql: GraphQL, club: ProgrammeUnderTest, other: ProgrammeUnderTest, field: str, stated: dict[str, Any]
) -> None:
    zoe = MEMBER % "displayName standingStatus balances { active } badgeAwards { nodes { badge { key } } }"
    before = await graphql.read(other.service, zoe, {"id": member_gid(other, "zoe")})
    actor = club.moderator if field == "setMemberStanding" else club.service

    for wrong in (member_gid(other, "zoe"), "nobody"):
        answer = await graphql.mutate(actor, field, {"memberId": wrong, **stated})
        typed(answer, "NotFoundError", "NOT_FOUND", "memberId")

    assert await graphql.read(other.service, zoe, {"id": member_gid(other, "zoe")}) == before


@pytest.mark.parametrize("field", ["updateProfile", "spendPoints", "claimTask"])
async def test_members_act_on_no_other_member(graphql: GraphQL, club: ProgrammeUnderTest, field: str) -> None:
    for _ in range(3):
        await club.do("visit", "bob")
    stated = {"memberId": member_gid(club, "bob"), **dict(ON_A_MEMBER)[field]}

    refused(await graphql.mutate(club.member_actor("ann"), field, stated), "FORBIDDEN", at=field)

    assert await club.balance("bob", "points") == 115


async def test_activities_of_another_programme_are_neither_found_nor_reversed(
    graphql: GraphQL, club: ProgrammeUnderTest, other: ProgrammeUnderTest
) -> None:
    theirs = await other.do("visit", "zoe", source_id="shared")
    stated = {"source": SOURCE, "sourceId": theirs.source_id}

    found = await graphql.read(
        club.service, f'{{ activity(source: "{SOURCE}", sourceId: "shared") {{ id }} }}'
    )
    typed(await graphql.mutate(club.service, "reverseActivity", stated), "NotFoundError")

    assert found == {"activity": None}
    assert await other.balance("zoe", "points") == 115
    await club.do("visit", "ann", source_id="shared")
    assert await club.balance("ann", "points") == 5


async def test_the_causing_activity_of_an_award_stays_hidden_from_others(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "bob")
    document = '{ badge(key: "newcomer") { awards { nodes { member { displayName } cause { activity { id } reason } } } } }'

    result = await graphql(club.member_actor("ann"), document)

    assert result.errors is None
    assert result.data == {
        "badge": {
            "awards": {
                "nodes": [{"member": {"displayName": "Bob"}, "cause": {"activity": None, "reason": None}}]
            }
        }
    }
