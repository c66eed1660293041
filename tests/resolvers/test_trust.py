"""Trust levels and layers: assessed from what members did, set by staff, and what they unlock."""

import asyncio
from collections import Counter
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


async def test_of_many_at_once_no_more_are_written_than_one_may(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    # Nothing is recorded as activity here: no other write of the member's serves to keep them apart.
    community = {**MODERATED["programme"]["community"], "trust": TRUST, "activities": {}}
    club = await programme({**MODERATED, "programme": {"community": community}, "rules": []})
    await club.join("ann")
    desk = Desk(graphql, club)
    ann = club.member_actor("ann")
    post = await desk.post("ann")

    def comment(number: int) -> Any:
        stated = {"postId": post, "body": f"Words {number}", "idempotencyKey": f"c{number}"}
        return graphql.mutate(ann, "createComment", stated)

    def another(number: int) -> Any:
        stated = {"space": "square", "title": "T", "body": f"Words {number}", "idempotencyKey": f"p{number}"}
        return graphql.mutate(ann, "createPost", stated)

    results = await asyncio.gather(*(one(number) for number in range(6) for one in (comment, another)))
    codes = Counter(next(iter(result.data.values())).get("code") for result in results)
    assert codes == {None: 2, "POSTING_LIMIT": 10}


async def test_a_draft_counts_when_it_is_published(desk: Desk) -> None:
    ann = desk.club.member_actor("ann")
    drafts = [await desk.post("ann", f"Draft {number}", draft=True) for number in range(4)]
    desk.club.clock.advance(timedelta(days=2))

    codes = []
    for post in drafts:
        result = await desk.graphql.mutate(ann, "publishPost", {"postId": post, "version": 1})
        assert result.data is not None
        codes.append(result.data["publishPost"].get("code"))

    assert codes == [None, None, None, "POSTING_LIMIT"]
    desk.club.clock.advance(timedelta(days=1, seconds=1))
    await desk.graphql.done(ann, "publishPost", {"postId": drafts[3], "version": 1})


async def trusting(graphql: GraphQL, programme: MakeProgramme, **trust: Any) -> Desk:
    """A community that trusts by these settings."""
    community = {**MODERATED["programme"]["community"], "trust": trust}
    club = await programme({**MODERATED, "programme": {"community": community}})
    for name in ("ann", "bob", "cyd"):
        await club.join(name, display_name=name.title())
    return Desk(graphql, club)


async def test_levels_go_from_0_to_4_by_what_is_done(graphql: GraphQL, programme: MakeProgramme) -> None:
    levels = [{"texts": number} for number in (1, 2, 3, 4)]
    desk = await trusting(graphql, programme, levels=levels, powers={"links": 4})
    link = {"space": "square", "title": "T", "body": "[this](https://a.example)"}
    ann = desk.club.member_actor("ann")
    for level in range(4):
        await assess(desk)
        assert (await seen(desk, "ann"))["trustLevel"] == level
        result = await graphql.mutate(ann, "createPost", {**link, "idempotencyKey": f"l{level}"})
        typed(result, "ConflictError", "TRUST_TOO_LOW", "body")
        await desk.post("ann", f"Post {level}")
    await assess(desk)
    assert (await seen(desk, "ann"))["trustLevel"] == 4
    await graphql.done(ann, "createPost", {**link, "idempotencyKey": "l4"})


async def test_a_level_is_kept_for_a_while_and_with_a_little_less(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    desk = await trusting(graphql, programme, levels=[{"texts": 10}], keep=80, held="P2D")
    posts = [await desk.post("ann", f"Post {number}") for number in range(10)]
    trust, remove = desk.services.trust, desk.club.moderator

    async def level_tomorrow(*taken: str) -> int:
        for post in taken:
            await desk.graphql.done(remove, "removePost", {"postId": post, "reason": "r"})
        desk.club.clock.advance(timedelta(days=1))
        await trust.run_due()
        return int((await seen(desk, "ann"))["trustLevel"])

    assert await level_tomorrow() == 1
    assert await level_tomorrow(*posts[:3]) == 1  # seven of ten, but not for two days yet
    assert await level_tomorrow() == 0
    await desk.post("ann", "Eighth")
    assert await level_tomorrow() == 0  # what suffices to stay does not suffice to rise
    for number in range(2):
        await desk.post("ann", f"More {number}")
    assert await level_tomorrow() == 1
    assert await level_tomorrow(*posts[3:5]) == 1
    assert [await level_tomorrow() for _ in range(3)] == [1, 1, 1]  # eight of ten


async def test_layers_are_computed_anew_each_day(graphql: GraphQL, programme: MakeProgramme) -> None:
    layers = {"days": 10, "active": 1, "leader": 2, "likers": 1}
    desk = await trusting(graphql, programme, levels=[{"texts": 9}], layers=layers)
    for number in range(2):
        await desk.react("bob", await desk.post("ann", f"Post {number}"))
    await desk.post("bob")

    async def counted() -> dict[str, int]:
        await desk.services.trust.run_due()
        document = "{ communityLayers { layer count } }"
        found = (await graphql.read(desk.club.operator, document))["communityLayers"]
        return {one["layer"]: one["count"] for one in found if one["count"]}

    assert await counted() == {"LEADER": 1, "ACTIVE": 1}
    desk.club.clock.advance(timedelta(days=9))
    await desk.post("bob", "Second")
    assert await counted() == {"LEADER": 1, "ACTIVE": 1}
    desk.club.clock.advance(timedelta(days=2))
    assert await counted() == {"ACTIVE": 1, "PERIPHERY": 1}
    assert (await seen(desk, "ann"))["communityLayer"] == "PERIPHERY"
