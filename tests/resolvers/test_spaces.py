"""Spaces: who sees, reads and writes in them, and how one comes to be in them."""

import asyncio
from typing import Any

import pytest

from gamification.kit.actors import Actor
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

SEEN = "{ spaces { nodes { key viewerMayRead viewerMayWrite viewerMayModerate } totalCount } }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann, Bob and Cyd in it."""
    club = await programme(COMMUNITY)
    for name in ("ann", "bob", "cyd"):
        await club.join(name, display_name=name.title())
    return club


async def seen(graphql: GraphQL, actor: Actor) -> dict[str, str]:
    """What somebody may do in each space that is there for them: r, w, m."""
    found = await graphql.read(actor, SEEN)
    flags = (("viewerMayRead", "r"), ("viewerMayWrite", "w"), ("viewerMayModerate", "m"))
    assert found["spaces"]["totalCount"] == len(found["spaces"]["nodes"])
    return {
        one["key"]: "".join(letter for name, letter in flags if one[name]) for one in found["spaces"]["nodes"]
    }


async def joined(graphql: GraphQL, actor: Actor, space: str, **stated: Any) -> str:
    """In which state they are in a space once they asked."""
    success = await graphql.done(actor, "joinSpace", {"space": space, **stated}, "membership { state role }")
    return str(success["membership"]["state"])


async def test_members_see_the_spaces_that_are_there_for_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("dee", attributes={"city": "Shanghai"})

    ann = await seen(graphql, club.member_actor("ann"))
    assert ann == {"square": "rw", "makers": "r", "circle": "", "board": "r", "attic": "r"}
    dee = await seen(graphql, club.member_actor("dee"))
    assert dee == {**ann, "shanghai": "rw"}


