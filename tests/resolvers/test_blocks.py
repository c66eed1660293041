"""`blockMember`: neither sees anything of the other in the community."""

import pytest

from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, moderated
from tests.resolvers.harness import GraphQL, member_gid, typed

POSTS = "{ posts { nodes { title } } }"


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob", "cyd")


async def titles(desk: Desk, name: str) -> list[str]:
    found = await desk.graphql.read(desk.club.member_actor(name), POSTS)
    return sorted(post["title"] for post in found["posts"]["nodes"])


async def block(desk: Desk, name: str, other: str, field: str = "blockMember") -> None:
    stated = {"blockedId": member_gid(desk.club, other)}
    await desk.graphql.done(desk.club.member_actor(name), field, stated)


async def test_neither_sees_the_other_and_everybody_else_does(desk: Desk) -> None:
    anns, bobs = await desk.post("ann", "Ann's"), await desk.post("bob", "Bob's")
    cyds = await desk.post("cyd", "Cyd's")
    under = await desk.comment("bob", cyds, "From Bob")
    await desk.react("bob", cyds)

    await block(desk, "ann", "bob")

    assert [await titles(desk, name) for name in ("ann", "bob", "cyd")] == [
        ["Ann's", "Cyd's"],
        ["Bob's", "Cyd's"],
        ["Ann's", "Bob's", "Cyd's"],
    ]
    assert await desk.see("ann", bobs) is None
    assert await desk.see("bob", anns) is None
    seen = await desk.see("ann", cyds)
    assert seen is not None
    assert seen["comments"]["nodes"] == []
    nodes = await desk.graphql.read(
        desk.club.member_actor("ann"), "query ($id: ID!) { node(id: $id) { id } }", {"id": under}
    )
    assert nodes == {"node": None}
    stated = {"postId": bobs, "body": "Hi", "idempotencyKey": "x"}
    refusal = await desk.graphql.mutate(desk.club.member_actor("ann"), "createComment", stated)
    typed(refusal, "NotFoundError", "NOT_FOUND", "postId")

    await block(desk, "ann", "bob", "unblockMember")
    assert await titles(desk, "ann") == ["Ann's", "Bob's", "Cyd's"]


async def test_a_place_in_a_thread_stays_where_others_answered(desk: Desk) -> None:
    post = await desk.post("cyd")
    bobs = await desk.comment("bob", post, "From Bob")
    await desk.comment("cyd", post, "To Bob", parent=bobs)
    await block(desk, "bob", "ann")

    seen = await desk.see("ann", post)
    assert seen is not None
    assert [(one["text"], one["replyCount"]) for one in seen["comments"]["nodes"]] == [(None, 1)]


async def test_who_looks_after_a_space_sees_what_they_have_to(desk: Desk) -> None:
    bobs = await desk.post("bob")
    stated = {"space": "square", "memberId": member_gid(desk.club, "ann"), "role": "MODERATOR"}
    await desk.graphql.done(desk.club.operator, "setSpaceRole", stated)
    await block(desk, "bob", "ann")

    assert (await desk.see("ann", bobs) or {})["title"] == "Hello"


async def test_following_ends_both_ways_and_nobody_is_told(desk: Desk) -> None:
    ann, bob = desk.club.member_actor("ann"), desk.club.member_actor("bob")
    gids = {name: member_gid(desk.club, name) for name in ("ann", "bob")}
    await desk.graphql.done(ann, "followMember", {"memberId": gids["bob"]})
    await desk.graphql.done(bob, "followMember", {"memberId": gids["ann"]})

    await block(desk, "ann", "bob")
    await block(desk, "ann", "bob")

    query = "query ($id: ID!) { member(id: $id) { followedByMe } blockedMembers { nodes { id } } }"
    of_ann = await desk.graphql.read(ann, query, {"id": gids["bob"]})
    of_bob = await desk.graphql.read(bob, query, {"id": gids["ann"]})
    assert of_ann == {"member": {"followedByMe": False}, "blockedMembers": {"nodes": [{"id": gids["bob"]}]}}
    assert of_bob == {"member": {"followedByMe": False}, "blockedMembers": {"nodes": []}}
    await desk.sound()


async def test_nobody_blocks_themselves_or_who_is_not_there(desk: Desk) -> None:
    ann = desk.club.member_actor("ann")
    own = await desk.graphql.mutate(ann, "blockMember", {"blockedId": member_gid(desk.club, "ann")})
    typed(own, "InvalidInputError", "INVALID_INPUT", "blockedId")
    missing = await desk.graphql.mutate(ann, "blockMember", {"blockedId": await desk.post("ann")})
    typed(missing, "NotFoundError", "NOT_FOUND")
