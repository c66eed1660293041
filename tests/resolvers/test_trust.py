"""Trust levels and layers: assessed from what members did, set by staff, and what they unlock."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.moderation_world import MODERATED, Desk
from tests.resolvers.harness import GraphQL, member_gid, refused, typed

TRUST = {
    "levels": [{"texts": 2, "days": 1}, {"texts": 3, "days": 2, "likers": 2, "removed": 0}],
    "held": "P1D",
    "powers": {"links": 1, "mentions": 2},
    "daily": [3, 10],
    "layers": {"active": 2, "leader": 3, "likers": 2},
}
MEMBER = "query ($id: ID!) { member(id: $id) { trustLevel trustIsPinned communityLayer } }"


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    community = {**MODERATED["programme"]["community"], "trust": TRUST}
    club = await programme({**MODERATED, "programme": {"community": community}})
    for name in ("ann", "bob", "cyd"):
        await club.join(name, display_name=name.title())
    return Desk(graphql, club)


async def seen(desk: Desk, name: str) -> dict[str, Any]:
    """A member as staff see them."""
    found = await desk.graphql.read(desk.club.moderator, MEMBER, {"id": member_gid(desk.club, name)})
    return dict(found["member"])


async def assess(desk: Desk) -> None:
    await desk.services.trust.assess(desk.club.key)


async def test_members_rise_by_what_they_do_and_two_friends_are_one_person_each(desk: Desk) -> None:
    first, second = await desk.post("ann"), await desk.post("ann", "Second")
    await assess(desk)
    assert await seen(desk, "ann") == {
        "trustLevel": 1,
        "trustIsPinned": False,
        "communityLayer": "ACTIVE",
    }
    desk.club.clock.advance(timedelta(days=1))
    third = await desk.post("ann", "Third")
    for post in (first, second, third):
        await desk.react("bob", post)
    await assess(desk)
    assert (await seen(desk, "ann"))["trustLevel"] == 1  # one person, however often

    await desk.react("cyd", third)
    await assess(desk)

    assert await seen(desk, "ann") == {
        "trustLevel": 2,
        "trustIsPinned": False,
        "communityLayer": "LEADER",
    }
    layers = await desk.graphql.read(desk.club.operator, "{ communityLayers { layer count } }")
    assert layers["communityLayers"][0] == {"layer": "LEADER", "count": 1}
    refused(await desk.graphql(desk.club.member_actor("ann"), "{ communityLayers { count } }"), "FORBIDDEN")


async def test_what_moderators_remove_and_what_is_shadowed_counts_nothing(desk: Desk) -> None:
    post, _ = [await desk.post("ann", f"Ann {number}") for number in range(2)]
    await assess(desk)
    assert (await seen(desk, "ann"))["trustLevel"] == 1
    await desk.sanction("bob", "SHADOW_LIMIT")
    for number in range(2):
        await desk.post("bob", f"Bob {number}")
    desk.club.clock.advance(timedelta(days=2))
    await desk.graphql.done(desk.club.moderator, "removePost", {"postId": post, "reason": "r"})
    await assess(desk)

    assert [(await seen(desk, name))["trustLevel"] for name in ("ann", "bob")] == [0, 0]


async def test_levels_unlock_what_is_stated(desk: Desk) -> None:
    stated = {"space": "square", "title": "T", "idempotencyKey": "k", "body": "See [this](https://a.example)"}
    ann = desk.club.member_actor("ann")
    typed(await desk.graphql.mutate(ann, "createPost", stated), "ConflictError", "TRUST_TOO_LOW", "body")
    await desk.trust("ann", 1)
    post = await desk.post("ann", body="See [this](https://a.example)")
    mention = {"postId": post, "version": 1, "body": f"[Bob](member:{member_gid(desk.club, 'bob')})"}
    typed(await desk.graphql.mutate(ann, "editPost", mention), "ConflictError", "TRUST_TOO_LOW", "body")


async def test_so_much_is_written_in_24_hours_whatever_became_of_it(desk: Desk) -> None:
    post = await desk.post("ann")
    await desk.comment("ann", post)
    gone = await desk.post("ann", "Gone")
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "deletePost", {"postId": gone})

    stated = {"postId": post, "body": "More", "idempotencyKey": "k"}
    typed(await desk.graphql.mutate(ann, "createComment", stated), "ConflictError", "POSTING_LIMIT")
    desk.club.clock.advance(timedelta(days=1, seconds=1))
    await desk.comment("ann", post)


async def test_staff_set_a_level_which_stays_until_it_is_let_go(desk: Desk) -> None:
    gid = member_gid(desk.club, "ann")
    for _ in range(2):
        done = await desk.graphql.done(
            desk.club.moderator,
            "setTrustLevel",
            {"memberId": gid, "level": 4, "reason": "Known"},
            "level pinned",
        )
        assert (done["level"], done["pinned"]) == (4, True)
    desk.club.clock.advance(timedelta(days=30))
    await assess(desk)
    assert (await seen(desk, "ann"))["trustLevel"] == 4

    await desk.graphql.done(desk.club.moderator, "setTrustLevel", {"memberId": gid, "reason": "Moved on"})
    await assess(desk)

    assert (await seen(desk, "ann"))["trustLevel"] == 0
    log = await desk.graphql.read(
        desk.club.moderator, "{ moderationLog { nodes { kind details { value } } } }"
    )
    assert [one["details"] for one in log["moderationLog"]["nodes"]] == [
        [{"value": "computed"}],
        [{"value": "4"}],
    ]
    wrong = {"memberId": gid, "level": 5, "reason": "r"}
    typed(await desk.graphql.mutate(desk.club.moderator, "setTrustLevel", wrong), "InvalidInputError")


async def test_the_worker_assesses_once_a_day(desk: Desk) -> None:
    for number in range(2):
        await desk.post("ann", f"Ann {number}")
    trust = desk.services.trust
    await trust.run_due()
    assert (await seen(desk, "ann"))["trustLevel"] == 1
    await desk.post("bob")
    await desk.post("bob", "Second")
    await trust.run_due()
    assert (await seen(desk, "bob"))["trustLevel"] == 0
    desk.club.clock.advance(timedelta(days=1, seconds=1))
    await trust.run_due()
    assert (await seen(desk, "bob"))["trustLevel"] == 1