async def test_a_tier_opens_a_space(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.record(club.activity("study", "ann", hours=100))

    assert (await seen(graphql, club.member_actor("ann")))["lounge"] == "rw"
    assert "lounge" not in await seen(graphql, club.member_actor("bob"))


async def test_staff_and_services_see_every_space(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    published = {"square", "makers", "circle", "board", "lounge", "shanghai", "attic"}

    assert await seen(graphql, club.moderator) == dict.fromkeys(published, "rm")
    assert await seen(graphql, club.service) == dict.fromkeys(published, "rm")
    assert (await seen(graphql, club.operator)).keys() == published | {"next"}


async def test_a_space_tells_of_itself(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await joined(graphql, club.member_actor("ann"), "square")

    found = await graphql.read(
        club.member_actor("ann"),
        """{ space(key: "square") { id key name description rules access admission status kinds isGated
            memberCount postCount viewerMembership { role state } } }""",
    )
    again = await graphql.read(
        club.member_actor("ann"),
        "query ($id: ID!) { node(id: $id) { ... on Space { key } } }",
        {"id": found["space"].pop("id")},
    )
    assert again == {"node": {"key": "square"}}
    assert found["space"] == {
        "key": "square",
        "name": "The square",
        "description": "For everyone",
        "rules": "Be *kind*.",
        "access": "OPEN",
        "admission": "FREE",
        "status": "PUBLISHED",
        "kinds": ["DISCUSSION", "QUESTION", "ANNOUNCEMENT"],
        "isGated": False,
        "memberCount": 1,
        "postCount": 0,
        "viewerMembership": {"role": "MEMBER", "state": "ACTIVE"},
    }


async def test_a_private_space_tells_nothing_of_what_is_in_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await graphql.done(
        club.moderator, "admitSpaceMember", {"space": "circle", "memberId": member_gid(club, "bob")}
    )

    found = await graphql.read(
        club.member_actor("ann"), '{ space(key: "circle") { key postCount members { nodes { since } } } }'
    )
    assert found == {"space": {"key": "circle", "postCount": None, "members": {"nodes": []}}}


async def test_what_is_not_there_looks_like_what_there_is_not(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    found = await graphql.read(ann, '{ a: space(key: "lounge") { key } b: space(key: "nowhere") { key } }')
    assert found == {"a": None, "b": None}
    hidden = typed(await graphql.mutate(ann, "joinSpace", {"space": "lounge"}), "NotFoundError")
    missing = typed(await graphql.mutate(ann, "joinSpace", {"space": "nowhere"}), "NotFoundError")
    assert hidden == missing


async def test_joining_opens_a_closed_space_and_leaving_closes_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")

    assert await joined(graphql, ann, "makers") == "ACTIVE"
    assert await joined(graphql, ann, "makers") == "ACTIVE"
    assert (await seen(graphql, ann))["makers"] == "rw"
    for _ in range(2):
        left = await graphql.done(
            ann, "leaveSpace", {"space": "makers"}, "space { viewerMayWrite viewerMembership { state } }"
        )
        assert left["space"] == {"viewerMayWrite": False, "viewerMembership": None}
    assert (await seen(graphql, ann))["makers"] == "r"


async def test_a_private_space_is_joined_on_request(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, circle = club.member_actor("ann"), {"space": "circle", "memberId": member_gid(club, "ann")}
    waiting = '{ space(key: "circle") { members(state: REQUESTED) { nodes { member { displayName } } } } }'

    assert await joined(graphql, ann, "circle") == "REQUESTED"
    assert (await seen(graphql, ann))["circle"] == ""
    found = await graphql.read(club.moderator, waiting)
    assert found["space"]["members"]["nodes"] == [{"member": {"displayName": "Ann"}}]
    assert (await graphql.read(club.member_actor("bob"), waiting))["space"]["members"]["nodes"] == []

    success = await graphql.done(club.moderator, "admitSpaceMember", circle, "membership { state }")
    assert success["membership"] == {"state": "ACTIVE"}
    assert (await seen(graphql, ann))["circle"] == "rw"


async def test_a_request_can_be_refused(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    await joined(graphql, ann, "circle")
    refusal = {"space": "circle", "memberId": member_gid(club, "ann")}
    success = await graphql.done(club.moderator, "removeSpaceMember", refusal, "membership { state }")

    assert success["membership"] is None
    found = await graphql.read(ann, '{ space(key: "circle") { viewerMembership { state } } }')
    assert found["space"]["viewerMembership"] is None


async def test_nobody_joins_by_themselves_where_members_are_added(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    typed(await graphql.mutate(ann, "joinSpace", {"space": "board"}), "ConflictError", "SPACE_NOT_OPEN")
    typed(await graphql.mutate(ann, "joinSpace", {"space": "attic"}), "ConflictError", "SPACE_NOT_OPEN")


async def test_who_is_barred_neither_writes_nor_comes_back(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    bar = {"space": "square", "memberId": member_gid(club, "ann"), "bar": True, "reason": "Rude"}
    barred = await graphql.done(club.moderator, "removeSpaceMember", bar, "membership { state }")

    assert barred["membership"] == {"state": "BARRED"}
    assert (await seen(graphql, ann))["square"] == "r"
    await graphql.done(ann, "leaveSpace", {"space": "square"})
    typed(await graphql.mutate(ann, "joinSpace", {"space": "square"}), "ConflictError", "SPACE_BARRED")
    await graphql.done(
        club.moderator, "admitSpaceMember", {"space": "square", "memberId": member_gid(club, "ann")}
    )
    assert (await seen(graphql, ann))["square"] == "rw"


async def test_roles_are_given_from_above(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob, cyd = (member_gid(club, name) for name in ("ann", "bob", "cyd"))

    async def give(actor: Actor, member: str, role: str) -> Any:
        stated = {"space": "makers", "memberId": member, "role": role}
        return await graphql.mutate(actor, "setSpaceRole", stated, "membership { role state }")

    async def put_out(actor: Actor, member: str) -> Any:
        return await graphql.mutate(actor, "removeSpaceMember", {"space": "makers", "memberId": member})

    refused(await give(club.moderator, ann, "MODERATOR"), "FORBIDDEN")  # the operators' to give
    refused(await give(club.member_actor("ann"), ann, "OWNER"), "FORBIDDEN")
    assert not (await give(club.operator, ann, "OWNER")).errors
    assert not (await give(club.member_actor("ann"), bob, "MODERATOR")).errors
    refused(await give(club.member_actor("ann"), bob, "OWNER"), "FORBIDDEN")
    refused(await give(club.member_actor("bob"), cyd, "MODERATOR"), "FORBIDDEN")
    await joined(graphql, club.member_actor("cyd"), "makers")
    refused(await put_out(club.member_actor("cyd"), bob), "FORBIDDEN")
    refused(await put_out(club.member_actor("bob"), ann), "FORBIDDEN")
    assert not (await put_out(club.member_actor("bob"), cyd)).errors
    assert not (await put_out(club.member_actor("ann"), bob)).errors
    assert not (await put_out(club.moderator, ann)).errors

    found = await graphql.read(club.operator, '{ space(key: "makers") { memberCount } }')
    assert found == {"space": {"memberCount": 0}}


async def test_services_join_for_members_as_those_could(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = member_gid(club, "ann")

    assert await joined(graphql, club.service, "makers", memberId=ann) == "ACTIVE"
    typed(
        await graphql.mutate(club.service, "joinSpace", {"space": "lounge", "memberId": ann}), "NotFoundError"
    )
    refused(
        await graphql.mutate(club.member_actor("bob"), "joinSpace", {"space": "makers", "memberId": ann}),
        "FORBIDDEN",
    )
    refused(await graphql.mutate(club.service, "joinSpace", {"space": "makers"}), "FORBIDDEN")


async def test_a_banned_member_only_reads(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await graphql.done(
        club.moderator,
        "setMemberStanding",
        {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "spam"},
    )

    refused(await graphql.mutate(club.member_actor("ann"), "joinSpace", {"space": "makers"}), "FORBIDDEN")
    assert (await seen(graphql, club.member_actor("ann")))["square"] == "r"


async def test_joining_twice_at_once_is_joining_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    states = await asyncio.gather(*(joined(graphql, ann, "makers") for _ in range(8)))

    assert states == ["ACTIVE"] * 8
    found = await graphql.read(
        ann, '{ space(key: "makers") { memberCount members { nodes { member { displayName } role } } } }'
    )
    assert found["space"] == {
        "memberCount": 1,
        "members": {"nodes": [{"member": {"displayName": "Ann"}, "role": "MEMBER"}]},
    }


async def test_who_is_barred_stays_so_whoever_puts_them_out_once_more(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    out = {"space": "square", "memberId": member_gid(club, "ann")}
    bar = {**out, "bar": True, "reason": "Rude"}

    answers = await asyncio.gather(
        *(graphql.mutate(club.moderator, "removeSpaceMember", stated) for stated in (bar, out, out))
    )
    again = await graphql.done(club.moderator, "removeSpaceMember", out, "membership { state }")

    assert not any(answer.errors for answer in answers)
    assert again["membership"] == {"state": "BARRED"}
    typed(await graphql.mutate(ann, "joinSpace", {"space": "square"}), "ConflictError", "SPACE_BARRED")


BOTH: dict[str, Any] = {
    "key": "vault",
    "tier": {"ladder": "club", "least": "gold"},
    "when": "member.attributes.city == 'Shanghai'",
}


async def test_a_space_with_two_gates_is_there_for_who_passes_both_and_only_while_they_do(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.apply({**COMMUNITY, "spaces": [*COMMUNITY["spaces"], BOTH]})
    for name, city in (("dee", "Shanghai"), ("eli", "Shanghai"), ("fay", "Paris")):
        await club.join(name, attributes={"city": city})
    for name in ("dee", "fay"):
        await club.record(club.activity("study", name, hours=100))
    dee = club.member_actor("dee")
    assert (await seen(graphql, dee))["vault"] == "rw"
    for name in ("eli", "fay"):
        assert "vault" not in await seen(graphql, club.member_actor(name))
    stated = {"space": "vault", "title": "Hello", "body": "Gold words", "idempotencyKey": "k"}
    post = (await graphql.done(dee, "createPost", stated, "post { id }"))["post"]
    await graphql.done(dee, "joinSpace", {"space": "vault"})
    await graphql.done(dee, "addBookmark", {"targetId": post["id"]})
    everywhere = """query ($id: ID!) { post(id: $id) { id } node(id: $id) { id } posts { nodes { id } } feed(kind: LATEST) { nodes { id } }
        search(query: "gold words", kinds: [POST]) { nodes { node { ... on Post { id } } } } bookmarks { nodes { target { ... on Post { id } } } }
        space(key: "vault") { key } }"""
    found = await graphql.read(dee, everywhere, {"id": post["id"]})
    assert str(found).count(post["id"]) == 6

    moved = {"memberId": member_gid(club, "dee"), "attributes": {"city": "Paris"}}
    await graphql.done(club.service, "updateProfile", moved)

    # Nor is it there for its author.
    for name in ("dee", "ann", "fay"):
        found = await graphql.read(club.member_actor(name), everywhere, {"id": post["id"]})
        assert post["id"] not in str(found)
        assert found["space"] is None
    typed(await graphql.mutate(dee, "leaveSpace", {"space": "vault"}), "NotFoundError")
    typed(await graphql.mutate(dee, "deletePost", {"postId": post["id"]}), "NotFoundError")
