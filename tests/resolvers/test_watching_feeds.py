"""`feedUpdated`: what comes into a feed, and to whom it is told."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from community.services import Services
from gamification.kit.actors import Actor
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, moderated
from tests.resolvers.harness import GraphQL, Stream, member_gid, refused
from tests.screening_world import SCREENED

WATCH = """subscription ($kind: FeedKind! = LATEST, $space: String) {
    feedUpdated(kind: $kind, space: $space) { posts { id title author { displayName } viewerReaction } } }"""


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob", "cyd")


class Watching:
    """Feeds that are open."""

    def __init__(self, services: Services, stack: AsyncExitStack) -> None:
        self._graphql = GraphQL(services)
        self._stack = stack

    async def open(self, actor: Actor, **variables: Any) -> Stream:
        """A feed after its first message, which has no posts."""
        stream = await self._stack.enter_async_context(self._graphql.subscribe(actor, WATCH, variables))
        assert await stream.data() == {"posts": []}
        return stream


async def titles(stream: Stream) -> list[str]:
    """Those of the next message."""
    return [one["title"] for one in (await stream.data())["posts"]]


@pytest.fixture
async def watching(live: Services) -> Any:
    async with AsyncExitStack() as stack:
        yield Watching(live, stack)


async def put_into(desk: Desk, name: str, space: str) -> None:
    """Let somebody be in a space."""
    stated = {"space": space, "memberId": member_gid(desk.club, name)}
    await desk.graphql.done(desk.club.operator, "admitSpaceMember", stated)


async def test_a_post_is_told_to_who_may_read_it_and_only_what_came_after_the_first_message(
    desk: Desk, watching: Watching
) -> None:
    await put_into(desk, "ann", "circle")
    await desk.post("ann", "Before")
    bob = await watching.open(desk.club.member_actor("bob"))
    ann = await watching.open(desk.club.member_actor("ann"))
    square = await watching.open(desk.club.member_actor("ann"), space="square")
    staff = await watching.open(desk.club.moderator)

    await desk.post("ann", "Inner", space="circle")
    await desk.post("ann", "A draft", draft=True)
    assert await titles(ann) == ["Inner"]
    assert await titles(staff) == ["Inner"]
    await desk.post("cyd", "Open")

    told = [await titles(one) for one in (bob, ann, square, staff)]
    assert told == [["Open"]] * 4


async def test_a_feed_of_what_is_followed_tells_that_alone(desk: Desk, watching: Watching) -> None:
    bob = desk.club.member_actor("bob")
    await desk.graphql.done(bob, "followMember", {"memberId": member_gid(desk.club, "ann")})
    await desk.graphql.done(bob, "follow", {"tag": "music"})
    feed = await watching.open(bob, kind="FOLLOWING")

    await desk.post("cyd", "Unknown")
    await desk.post("cyd", "Tagged", tags=["Music"])
    await desk.post("ann", "By Ann")

    told: list[str] = []
    while len(told) < 2:
        told += await titles(feed)
    assert told == ["Tagged", "By Ann"]


async def test_blocks_and_shadow_limits_go_for_what_comes_in(desk: Desk, watching: Watching) -> None:
    bob = desk.club.member_actor("bob")
    await desk.graphql.done(bob, "blockMember", {"blockedId": member_gid(desk.club, "ann")})
    limited = {
        "memberId": member_gid(desk.club, "cyd"),
        "kind": "SHADOW_LIMIT",
        "idempotencyKey": "k",
        "reason": "r",
    }
    await desk.graphql.done(desk.club.moderator, "sanctionMember", limited)
    feeds = {name: await watching.open(desk.club.member_actor(name)) for name in ("ann", "bob", "cyd")}

    await desk.post("ann", "By Ann")
    assert await titles(feeds["ann"]) == ["By Ann"]
    await desk.post("cyd", "By Cyd")
    told: list[str] = []
    while "By Cyd" not in told:
        told += await titles(feeds["cyd"])
    assert told == ["By Ann", "By Cyd"]
    await desk.post("bob", "The last")
    assert await titles(feeds["bob"]) == ["The last"]
    await desk.post("ann", "To see what Ann was told")
    assert await titles(feeds["ann"]) == ["To see what Ann was told"]


async def test_what_waits_comes_in_once_it_is_approved(
    graphql: GraphQL, programme: MakeProgramme, watching: Watching
) -> None:
    club = await programme(SCREENED)
    await club.join_all("ann", "bob")
    desk = Desk(graphql, club)
    bob = await watching.open(club.member_actor("bob"))
    await desk.post("ann", "Held", body="Find me on WhatsApp")
    await desk.post("ann", "Free")
    assert await titles(bob) == ["Free"]

    (case,) = await desk.queue()
    await desk.decide(case, "KEEP")
    assert await titles(bob) == ["Held"]


async def test_what_is_scheduled_comes_in_at_its_time(desk: Desk, watching: Watching) -> None:
    bob = await watching.open(desk.club.member_actor("bob"))
    at = desk.club.clock.now + timedelta(hours=1)
    await desk.post("ann", "Later", publishAt=at.isoformat())
    desk.club.clock.advance(timedelta(hours=2))
    await desk.services.posts.publish_due()

    assert await titles(bob) == ["Later"]


async def test_who_is_put_out_of_a_space_is_told_no_more(desk: Desk, watching: Watching) -> None:
    for name in ("ann", "bob"):
        await put_into(desk, name, "circle")
    bob = await watching.open(desk.club.member_actor("bob"))
    await desk.post("ann", "Between us", space="circle")
    assert await titles(bob) == ["Between us"]

    stated = {"space": "circle", "memberId": member_gid(desk.club, "bob")}
    await desk.graphql.done(desk.club.operator, "removeSpaceMember", stated)
    await desk.post("ann", "Not for Bob", space="circle")
    await desk.post("ann", "For all")
    assert await titles(bob) == ["For all"]


async def test_what_is_committed_late_is_told_and_nothing_twice(desk: Desk, watching: Watching) -> None:
    bob = await watching.open(desk.club.member_actor("bob"))
    await desk.post("ann", "Sooner")
    assert await titles(bob) == ["Sooner"]
    desk.club.clock.now = desk.club.clock.now - timedelta(seconds=8)
    await desk.post("ann", "Late")
    desk.club.clock.run()
    assert await titles(bob) == ["Late"]
    await desk.post("ann", "Last")
    assert await titles(bob) == ["Last"]


async def test_what_is_hot_and_who_has_no_token_are_refused(desk: Desk, live: Services) -> None:
    async with GraphQL(live).subscribe(desk.club.member_actor("ann"), WATCH, {"kind": "HOT"}) as stream:
        refused(await stream.result(), "INVALID_INPUT")
    async with GraphQL(live).subscribe(None, WATCH) as stream:
        refused(await stream.result(), "UNAUTHENTICATED")
