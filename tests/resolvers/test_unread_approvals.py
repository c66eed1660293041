"""What is unread of texts that waited for a moderator: they come when they are let through, whenever they were written."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.moderation_world import Desk
from tests.resolvers.harness import GraphQL
from tests.screening_world import SCREENED

UNREAD = 'query ($id: ID!) { post(id: $id) { unreadCount } space(key: "square") { unreadCount } }'


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    club = await programme(SCREENED)
    await club.join_all("ann", "bob")
    return Desk(graphql, club)


async def unread(desk: Desk, post: str) -> tuple[Any, Any]:
    """What Bob has not read: under the post, and in the square."""
    found = await desk.graphql.read(desk.club.member_actor("bob"), UNREAD, {"id": post})
    return found["post"]["unreadCount"], found["space"]["unreadCount"]


async def test_what_is_approved_after_one_read_is_unread(desk: Desk) -> None:
    bob, clock = desk.club.member_actor("bob"), desk.club.clock
    post = await desk.post("ann", body="Hello")
    await desk.graphql.done(bob, "follow", {"postId": post})
    clock.advance(timedelta(minutes=1))
    await desk.comment("ann", post, "Find me on WhatsApp")
    await desk.post("ann", body="Find me on WhatsApp, too")
    clock.advance(timedelta(minutes=1))
    for stated in ({"postId": post}, {"space": "square"}):
        await desk.graphql.done(bob, "markRead", stated)
    assert await unread(desk, post) == (0, 0)
    clock.advance(timedelta(minutes=1))

    for case in await desk.queue():
        await desk.decide(case, "KEEP")

    assert await unread(desk, post) == (1, 1)
    clock.advance(timedelta(minutes=1))
    for stated in ({"postId": post}, {"space": "square"}):
        await desk.graphql.done(bob, "markRead", stated)
    assert await unread(desk, post) == (0, 0)
