"""Warnings, mutes, suspensions and bans: what they forbid, for how long, and who has to agree."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, another_moderator, moderated
from tests.resolvers.harness import GraphQL, member_gid, refused, typed

STANDING = "query ($id: ID!) { member(id: $id) { standing: standingStatus sanctions { nodes { id kind isOn endedAt } } } }"


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob")


async def standing(desk: Desk, name: str = "ann") -> Any:
    """A member as moderators see them."""
    found = await desk.graphql.read(desk.club.moderator, STANDING, {"id": member_gid(desk.club, name)})
    return found["member"]


async def test_who_is_muted_reads_and_deletes_and_writes_nothing(desk: Desk) -> None:
    club = desk.club
    post, bobs = await desk.post("ann"), await desk.post("bob")
    until = club.clock.now + timedelta(hours=2)
    await desk.sanction("ann", "MUTE", until=until.isoformat())
    ann = club.member_actor("ann")

    writing: list[tuple[str, dict[str, Any]]] = [
        ("createPost", {"space": "square", "title": "T", "body": "B", "idempotencyKey": "p"}),
        ("createComment", {"postId": bobs, "body": "B", "idempotencyKey": "c"}),
        ("react", {"targetId": bobs, "reaction": "like"}),
    ]
    for field, stated in writing:
        typed(await desk.graphql.mutate(ann, field, stated), "ConflictError", "MUTED")
    edited = await desk.graphql.mutate(ann, "editPost", {"postId": post, "version": 1, "body": "C"})
    refused(edited, "FORBIDDEN")
    assert (await desk.see("ann", bobs) or {})["title"] == "Hello"
    await desk.report("ann", bobs)
    await desk.graphql.done(ann, "deletePost", {"postId": post})

    club.clock.advance(timedelta(hours=2, seconds=1))
    await desk.post("ann", "Again")
    await desk.sound()


async def test_who_is_suspended_does_nothing_until_it_is_over(desk: Desk) -> None:
    club = desk.club
    await desk.post("ann")
    until = (club.clock.now + timedelta(days=1)).isoformat()
    await desk.sanction("ann", "SUSPENSION", until=until)

    assert (await standing(desk))["standing"] == "BANNED"
    stated = {"space": "square", "title": "T", "body": "B", "idempotencyKey": "p"}
    refused(await desk.graphql.mutate(club.member_actor("ann"), "createPost", stated), "FORBIDDEN")
    assert await club.ranking("talk") == []

    club.clock.advance(timedelta(days=1, seconds=1))
    done = [await desk.services.moderating.sanctioning.end_due() for _ in range(2)]

    assert done[1] == 0
    now = await standing(desk)
    assert (now["standing"], now["sanctions"]["nodes"][0]["isOn"]) == ("ACTIVE", False)
    await desk.post("ann", "Back")
    await desk.sound()


async def test_a_ban_outlasts_a_suspension_that_ends(desk: Desk) -> None:
    club = desk.club
    until = (club.clock.now + timedelta(days=1)).isoformat()
    await desk.sanction("ann", "SUSPENSION", until=until)
    ban = await desk.sanction("ann", "BAN")
    club.clock.advance(timedelta(days=2))
    await desk.services.moderating.sanctioning.end_due()

    assert (await standing(desk))["standing"] == "BANNED"
    for _ in range(2):
        lifted = await desk.graphql.done(
            club.moderator,
            "liftSanction",
            {"sanctionId": ban["id"], "reason": "Wrong one"},
            "sanction { isOn }",
        )
        assert lifted["sanction"]["isOn"] is False
    assert (await standing(desk))["standing"] == "ACTIVE"
    log = await desk.graphql.read(club.moderator, "{ moderationLog { nodes { kind by } } }")
    assert [(one["kind"], one["by"]) for one in reversed(log["moderationLog"]["nodes"])] == [
        ("SUSPENSION", "moderator:mod"),
        ("BAN", "moderator:mod"),
        ("SANCTION_ENDED", "system"),
        ("SANCTION_ENDED", "moderator:mod"),
    ]
    await desk.sound()


async def by_hand(desk: Desk, value: str, reason: str = "By hand") -> None:
    """Set Ann's standing."""
    stated = {"memberId": member_gid(desk.club, "ann"), "standing": value, "reason": reason}
    await desk.graphql.done(desk.club.moderator, "setMemberStanding", stated)


@pytest.mark.parametrize("before", ["HIDDEN", "BANNED"])
async def test_whoever_was_hidden_or_banned_by_hand_is_so_again_after_a_suspension(
    desk: Desk, before: str
) -> None:
    await by_hand(desk, before)
    for days in (1, 2):
        until = (desk.club.clock.now + timedelta(days=days)).isoformat()
        await desk.sanction("ann", "SUSPENSION", until=until)
    assert (await standing(desk))["standing"] == "BANNED"

    desk.club.clock.advance(timedelta(days=3))
    await desk.services.moderating.sanctioning.end_due()

    assert (await standing(desk))["standing"] == before
    await desk.sound()


