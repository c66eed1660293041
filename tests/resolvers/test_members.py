"""`me`, `member`, `members`, `joinProgramme`, `updateProfile`, `setMemberStanding`."""

from typing import Any

import pytest

from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

PROFILE = """
    id externalId displayName avatarUrl locale timeZone joinedAt attributes standingStatus
    identities { provider subject }
"""


async def test_me_is_the_member_of_the_token(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(club.member_actor("ann"), f"{{ me {{ {PROFILE} }} }}")

    assert answer["me"] == {
        "id": member_gid(club, "ann"),
        "externalId": "ann",
        "displayName": "Ann",
        "avatarUrl": None,
        "locale": "en",
        "timeZone": "UTC",
        "joinedAt": club.members["ann"].joined_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "attributes": {},
        "standingStatus": "ACTIVE",
        "identities": [],
    }


async def test_me_is_null_for_who_is_no_member(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for actor in (club.operator, club.moderator, club.service, club.member_actor("stranger")):
        assert await graphql.read(actor, "{ me { id } }") == {"me": None}


@pytest.mark.parametrize(
    "field",
    [
        "me { id }",
        'member(externalId: "ann") { id }',
        "members { nodes { id } }",
        "programme { key }",
        'leaderboard(key: "total") { key }',
        "leaderboards { nodes { key } }",
        'task(key: "regular") { key }',
        "tasks { nodes { key } }",
        'badge(key: "newcomer") { key }',
        "badges { nodes { key } }",
        'activity(source: "a", sourceId: "b") { id }',
        'node(id: "x") { id }',
        'nodes(ids: ["x"]) { id }',
    ],
)
async def test_reads_need_a_token(graphql: GraphQL, field: str) -> None:
    refused(await graphql(None, f"{{ {field} }}"), "UNAUTHENTICATED")


async def test_finds_a_member_by_id_external_id_or_identity(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    identity = {"provider": "github", "subject": "annie"}
    await graphql.done(
        club.service, "updateProfile", {"memberId": member_gid(club, "ann"), "identities": [identity]}
    )
    document = "query ($id: ID, $name: String, $identity: IdentityInput) { member(id: $id, externalId: $name, identity: $identity) { displayName } }"

    for stated in ({"id": member_gid(club, "ann")}, {"name": "ann"}, {"identity": identity}):
        assert await graphql.read(club.service, document, stated) == {"member": {"displayName": "Ann"}}


async def test_finds_nobody_by_what_names_nobody(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for stated in (
        'id: "nobody"',
        'id: "TWVtYmVyOnp6"',
        'externalId: "x"',
        'identity: {provider: "a", subject: "b"}',
    ):
        assert await graphql.read(club.operator, f"{{ member({stated}) {{ id }} }}") == {"member": None}


@pytest.mark.parametrize("stated", ["(id: null)", '(id: "a", externalId: "b")'])
async def test_a_member_is_looked_up_by_exactly_one_name(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: str
) -> None:
    refused(await graphql(club.service, f"{{ member{stated} {{ id }} }}"), "INVALID_INPUT", field="id")


async def test_members_look_others_up_by_id_only(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    document = (
        'query ($id: ID!) { byId: member(id: $id) { displayName } byName: member(externalId: "bob") { id } }'
    )

    answer = await graphql.read(ann, document, {"id": member_gid(club, "bob")})

    assert answer == {"byId": {"displayName": "Bob"}, "byName": None}


async def test_lists_members_by_filter_and_order(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.join("cec", display_name="Anton")
    await graphql.done(
        club.moderator,
        "setMemberStanding",
        {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "spam"},
    )

    async def names(arguments: str) -> list[str]:
        answer = await graphql.read(
            club.moderator, f"{{ members{arguments} {{ nodes {{ displayName }} totalCount }} }}"
        )
        found = [node["displayName"] for node in answer["members"]["nodes"]]
        assert answer["members"]["totalCount"] == len(found)
        return found

    assert await names("") == ["Ann", "Bob", "Anton"]
    assert await names("(orderBy: {field: DISPLAY_NAME})") == ["Ann", "Anton", "Bob"]
    assert await names("(orderBy: {field: DISPLAY_NAME, descending: true})") == ["Bob", "Anton", "Ann"]
    assert await names('(filter: {displayNameStartsWith: "An"})') == ["Ann", "Anton"]
    assert await names("(filter: {standing: BANNED})") == ["Bob"]


async def test_members_are_listed_to_staff_and_services_only(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    refused(await graphql(club.member_actor("ann"), "{ members { totalCount } }"), "FORBIDDEN", at="members")


async def test_a_member_joins_as_the_subject_of_the_token(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    cec = club.member_actor("cec")
    stated = {
        "displayName": "Cec",
        "locale": "zh-Hans",
        "timeZone": "Asia/Shanghai",
        "avatarUrl": "https://a.example/c.png",
    }

    first = await graphql.done(cec, "joinProgramme", stated, f"joined member {{ {PROFILE} }}")
    second = await graphql.done(
        cec, "joinProgramme", {"displayName": "Other"}, f"joined member {{ {PROFILE} }}"
    )

    assert (first["joined"], second["joined"]) == (True, False)
    assert first["member"] == second["member"]
    assert first["member"]["externalId"] == "cec"
    assert {**first["member"], **stated} == first["member"]


async def test_what_servers_keep_of_a_member_no_member_states(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    cec, private = (
        club.member_actor("cec"),
        {"attributes": {"vip": True}, "identities": [{"provider": "a", "subject": "b"}]},
    )

    joined = await graphql.done(cec, "joinProgramme", private, "member { attributes identities { subject } }")

    assert joined["member"] == {"attributes": {}, "identities": []}
    for name, value in private.items():
        refused(await graphql.mutate(cec, "updateProfile", {name: value}), "FORBIDDEN")
    assert await graphql.read(cec, "{ me { attributes identities { subject } } }") == {"me": joined["member"]}


async def test_a_service_lets_anyone_join(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {
        "externalId": "dan",
        "attributes": {"vip": True},
        "identities": [{"provider": "a", "subject": "b"}],
    }

    answer = await graphql.done(
        club.service,
        "joinProgramme",
        stated,
        "member { externalId attributes identities { provider subject } }",
    )

    assert answer["member"] == stated


async def test_nobody_joins_in_anothers_name(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for actor in (club.member_actor("ann"), club.moderator, club.operator):
        refused(await graphql.mutate(actor, "joinProgramme", {"externalId": "eve"}), "FORBIDDEN")
    assert await graphql.read(club.service, '{ member(externalId: "eve") { id } }') == {"member": None}


BAD_PROFILES: list[tuple[dict[str, Any], str, str, int | None]] = [
    ({"displayName": ""}, "INVALID_INPUT", "displayName", None),
    ({"displayName": "x" * 101}, "TOO_LARGE", "displayName", 100),
    ({"displayName": "a\x00b"}, "INVALID_INPUT", "displayName", None),
    ({"avatarUrl": "javascript:alert(1)"}, "INVALID_INPUT", "avatarUrl", None),
    ({"avatarUrl": "https://a.example/" + "x" * 2000}, "TOO_LARGE", "avatarUrl", 2000),
    ({"locale": "../en"}, "INVALID_INPUT", "locale", None),
    ({"timeZone": "Mars/Olympus"}, "INVALID_INPUT", "timeZone", None),
    ({"attributes": ["a"]}, "INVALID_INPUT", "attributes", None),
    ({"attributes": {"a": "x" * 17_000}}, "TOO_LARGE", "attributes", 16 * 1024),
    ({"attributes": {"a": float("nan")}}, "NOT_EXACT", "attributes.a", None),
    ({"attributes": {"a": 2**60}}, "NOT_EXACT", "attributes.a", 2**53 - 1),
    ({"identities": [{"provider": "p", "subject": ""}]}, "INVALID_INPUT", "identities.subject", None),
    (
        {"identities": [{"provider": "p", "subject": str(n)} for n in range(21)]},
        "INVALID_INPUT",
        "identities",
        20,
    ),
]


@pytest.mark.parametrize(("stated", "code", "path", "limit"), BAD_PROFILES)
async def test_refuses_a_profile_that_does_not_hold(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    stated: dict[str, Any],
    code: str,
    path: str,
    limit: int | None,
) -> None:
    ann = {"memberId": member_gid(club, "ann")}

    typed(
        await graphql.mutate(club.service, "joinProgramme", {"externalId": "new", **stated}),
        "InvalidInputError",
        code,
        path,
        limit,
    )
    typed(
        await graphql.mutate(club.service, "updateProfile", {**ann, **stated}),
        "InvalidInputError",
        code,
        path,
        limit,
    )

    answer = await graphql.read(
        club.service,
        '{ member(externalId: "new") { id } ann: member(externalId: "ann") { displayName avatarUrl attributes } }',
    )
    assert answer == {"member": None, "ann": {"displayName": "Ann", "avatarUrl": None, "attributes": {}}}


async def test_an_identity_is_one_members_only(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    identities = {"identities": [{"provider": "github", "subject": "annie"}]}
    await graphql.done(club.service, "updateProfile", {"memberId": member_gid(club, "ann"), **identities})

    typed(
        await graphql.mutate(club.service, "updateProfile", {"memberId": member_gid(club, "bob"), **identities}),
        "ConflictError", "CONFLICT", "identities",
    )  # fmt: skip
    typed(
        await graphql.mutate(club.service, "joinProgramme", {"externalId": "eve", **identities}),
        "ConflictError", "CONFLICT", "identities",
    )  # fmt: skip


async def test_changes_ones_own_profile(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    await graphql.done(ann, "updateProfile", {"displayName": "Annie", "avatarUrl": "http://a.example/a.png"})

    changed = await graphql.done(
        ann, "updateProfile", {"locale": "zh", "avatarUrl": ""}, "member { displayName avatarUrl locale }"
    )

    assert changed["member"] == {"displayName": "Annie", "avatarUrl": None, "locale": "zh"}


async def test_staff_change_any_profile_and_members_none_but_their_own(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    stated = {"memberId": member_gid(club, "bob"), "displayName": "Robert"}

    for actor in (club.member_actor("ann"), club.moderator):
        refused(await graphql.mutate(actor, "updateProfile", stated), "FORBIDDEN")
    assert await graphql.read(club.service, '{ member(externalId: "bob") { displayName } }') == {
        "member": {"displayName": "Bob"}
    }
    changed = await graphql.done(club.operator, "updateProfile", stated, "member { displayName }")
    assert changed["member"] == {"displayName": "Robert"}


async def test_a_profile_of_nobody_is_not_found(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for actor, stated in (
        (club.service, {"memberId": "nobody"}),
        (club.service, {"displayName": "x"}),
        (club.member_actor("stranger"), {"displayName": "x"}),
    ):
        typed(await graphql.mutate(actor, "updateProfile", stated), "NotFoundError", "NOT_FOUND", "memberId")


async def test_names_are_in_the_viewers_locale(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    document = (
        '{ programme { name units { name } } badge(key: "newcomer") { name } task(key: "regular") { name } }'
    )
    before = await graphql.read(ann, document)

    await graphql.done(ann, "updateProfile", {"locale": "zh-Hans"})
    after = await graphql.read(ann, document)

    assert before["badge"] == {"name": "Newcomer"}
    assert after == {
        "programme": {"name": "俱乐部", "units": [{"name": "积分"}, {"name": "gems"}]},
        "badge": {"name": "新人"},
        "task": {"name": "Come twice"},
    }


async def test_bans_and_restores(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "bob")
    bob, stated = club.member_actor("bob"), {"memberId": member_gid(club, "bob"), "reason": "spam"}
    board = (
        '{ leaderboard(key: "total") { period { size entries { nodes { rank member { displayName } } } } } }'
    )

    banned = await graphql.done(
        club.moderator, "setMemberStanding", {**stated, "standing": "BANNED"}, "member { standingStatus }"
    )

    assert banned["member"] == {"standingStatus": "BANNED"}
    shown = {"rank": 1, "member": {"displayName": "Ann"}}
    seen = await graphql.read(club.member_actor("ann"), board)
    assert seen["leaderboard"]["period"] == {"size": 1, "entries": {"nodes": [shown]}}
    refused(await graphql.mutate(bob, "updateProfile", {"displayName": "B"}), "FORBIDDEN")
    spending = {"unit": "points", "amount": 1, "idempotencyKey": "k"}
    refused(await graphql.mutate(bob, "spendPoints", spending), "FORBIDDEN")

    await graphql.done(club.moderator, "setMemberStanding", {**stated, "standing": "ACTIVE"})
    assert (await graphql.read(bob, board))["leaderboard"]["period"]["size"] == 2


async def test_hidden_members_are_on_no_board(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "bob")
    stated = {"memberId": member_gid(club, "bob"), "standing": "HIDDEN", "reason": "asked to be"}
    await graphql.done(club.operator, "setMemberStanding", stated)

    answer = await graphql.read(
        club.member_actor("bob"),
        '{ me { standing(leaderboard: "total") { rank } balance(unit: "points") { active } } }',
    )
    assert answer == {"me": {"standing": None, "balance": {"active": 5}}}


@pytest.mark.parametrize(
    ("stated", "kind", "path"),
    [
        ({"memberId": "nobody", "reason": "r"}, "NotFoundError", "memberId"),
        ({"reason": " "}, "InvalidInputError", "reason"),
        ({"reason": "x" * 501}, "InvalidInputError", "reason"),
    ],
)
async def test_refuses_a_standing_that_makes_no_sense(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], kind: str, path: str
) -> None:
    given = {"memberId": member_gid(club, "bob"), "standing": "BANNED", **stated}

    typed(await graphql.mutate(club.moderator, "setMemberStanding", given), kind, path=path)

    answer = await graphql.read(club.service, '{ member(externalId: "bob") { standingStatus } }')
    assert answer == {"member": {"standingStatus": "ACTIVE"}}


async def test_a_standing_on_a_board_that_is_not_there(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for argument in ('leaderboard: "nope"', 'leaderboard: "daily", period: "2026-13"'):
        result = await graphql(club.member_actor("ann"), f"{{ me {{ standing({argument}) {{ rank }} }} }}")
        refused(
            result,
            "INVALID_INPUT",
            at="me.standing",
            field="period" if "period" in argument else "leaderboard",
        )
