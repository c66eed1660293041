"""What is done in the community earns like any other activity: points, tasks and badges; and gives back what it earned."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from community.reactions import keeping
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.gathering_world import NOW, STARTS, held, rsvp
from tests.moderation_world import MODERATED, Desk, raw
from tests.resolvers.harness import GraphQL, member_gid

ACTS = {"post": 10, "comment": 1, "liked": 2, "accepted": 25, "attended": 5}
"""What each gives; whoever has done one has its badge, and each advances the task of the same name."""
DAY = "string(activity.occurred_at.getFullYear()) + '-' + string(activity.occurred_at.getDayOfYear())"


def rule(act: str, points: int) -> dict[str, Any]:
    return {
        "key": act,
        "on": [f"community.{act}"],
        "effects": [
            {"points": {"unit": "points", "amount": points}},
            {"advance": {"task": act}},
            {"award": {"badge": act}},
        ],
    }


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    community = {
        **MODERATED["programme"]["community"],
        "activities": {act: f"community.{act}" for act in ACTS},
    }
    spread = {
        "key": "spread",
        "on": ["community.liked"],
        "effects": [
            {"advance": {"task": "people", "value": "activity.by"}},
            {"advance": {"task": "days", "value": DAY}},
        ],
    }
    club = await programme(
        {
            **MODERATED,
            "programme": {"community": community},
            "activity_types": [
                {"key": "study", "properties": {"type": "object"}},
                *({"key": f"community.{act}", "properties": {"type": "object"}} for act in ACTS),
            ],
            "rules": [*(rule(act, points) for act, points in ACTS.items()), spread],
            "tasks": [
                *({"key": act, "goal": 9} for act in ACTS),
                {"key": "people", "measure": "distinct", "goal": 3},
                {"key": "days", "measure": "distinct", "goal": 3},
            ],
            "badges": [{"key": act} for act in ACTS],
            "leaderboards": [],
        }
    )
    for name in ("ann", "bob", "cyd", "dan"):
        await club.join(name, display_name=name.title())
    return Desk(graphql, club)


async def earned(desk: Desk, name: str) -> tuple[int, dict[str, int], set[str]]:
    """A member's points, how far their tasks are, and the badges that they have."""
    club = desk.club
    progress = {act: await club.progress(name, act) for act in ACTS}
    tasks = {act: found.value for act, found in progress.items() if found is not None and found.value}
    awards = {badge for badge, _ in await club.awards(name)}
    return await club.balance(name, "points"), tasks, awards


Step = Callable[[], Awaitable[Any]]


async def steps_of(desk: Desk, act: str) -> tuple[Step, Step]:
    """What lets Ann earn by an act, again and again, and what takes that back."""
    club, graphql = desk.club, desk.graphql
    ann, bob, mod = club.member_actor("ann"), club.member_actor("bob"), club.moderator

    def step(actor: Actor, mutation: str, **asked: Any) -> Step:
        return lambda: graphql.done(actor, mutation, asked)

    if act == "post":
        post = await desk.post("ann")
        return step(mod, "restorePost", postId=post), step(mod, "removePost", postId=post, reason="r")
    if act == "comment":
        comment = await desk.comment("ann", await desk.post("bob"))
        return step(mod, "restoreComment", commentId=comment), step(
            mod, "removeComment", commentId=comment, reason="r"
        )
    if act == "liked":
        post = await desk.post("ann", draft=True)
        await club.services.posts.publish(ann, None, raw(post, "Post"), 1, None)
        return step(bob, "react", targetId=post, reaction="like"), step(bob, "react", targetId=post)
    if act == "accepted":
        question = await desk.post("bob", kind="QUESTION")
        answer = await desk.comment("ann", question)
        return step(bob, "acceptAnswer", commentId=answer), step(bob, "withdrawAcceptance", postId=question)
    made = await held(graphql, club)
    await rsvp(graphql, club, "ann", made)
    club.clock.now = STARTS
    present = {"gatheringId": made["id"], "memberId": member_gid(club, "ann")}
    return step(mod, "recordAttendance", **present), step(mod, "strikeAttendance", **present, reason="r")


@pytest.mark.parametrize("act", ACTS)
async def test_each_act_earns_gives_back_and_earns_once_again(desk: Desk, act: str) -> None:
    desk.club.clock.now = NOW
    again, back = await steps_of(desk, act)
    before = await earned(desk, "ann")
    if act in before[1]:
        await back()
        before = await earned(desk, "ann")
    expected = (before[0] + ACTS[act], {**before[1], act: 1}, before[2] | {act})

    for _ in range(2):
        for _ in range(2):
            await again()
        assert await earned(desk, "ann") == expected
        for _ in range(2):
            await back()
        assert await earned(desk, "ann") == before
    await asyncio.gather(*(step() for step in (again, back) * 3))
    await again()
    assert await earned(desk, "ann") == expected
    await desk.sound()


