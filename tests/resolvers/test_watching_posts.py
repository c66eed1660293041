"""`postUpdated`, `commentAdded`, `moderationQueueUpdated`: what is told, and to whom it is told no more."""

from datetime import UTC, datetime, timedelta
from os import urandom
from unittest.mock import patch

import pytest

from community.comments.catching_up import CatchingUp
from community.services import Services
from gamification.kit.identifiers import first_id_at
from resolvers.relay import decode_bytes_id, encode_id
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, moderated
from tests.resolvers.harness import GraphQL, member_gid, refused

UPDATES = (
    "subscription ($ids: [ID!]!) { postUpdated(ids: $ids) { postId post { title version commentCount } } }"
)
ADDED = """subscription ($id: ID!, $after: ID) { commentAdded(postId: $id, after: $after) {
    post { id } comments { id text } } }"""
QUEUE = "subscription { moderationQueueUpdated { waiting first { score } } }"


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob", "cyd")


async def give(desk: Desk, name: str, role: str, space: str = "square") -> None:
    """Give a member a role in a space."""
    stated = {"space": space, "memberId": member_gid(desk.club, name), "role": role}
    await desk.graphql.done(desk.club.operator, "setSpaceRole", stated)


async def test_a_removed_post_leaves_open_feeds_and_comes_back(desk: Desk, live: Services) -> None:
    post, other = await desk.post("ann"), await desk.post("ann", "Other")
    moderator = desk.club.moderator
    async with GraphQL(live).subscribe(
        desk.club.member_actor("bob"), UPDATES, {"ids": [post, other]}
    ) as feed:
        assert [(await feed.data())["post"]["title"] for _ in range(2)] == ["Hello", "Other"]

        await desk.graphql.done(moderator, "removePost", {"postId": post, "reason": "r"})
        assert await feed.data() == {"postId": post, "post": None}

        await desk.graphql.done(moderator, "restorePost", {"postId": post})
        assert (await feed.data())["post"]["title"] == "Hello"

        changed = {"postId": other, "version": 1, "title": "New"}
        await desk.graphql.done(desk.club.member_actor("ann"), "editPost", changed)
        assert (await feed.data())["post"] == {"title": "New", "version": 2, "commentCount": 0}


async def test_comments_are_told_as_they_are_written_and_after_the_last_known(
    desk: Desk, live: Services
) -> None:
    post = await desk.post("ann")
    before = await desk.comment("bob", post, "Before")
    await desk.comment("bob", post, "Meanwhile")
    watcher, graphql = desk.club.member_actor("cyd"), GraphQL(live)
    async with graphql.subscribe(watcher, ADDED, {"id": post, "after": before}) as thread:
        assert [one["text"] for one in (await thread.data())["comments"]] == ["Meanwhile"]
    async with graphql.subscribe(watcher, ADDED, {"id": post}) as thread:
        assert (await thread.data())["comments"] == []
        await desk.comment("bob", post, "Below", parent=before)
        assert [one["text"] for one in (await thread.data())["comments"]] == ["Below"]

        await desk.graphql.done(desk.club.member_actor("ann"), "deletePost", {"postId": post})
        assert await thread.data() == {"post": None, "comments": []}


async def test_who_is_put_out_of_a_private_space_is_told_no_more(desk: Desk, live: Services) -> None:
    for name in ("ann", "bob"):
        await give(desk, name, "MEMBER", "circle")
    post = await desk.post("ann", space="circle")
    async with GraphQL(live).subscribe(desk.club.member_actor("bob"), ADDED, {"id": post}) as thread:
        assert (await thread.data())["post"] == {"id": post}
        stated = {"space": "circle", "memberId": member_gid(desk.club, "bob")}
        await desk.graphql.done(desk.club.operator, "removeSpaceMember", stated)
        await desk.comment("ann", post, "Between us")

        assert await thread.data() == {"post": None, "comments": []}


async def test_the_queue_is_told_live_and_to_nobody_who_lost_the_role(desk: Desk, live: Services) -> None:
    await give(desk, "cyd", "MODERATOR")
    first, second = await desk.post("ann"), await desk.post("ann", "Second")
    graphql = GraphQL(live)
    async with (
        graphql.subscribe(desk.club.member_actor("cyd"), QUEUE) as own,
        graphql.subscribe(desk.club.moderator, QUEUE) as staff,
    ):
        for stream in (own, staff):
            assert await stream.data() == {"waiting": 0, "first": None}
        await desk.report("bob", first)
        for stream in (own, staff):
            assert await stream.data() == {"waiting": 1, "first": {"score": 0.2}}

        await give(desk, "cyd", "MEMBER")
        await desk.report("bob", second)

        assert (await staff.data())["waiting"] == 2
        refused(await own.result(), "FORBIDDEN")


async def test_who_looks_after_nothing_watches_no_queue(desk: Desk, live: Services) -> None:
    async with GraphQL(live).subscribe(desk.club.member_actor("ann"), QUEUE) as stream:
        refused(await stream.result(), "FORBIDDEN")


async def test_too_many_posts_are_refused(desk: Desk, live: Services) -> None:
    for ids in ([], [await desk.post("ann")] * 101):
        async with GraphQL(live).subscribe(desk.club.member_actor("ann"), UPDATES, {"ids": ids}) as stream:
            refused(await stream.result(), "INVALID_INPUT")


async def test_a_comment_that_is_committed_late_is_told_all_the_same(desk: Desk, live: Services) -> None:
    post = await desk.post("ann")
    began = datetime.now(UTC) - timedelta(seconds=5)
    async with GraphQL(live).subscribe(desk.club.member_actor("cyd"), ADDED, {"id": post}) as thread:
        await thread.data()
        await desk.comment("bob", post, "Sooner")
        assert [one["text"] for one in (await thread.data())["comments"]] == ["Sooner"]
        with patch("community.comments.service.new_id", lambda: first_id_at(began)[:6] + urandom(6)):
            await desk.comment("ann", post, "Later")
        assert [one["text"] for one in (await thread.data())["comments"]] == ["Later"]


@pytest.mark.parametrize("limit", [2, 50])
async def test_nobody_is_told_anything_twice_or_misses_anything(desk: Desk, limit: int) -> None:
    post = await desk.post("ann")
    ids = [await desk.comment("bob", post, f"Comment {number}") for number in range(7)]
    services, raw = desk.services, decode_bytes_id(post, "Post") or b""
    viewer = await services.spaces.viewer(desk.club.member_actor("cyd"))
    found = (await services.post_reading.by_ids(viewer, [raw]))[raw]
    catching_up = CatchingUp(services.comment_reading, raw, decode_bytes_id(ids[1], "Comment"))

    told: list[str] = []
    for _ in range(5):
        told += [encode_id("Comment", one.id) for one in await catching_up.next(viewer, found, limit)]

    assert told == ids[2:]
