"""What its author took down comes back as it went: held where it was held, and only where they may write."""

from typing import Any

import pytest

from gamification.kit.actors import Actor
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.screening_world import SCREENED

HELD = "Find me on WhatsApp"


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    club = await programme(SCREENED)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return Desk(graphql, club)


async def on_post(desk: Desk, actor: Actor, field: str, post: str, **more: Any) -> Any:
    """What became of a post by that."""
    done = await desk.graphql.done(actor, field, {"postId": post, **more}, "post { state version }")
    return done["post"]


async def on_comment(desk: Desk, actor: Actor, field: str, comment: str, **more: Any) -> Any:
    """What became of a comment by that."""
    done = await desk.graphql.done(actor, field, {"commentId": comment, **more}, "comment { state version }")
    return done["comment"]


async def test_an_edit_that_is_held_is_not_published_by_deleting_and_restoring_it(desk: Desk) -> None:
    ann, post = desk.club.member_actor("ann"), await desk.post("ann")
    assert (await on_post(desk, ann, "editPost", post, version=1, body=HELD))["state"] == "PENDING"

    await on_post(desk, ann, "deletePost", post)
    restored = await on_post(desk, ann, "restorePost", post)

    assert restored["state"] == "PENDING"
    assert await desk.see("bob", post) is None
    assert await desk.club.balance("ann", "points") == 0
    (case,) = await desk.queue()
    await desk.decide(case, "KEEP")
    assert (await desk.see("bob", post) or {})["state"] == "PUBLISHED"
    assert await desk.club.balance("ann", "points") == 10
    await desk.sound()


async def test_a_held_edit_of_a_comment_is_not_published_by_deleting_and_restoring_it(desk: Desk) -> None:
    ann, post = desk.club.member_actor("ann"), await desk.post("bob")
    comment = await desk.comment("ann", post)
    assert (await on_comment(desk, ann, "editComment", comment, version=1, body=HELD))["state"] == "PENDING"

    await on_comment(desk, ann, "deleteComment", comment)
    restored = await on_comment(desk, ann, "restoreComment", comment)

    assert restored["state"] == "PENDING"
    assert (await desk.see("bob", post) or {})["commentCount"] == 0
    (case,) = await desk.queue()
    await desk.decide(case, "KEEP")
    assert (await desk.see("bob", post) or {})["commentCount"] == 1
    await desk.sound()


async def test_a_moderator_restores_what_was_deleted_while_it_was_held(desk: Desk) -> None:
    ann, post = desk.club.member_actor("ann"), await desk.post("ann")
    await on_post(desk, ann, "editPost", post, version=1, body=HELD)
    await on_post(desk, ann, "deletePost", post)

    assert (await on_post(desk, desk.club.moderator, "restorePost", post))["state"] == "PUBLISHED"
    await desk.sound()


async def barred(desk: Desk) -> None:
    stated = {"space": "square", "memberId": member_gid(desk.club, "ann"), "bar": True}
    await desk.graphql.done(desk.club.moderator, "removeSpaceMember", stated)


async def muted(desk: Desk) -> None:
    await desk.sanction("ann", "MUTE")


async def archived(desk: Desk) -> None:
    spaces = [
        {**space, "status": "archived"} if space["key"] == "square" else space for space in SCREENED["spaces"]
    ]
    await desk.club.apply({**SCREENED, "spaces": spaces})


@pytest.mark.parametrize("what", [barred, muted, archived])
async def test_who_may_not_write_brings_nothing_back(desk: Desk, what: Any) -> None:
    ann = desk.club.member_actor("ann")
    post, other = await desk.post("ann"), await desk.post("bob")
    comment = await desk.comment("ann", other)
    await on_post(desk, ann, "deletePost", post)
    await on_comment(desk, ann, "deleteComment", comment)
    await what(desk)

    for field, stated in (("restorePost", {"postId": post}), ("restoreComment", {"commentId": comment})):
        answer = await desk.graphql.mutate(ann, field, stated)
        if what is muted:
            typed(answer, "ConflictError", "MUTED")
        else:
            refused(answer, "FORBIDDEN")
    assert await desk.club.balance("ann", "points") == 0
    assert (await on_post(desk, desk.club.moderator, "restorePost", post))["state"] == "PUBLISHED"
    assert (await on_comment(desk, desk.club.moderator, "restoreComment", comment))["state"] == "PUBLISHED"
    await desk.sound()