@pytest.mark.parametrize("kind", ["post", "comment"])
async def test_what_is_removed_gives_back_what_it_was_liked_for_too(desk: Desk, kind: str) -> None:
    if kind == "post":
        target, again, gone = await desk.post("ann"), "restorePost", "removePost"
    else:
        target, again, gone = (
            await desk.comment("ann", await desk.post("dan")),
            "restoreComment",
            "removeComment",
        )
    own = await desk.club.balance("ann", "points")
    await desk.react("bob", target)
    await desk.react("cyd", target)
    await desk.react("dan", target)
    await desk.react("dan", target, None)
    liked = await earned(desk, "ann")
    assert liked[0] == own + 4
    asked = {f"{kind}Id": target}
    done, mod = desk.graphql.done, desk.club.moderator

    for _ in range(2):
        await done(mod, gone, {**asked, "reason": "r"})
        await asyncio.gather(*(desk.services.reaction_keeping.run_due() for _ in range(3)))
        assert await earned(desk, "ann") == (0, {}, set())
        await desk.sound()
        await done(mod, again, asked)
        await asyncio.gather(*(desk.services.reaction_keeping.run_due() for _ in range(3)))
        assert await earned(desk, "ann") == liked
        await desk.sound()
    await desk.react("bob", target, None)
    assert await desk.club.balance("ann", "points") == own + 2


async def test_a_worker_that_dies_while_many_likes_are_given_back_is_followed_by_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    while await desk.services.reaction_keeping.run_due():
        pass  # what other tests' programmes left
    names = [f"m{number}" for number in range(7)]
    await desk.club.join_all(*names)
    post = await desk.post("ann")
    for name in names:
        await desk.react(name, post)
    monkeypatch.setattr(keeping, "REACTIONS_A_PART", 3)
    monkeypatch.setattr(keeping, "_ROUNDS", 1)
    remove = {"postId": post, "reason": "r"}
    await desk.graphql.done(desk.club.moderator, "removePost", remove)
    assert await desk.club.balance("ann", "points") == 24 - 10
    await desk.sound()
    assert await desk.services.reaction_keeping.run_due() == 3
    assert await desk.club.balance("ann", "points") == 8
    # Back before all was done: what was not given back yet is not given twice.
    await desk.graphql.done(desk.club.moderator, "restorePost", {"postId": post})
    while await desk.services.reaction_keeping.run_due():
        pass
    assert await desk.club.balance("ann", "points") == 24
    await desk.sound()


async def test_verify_finds_a_like_that_counts_though_what_was_liked_is_gone(
    desk: Desk, mongo: Mongo
) -> None:
    post = await desk.post("ann")
    await desk.react("bob", post)
    await desk.graphql.done(desk.club.moderator, "removePost", {"postId": post, "reason": "r"})
    unmarked = {"$unset": {"marked": ""}}
    await mongo.collection("reactions").update_many({"programme_id": desk.club.key}, unmarked)

    found = (await VerificationService(desk.services).verify(desk.club.key)).differences
    assert any("is gone, but it counts" in one for one in found), found


async def test_nothing_is_earned_again_for_who_is_banned_or_took_their_like_back(desk: Desk) -> None:
    post, other = await desk.post("ann"), await desk.post("bob")
    await desk.react("bob", post)
    await desk.react("ann", other)
    for one in (post, other):
        await desk.graphql.done(desk.club.moderator, "removePost", {"postId": one, "reason": "r"})
    await desk.services.reaction_keeping.run_due()
    await desk.sanction("bob", "BAN")
    for one in (post, other):
        await desk.graphql.done(desk.club.moderator, "restorePost", {"postId": one})
    await desk.react("ann", other, None)
    await desk.services.reaction_keeping.run_due()

    assert await desk.club.balance("bob", "points") == 0
    assert await desk.club.balance("ann", "points") == 12
    await desk.sound()


async def test_two_friends_are_one_person_each_and_a_day_is_one_day(desk: Desk) -> None:
    async def counted() -> tuple[int, int]:
        found = [await desk.club.progress("ann", task) for task in ("people", "days")]
        return found[0].value if found[0] else 0, found[1].value if found[1] else 0

    desk.club.clock.now = NOW
    posts = [await desk.post("ann", f"Post {number}") for number in range(6)]
    for post in posts[:3]:
        await desk.react("bob", post)
    assert await counted() == (1, 1)
    desk.club.clock.advance(timedelta(days=1))
    await desk.react("bob", posts[3])
    assert await counted() == (1, 2)
    await desk.react("cyd", posts[3])
    await desk.react("dan", posts[3])
    assert await counted() == (3, 2)
    # What was counted by one like stays while another like of theirs, or of that day, counts the same.
    await desk.react("bob", posts[0], None)
    assert await counted() == (3, 2)
    for name in ("cyd", "dan"):
        await desk.react(name, posts[3], None)
    assert await counted() == (1, 2)
    await desk.sound()