async def test_who_is_banned_by_hand_meanwhile_stays_so(desk: Desk) -> None:
    until = (desk.club.clock.now + timedelta(days=1)).isoformat()
    await desk.sanction("ann", "SUSPENSION", until=until)
    await by_hand(desk, "BANNED")

    desk.club.clock.advance(timedelta(days=2))
    await desk.services.moderating.sanctioning.end_due()

    assert (await standing(desk))["standing"] == "BANNED"


async def test_who_is_let_in_by_hand_is_banned_by_nothing_else(desk: Desk) -> None:
    await desk.sanction("ann", "BAN")
    await by_hand(desk, "ACTIVE")
    await by_hand(desk, "ACTIVE")

    now = await standing(desk)
    assert (now["standing"], now["sanctions"]["nodes"][0]["isOn"]) == ("ACTIVE", False)
    log = await desk.graphql.read(
        desk.club.moderator, "{ moderationLog { nodes { kind reason details { key value } } } }"
    )
    assert log["moderationLog"]["nodes"][:2] == [
        {"kind": "STANDING_SET", "reason": "By hand", "details": [{"key": "standing", "value": "active"}]},
        {"kind": "SANCTION_ENDED", "reason": "By hand", "details": [{"key": "sanction", "value": "ban"}]},
    ]
    await desk.sound()


async def test_a_ban_may_take_a_second_moderator(graphql: GraphQL, programme: MakeProgramme) -> None:
    desk = await moderated(graphql, programme, "ann", "bob", bans_take_two=True)
    kim, lee = another_moderator(desk.club), another_moderator(desk.club, "lee")

    proposed = await desk.sanction("ann", "BAN", kim)
    assert proposed["isOn"] is False
    assert (await standing(desk))["standing"] == "ACTIVE"
    (case,) = await desk.queue(kind="BAN")
    assert (case["kind"], case["sanction"]["isOn"], case["sources"]) == ("BAN", False, ["MODERATOR"])
    stated = {"caseId": case["id"], "version": case["version"], "ruling": {"decision": "CONFIRM"}}
    typed(await desk.graphql.mutate(kim, "decideCase", stated), "ConflictError", "OWN_DECISION")

    await desk.decide(case, "CONFIRM", lee)

    after = await standing(desk)
    assert (after["standing"], after["sanctions"]["nodes"][0]["isOn"]) == ("BANNED", True)
    await desk.sanction("bob", "BAN", kim)
    (case,) = await desk.queue(kind="BAN")
    await desk.decide(case, "REJECT", lee, reason="Too much")
    after = await standing(desk, "bob")
    assert (after["standing"], after["sanctions"]["nodes"][0]["isOn"]) == ("ACTIVE", False)
    await desk.sound()


async def test_laying_it_twice_at_once_lays_it_once(desk: Desk) -> None:
    stated = {
        "memberId": member_gid(desk.club, "ann"),
        "kind": "MUTE",
        "reason": "Enough",
        "idempotencyKey": "same",
    }
    answers = await asyncio.gather(
        *(
            desk.graphql.done(desk.club.moderator, "sanctionMember", stated, "replayed sanction { id }")
            for _ in range(4)
        )
    )

    assert len({one["sanction"]["id"] for one in answers}) == 1
    assert sorted(one["replayed"] for one in answers) == [False, True, True, True]
    assert len((await standing(desk))["sanctions"]["nodes"]) == 1


async def test_the_newer_of_a_kind_takes_the_olders_place(desk: Desk) -> None:
    club = desk.club
    await desk.sanction("ann", "MUTE")
    await desk.sanction("ann", "MUTE", until=(club.clock.now + timedelta(minutes=5)).isoformat())

    assert [one["isOn"] for one in (await standing(desk))["sanctions"]["nodes"]] == [True, False]
    club.clock.advance(timedelta(minutes=6))
    await desk.post("ann")


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"kind": "SUSPENSION"}, "until"),
        ({"kind": "BAN", "until": "2099-01-01T00:00:00Z"}, "until"),
        ({"kind": "MUTE", "until": "2000-01-01T00:00:00Z"}, "until"),
        ({"kind": "MUTE", "reason": None}, "reason"),
        ({"kind": "MUTE", "reason": None, "template": "none"}, "template"),
        ({"kind": "MUTE", "template": "spam"}, "template"),
    ],
)
async def test_what_can_not_be_is_refused(desk: Desk, stated: dict[str, Any], field: str) -> None:
    whole = {"memberId": member_gid(desk.club, "ann"), "reason": "Enough", "idempotencyKey": "k", **stated}
    answer = await desk.graphql.mutate(desk.club.moderator, "sanctionMember", whole)
    typed(answer, "InvalidInputError", "INVALID_INPUT", field)
    assert (await standing(desk))["sanctions"]["nodes"] == []


async def test_a_template_speaks_the_members_language(desk: Desk) -> None:
    await desk.graphql.done(desk.club.member_actor("ann"), "updateProfile", {"locale": "zh"})
    await desk.sanction("ann", "WARNING", reason=None, template="spam")

    query = "{ me { moderationStatements { nodes { reason isAutomated } } } }"
    own = await desk.graphql.read(desk.club.member_actor("ann"), query)
    assert own["me"]["moderationStatements"]["nodes"] == [{"reason": "这是广告。", "isAutomated": False}]