async def test_nothing_is_brought_back_under_a_locked_post(desk: Desk) -> None:
    ann, post = desk.club.member_actor("ann"), await desk.post("bob")
    comment = await desk.comment("ann", post)
    await on_comment(desk, ann, "deleteComment", comment)
    await on_post(desk, desk.club.moderator, "lockPost", post)

    answer = await desk.graphql.mutate(ann, "restoreComment", {"commentId": comment})

    typed(answer, "ConflictError", "POST_LOCKED")


async def test_what_a_moderator_kept_while_it_was_gone_comes_back_at_once(desk: Desk) -> None:
    ann, post = desk.club.member_actor("ann"), await desk.post("ann")
    answered = await desk.post("bob")
    comment = await desk.comment("ann", answered)
    await on_post(desk, ann, "editPost", post, version=1, body=HELD)
    await on_comment(desk, ann, "editComment", comment, version=1, body=HELD)
    await on_post(desk, ann, "deletePost", post)
    await on_comment(desk, ann, "deleteComment", comment)
    for case in await desk.queue():
        await desk.decide(case, "KEEP")

    assert (await on_post(desk, ann, "restorePost", post))["state"] == "PUBLISHED"
    assert (await on_comment(desk, ann, "restoreComment", comment))["state"] == "PUBLISHED"
    await desk.sound()


async def test_moderators_of_a_space_act_on_what_is_written_by_who_has_a_lower_role(desk: Desk) -> None:
    club, graphql = desk.club, desk.graphql
    await club.join("cyd", display_name="Cyd")
    for name, role in (("ann", "OWNER"), ("bob", "MODERATOR")):
        stated = {"space": "square", "memberId": member_gid(club, name), "role": role}
        await graphql.done(club.operator, "setSpaceRole", stated)
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await desk.post("ann")
    comment = await desk.comment("ann", post)
    keeping: list[tuple[str, dict[str, Any]]] = [
        ("removePost", {"postId": post, "reason": "r"}),
        ("pinPost", {"postId": post}),
        ("lockPost", {"postId": post}),
        ("removeComment", {"commentId": comment, "reason": "r"}),
    ]

    for field, stated in keeping:
        refused(await graphql.mutate(bob, field, stated), "FORBIDDEN")
    await on_comment(desk, club.moderator, "removeComment", comment, reason="r")
    await on_post(desk, club.moderator, "removePost", post, reason="r")
    for actor, told in ((bob, "FORBIDDEN"), (ann, "POST_STATE")):
        answer = await graphql.mutate(actor, "restorePost", {"postId": post})
        if told == "FORBIDDEN":
            refused(answer, told)
        else:
            # Nobody decides on what was removed of their own.
            typed(answer, "ConflictError", told)
    lower = await desk.post("cyd")
    for field, more in (("pinPost", {}), ("lockPost", {}), ("removePost", {"reason": "r"})):
        await on_post(desk, bob, field, lower, **more)
    assert (await on_post(desk, ann, "restorePost", lower))["state"] == "PUBLISHED"
    own = await desk.post("bob")
    await on_post(desk, bob, "pinPost", own)
    await desk.sound()


async def test_what_who_looks_after_a_space_changes_of_anothers_post_is_logged(desk: Desk) -> None:
    club, graphql = desk.club, desk.graphql
    role = {"space": "square", "memberId": member_gid(club, "bob"), "role": "MODERATOR"}
    await graphql.done(club.operator, "setSpaceRole", role)
    post, own = await desk.post("ann"), await desk.post("bob")
    await on_post(desk, club.member_actor("ann"), "editPost", post, version=1, body="By its author")
    await on_post(desk, club.member_actor("bob"), "editPost", own, version=1, body="By its author")
    await on_post(desk, club.member_actor("bob"), "editPost", post, version=2, body="By another")
    await on_post(desk, club.moderator, "editPost", post, version=3, body="By staff")

    found = await graphql.read(
        club.operator, "{ moderationLog(filter: {kind: EDITED}) { nodes { by subjectId } } }"
    )

    assert found["moderationLog"]["nodes"] == [
        {"by": "moderator:mod", "subjectId": post},
        {"by": f"member:{club.id_of('bob').hex()}", "subjectId": post},
    ]
    await desk.sound()
