"""A shadow limit: its member sees what they write, and nobody else learns of it by any way out."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, moderated
from tests.resolvers.harness import GraphQL, member_gid, typed

FEED = "query ($author: ID!) { posts(filter: { authorId: $author }) { nodes { id title } } }"


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob", "cyd")


async def titles(desk: Desk, who: Actor) -> list[str]:
    """Titles of Ann's posts, as somebody lists them."""
    found = await desk.graphql.read(who, FEED, {"author": member_gid(desk.club, "ann")})
    return sorted(post["title"] for post in found["posts"]["nodes"])


async def square(desk: Desk, who: Actor) -> int:
    """How many posts the square has, as somebody reads it."""
    found = await desk.graphql.read(who, '{ space(key: "square") { postCount } }')
    return int(found["space"]["postCount"])


async def test_nobody_else_learns_of_what_a_limited_member_writes(desk: Desk) -> None:
    club = desk.club
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    bobs = await desk.post("bob", "Bob's")
    await desk.sanction("ann", "SHADOW_LIMIT")
    points = await club.balance("bob", "points")

    post = await desk.post("ann", "Zanzibar", tags=["hidden"])
    reply = await desk.comment("ann", bobs, "A zeppelin")
    below = await desk.comment("ann", bobs, "Once more", parent=reply)
    await desk.react("ann", bobs)
    gid = member_gid(club, "bob")
    mention = await desk.post("ann", "Mention", body=f"Hello [Bob](member:{gid})")

    # To themselves all of it is there.
    assert await titles(desk, ann) == ["Mention", "Zanzibar"]
    own = await desk.see("ann", bobs)
    assert own is not None
    assert [(one["id"], one["state"]) for one in own["comments"]["nodes"]] == [(reply, "PUBLISHED")]
    assert own["viewerReaction"] == "like"
    # By list, id, count, and tag.
    assert await titles(desk, bob) == []
    assert [await square(desk, who) for who in (ann, bob, club.moderator)] == [1, 1, 1]
    for hidden in (post, mention):
        assert await desk.see("bob", hidden) is None
    nodes = await desk.graphql.read(
        bob, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [post, reply, below, mention]}
    )
    assert nodes["nodes"] == [None, None, None, None]
    tagged = await desk.graphql.read(bob, '{ posts(filter: { tag: "hidden" }) { nodes { id } } }')
    assert tagged["posts"]["nodes"] == []
    # By reply, reaction, and their counts.
    seen = await desk.see("bob", bobs)
    assert seen is not None
    assert (seen["commentCount"], seen["comments"]["nodes"], seen["reactions"]) == (0, [], [])
    reacted = await desk.graphql.read(
        bob,
        "query ($id: ID!) { post(id: $id) { reactedBy { nodes { reaction } } bestComments { id } } }",
        {"id": bobs},
    )
    assert reacted["post"] == {"reactedBy": {"nodes": []}, "bestComments": []}
    # By search, in both languages' way.
    for words in ("zanzibar", "zeppelin"):
        query = "query ($q: String!) { search(query: $q) { nodes { __typename } } }"
        assert (await desk.graphql.read(bob, query, {"q": words}))["search"]["nodes"] == []
        assert (await desk.graphql.read(ann, query, {"q": words}))["search"]["nodes"] != []
    # By points and boards: neither theirs nor of whom they liked.
    assert await club.balance("ann", "points") == 0
    assert await club.balance("bob", "points") == points
    assert [name for name in await club.ranking("talk") if "Ann" in str(name)] == []
    # Others can't answer or react to what is not there for them.
    stated = {"postId": post, "body": "Hi", "idempotencyKey": "x"}
    typed(await desk.graphql.mutate(bob, "createComment", stated), "NotFoundError", "NOT_FOUND", "postId")
    refusal = await desk.graphql.mutate(bob, "react", {"targetId": reply, "reaction": "like"})
    typed(refusal, "NotFoundError", "NOT_FOUND", "targetId")
    # Who looks after the space sees it, and that nobody else does; the author is not told.
    query = "query ($id: ID!) { post(id: $id) { isShadowed } }"
    told = [(await desk.graphql.read(who, query, {"id": post}))["post"] for who in (club.moderator, ann)]
    assert [one["isShadowed"] for one in told] == [True, None]
    assert (await desk.see(club.moderator, post) or {})["title"] == "Zanzibar"
    await desk.sound()


async def test_what_they_had_written_before_is_hidden_too_and_comes_back(desk: Desk) -> None:
    club = desk.club
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    anns, bobs = await desk.post("ann", "Before"), await desk.post("bob", "Bob's")
    first = await desk.comment("ann", bobs, "Mine")
    await desk.comment("cyd", bobs, "Below", parent=first)
    await desk.comment("cyd", anns, "Under Ann's")
    await desk.react("ann", bobs)

    limit = await desk.sanction("ann", "SHADOW_LIMIT")

    assert await desk.see("bob", anns) is None
    seen = await desk.see("bob", bobs)
    assert seen is not None
    # The place stays while others' answers hang on it, without the text.
    assert [(one["text"], one["replyCount"]) for one in seen["comments"]["nodes"]] == [(None, 1)]
    assert (seen["commentCount"], seen["reactions"]) == (1, [])
    assert await square(desk, bob) == 1
    await desk.sound()
    await desk.post("ann", "During")

    await desk.graphql.done(club.moderator, "liftSanction", {"sanctionId": limit["id"]})
    club.clock.advance(timedelta(seconds=20))
    await desk.services.moderating.sanctioning.sweep_due()

    assert await titles(desk, bob) == ["Before"]
    assert await titles(desk, ann) == ["Before", "During"]
    seen = await desk.see("bob", bobs)
    assert seen is not None
    assert (seen["commentCount"], seen["reactions"]) == (2, [{"reaction": "like", "count": 1}])
    await desk.sound()


async def test_they_are_not_told_and_moderators_know(desk: Desk) -> None:
    club = desk.club
    await desk.sanction("ann", "SHADOW_LIMIT")
    await desk.sanction("ann", "WARNING")

    query = """query ($id: ID!) { member(id: $id) { sanctions { nodes { kind by } }
        moderationStatements { nodes { action reason } } } }"""
    gid = {"id": member_gid(club, "ann")}
    own = (await desk.graphql.read(club.member_actor("ann"), query, gid))["member"]
    staffs = (await desk.graphql.read(club.moderator, query, gid))["member"]

    assert own["sanctions"]["nodes"] == [{"kind": "WARNING", "by": None}]
    assert own["moderationStatements"]["nodes"] == [{"action": "warning", "reason": "Enough"}]
    assert [one["kind"] for one in staffs["sanctions"]["nodes"]] == ["WARNING", "SHADOW_LIMIT"]
    assert staffs["sanctions"]["nodes"][0]["by"] == "moderator:mod"


async def test_a_limit_ends_with_its_time(desk: Desk) -> None:
    club = desk.club
    until = (club.clock.now + timedelta(hours=1)).isoformat()
    await desk.sanction("ann", "SHADOW_LIMIT", until=until)
    await desk.post("ann", "During")

    club.clock.advance(timedelta(hours=1, seconds=1))
    await desk.post("ann", "After")  # before anybody ended it
    assert await desk.services.moderating.sanctioning.end_due() >= 1
    assert await desk.services.moderating.sanctioning.end_due() == 0

    assert await titles(desk, club.member_actor("bob")) == ["After"]
    await desk.sound()


async def test_a_limit_soon_after_another_hides_all_and_its_end_shows_what_came_before_both(
    desk: Desk,
) -> None:
    club, sanctioning = desk.club, desk.services.moderating.sanctioning
    bob = club.member_actor("bob")
    await desk.post("ann", "Before")
    for number in range(2):
        limit = await desk.sanction("ann", "SHADOW_LIMIT")
        await desk.post("ann", f"During {number}")
        club.clock.advance(timedelta(seconds=1))
        assert await titles(desk, bob) == []
        await desk.graphql.done(club.moderator, "liftSanction", {"sanctionId": limit["id"]})
    await desk.sanction("ann", "SHADOW_LIMIT")

    for _ in range(3):
        club.clock.advance(timedelta(seconds=20))
        await sanctioning.sweep_due(100)
    assert await titles(desk, bob) == []

    (limit,) = (one for one in await limits(desk) if one["isOn"])
    await desk.graphql.done(club.moderator, "liftSanction", {"sanctionId": limit["id"]})
    club.clock.advance(timedelta(seconds=20))
    await sanctioning.sweep_due(100)

    assert await titles(desk, bob) == ["Before"]
    await desk.sound()


async def limits(desk: Desk) -> list[dict[str, Any]]:
    """Ann's."""
    query = "query ($id: ID!) { member(id: $id) { sanctions { nodes { id isOn } } } }"
    found = await desk.graphql.read(desk.club.moderator, query, {"id": member_gid(desk.club, "ann")})
    return [{**one} for one in found["member"]["sanctions"]["nodes"]]


async def test_writing_and_limiting_at_once_leaves_nothing_to_be_seen(desk: Desk) -> None:
    await asyncio.gather(
        *(desk.post("ann", f"At once {number}") for number in range(5)), desk.sanction("ann", "SHADOW_LIMIT")
    )
    desk.club.clock.advance(timedelta(seconds=20))
    await desk.services.moderating.sanctioning.sweep_due()

    assert await titles(desk, desk.club.member_actor("bob")) == []
    assert len(await titles(desk, desk.club.member_actor("ann"))) == 5
    await desk.sound()


async def test_open_feeds_and_threads_hear_nothing_of_it(desk: Desk, live: Any) -> None:
    club = desk.club
    bobs, anns = await desk.post("bob"), await desk.post("ann", "Before")
    await desk.sanction("cyd", "SHADOW_LIMIT")
    updates = "subscription ($ids: [ID!]!) { postUpdated(ids: $ids) { postId post { commentCount } } }"
    added = "subscription ($id: ID!) { commentAdded(postId: $id) { post { id } comments { text } } }"
    graphql = GraphQL(live)
    async with (
        graphql.subscribe(club.member_actor("bob"), updates, {"ids": [bobs, anns]}) as feed,
        graphql.subscribe(club.member_actor("bob"), added, {"id": bobs}) as thread,
    ):
        for _ in range(2):
            await feed.data()
        await thread.data()

        await desk.comment("cyd", bobs, "Unseen")
        await desk.comment("ann", bobs, "Seen")

        told = (await thread.data())["comments"]
        assert [one["text"] for one in told] == ["Seen"]
        assert (await feed.data())["post"]["commentCount"] == 1
        await desk.sanction("ann", "SHADOW_LIMIT")
        gone = await feed.data()
        while gone["post"] is not None:
            gone = await feed.data()
        assert gone["postId"] == anns
