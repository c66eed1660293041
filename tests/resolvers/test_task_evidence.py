"""Handing evidence in for a task that moderators approve, replacing and withdrawing it."""

from datetime import timedelta
from typing import Any

import pytest

from gamification.members.model import Standing
from gamification.tasks.submissions import CHANGES_MAX
from resolvers.relay import encode_id
from tests.conftest import MakeProgramme
from tests.resolvers.evidence_world import (
    LINK,
    NOON,
    PROGRAMME,
    SHOWN,
    approve,
    differences,
    hand_in,
    on,
    queue,
    submit,
)
from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded, typed
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(PROGRAMME)
    await made.join("ann")
    await made.join("bob")
    made.clock.now = NOON
    return made


async def test_what_is_handed_in_waits_and_counts_nothing_yet(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    handed_in = await hand_in(graphql, club, text="My shelf\nat home", link=LINK)

    assert handed_in == {
        "id": handed_in["id"],
        "state": "PENDING",
        "version": 1,
        "number": 1,
        "period": "all",
        "text": "My shelf\nat home",
        "link": LINK,
        "reason": None,
        "decidedAt": None,
    }
    assert await club.progress("ann", "photo") is None
    assert [one["id"] for one in await queue(graphql, club.moderator)] == [handed_in["id"]]
    assert await differences(club) == []


async def test_a_task_tells_what_it_takes(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    terms = "approval { evidence textMax hosts resubmissions activityType }"
    answer = await graphql.read(
        club.member_actor("ann"),
        f'{{ photo: task(key: "photo") {{ {terms} }} diary: task(key: "diary") {{ {terms} }} '
        f'walked: task(key: "walked") {{ {terms} }} }}',
    )

    assert answer == {
        "photo": {
            "approval": {
                "evidence": "ANY",
                "textMax": 1000,
                "hosts": ["photos.example"],
                "resubmissions": 1,
                "activityType": "photo_approved",
            }
        },
        "diary": {
            "approval": {
                "evidence": "TEXT",
                "textMax": 20,
                "hosts": [],
                "resubmissions": 3,
                "activityType": "photo_approved",
            }
        },
        "walked": {"approval": None},
    }


@pytest.mark.parametrize(
    ("stated", "fault", "path", "limit"),
    [
        ({"task": "photo"}, "TEXT_NEEDED", "text", None),
        ({"task": "photo", "text": "\u202eevil"}, "NOT_READABLE", "text", None),
        ({"task": "photo", "link": "https://elsewhere.example/"}, "HOST_NOT_ALLOWED", "link", None),
        ({"task": "photo", "link": "https://photos.example@evil.example/"}, "NOT_A_LINK", "link", None),
        ({"task": "diary", "text": "x" * 21}, "TEXT_TOO_LONG", "text", "20"),
        ({"task": "diary", "text": "x", "link": LINK}, "NOT_TAKEN", "link", None),
    ],
)
async def test_evidence_that_can_not_be_taken_is_refused_with_a_reason(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    stated: dict[str, Any],
    fault: str,
    path: str,
    limit: str | None,
) -> None:
    answer = typed(await submit(graphql, club, **stated), "EvidenceRefusedError", "EVIDENCE_REFUSED", path)

    assert answer["fault"] == fault
    assert str(answer["limit"]) == str(limit)
    assert await queue(graphql, club.moderator, {"state": None}) == []


async def test_a_link_that_waits_or_is_approved_is_not_handed_in_again(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    first = await hand_in(graphql, club, "ann", "1", task="pairs", link=LINK)
    again = {"task": "pairs", "link": LINK}
    assert typed(await submit(graphql, club, **again), "EvidenceRefusedError")["fault"] == "USED_BEFORE"
    await approve(graphql, club, first)
    assert typed(await submit(graphql, club, **again), "EvidenceRefusedError")["fault"] == "USED_BEFORE"

    await hand_in(graphql, club, "bob", "1", task="pairs", link=LINK)  # another's: for moderators to see
    other = await hand_in(graphql, club, "ann", "2", task="pairs", link=f"{LINK}0")
    rejection = on(other, reason="Blurred")
    await graphql.done(club.moderator, "rejectTaskEvidence", rejection)
    await hand_in(graphql, club, "ann", "3", task="pairs", link=f"{LINK}0")  # as made public by now


async def test_there_is_nothing_to_hand_in_for(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for task in ("nothing", "walked", "drafted", "gilded"):
        typed(await submit(graphql, club, task=task, text="x"), "NotFoundError", "NOT_FOUND", "task")
    await club.services.tier_keeping.set_tier(
        club.operator, club.id_of("ann"), "club", "gold", None, "a test", "k"
    )
    await hand_in(graphql, club, task="gilded", text="x")
    await graphql.done(club.operator, "archiveDefinition", {"kind": "TASK", "key": "photo"})
    typed(await submit(graphql, club, "bob", task="photo", text="x"), "NotFoundError", path="task")


async def test_a_task_that_is_not_open_takes_nothing(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    limited = {"task": "limited", "text": "x"}
    for at in (NOON - timedelta(days=2), NOON + timedelta(days=2)):
        club.clock.now = at
        typed(await submit(graphql, club, **limited), "ConflictError", "TASK_NOT_OPEN", "task")
    club.clock.now = NOON + timedelta(days=1, milliseconds=-1)
    handed_in = await hand_in(graphql, club, **limited)

    club.clock.now = NOON + timedelta(days=2)  # it is looked at when the task is over
    await approve(graphql, club, handed_in)

    progress = await club.progress("ann", "limited")
    assert progress is not None
    assert progress.completed_at == NOON + timedelta(days=1, milliseconds=-1)
    assert await differences(club) == []


async def test_one_waits_at_a_time_where_one_is_asked_for(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await hand_in(graphql, club)
    typed(await submit(graphql, club, text="more"), "ConflictError", "SUBMISSION_WAITING", "task")

    await approve(graphql, club, first)

    typed(await submit(graphql, club, text="more"), "ConflictError", "ALREADY_APPROVED", "task")


async def test_after_a_rejection_one_may_hand_in_anew_so_often(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for number in range(2):
        handed_in = await hand_in(graphql, club, key=str(number))
        assert handed_in["number"] == number + 1
        await graphql.done(club.moderator, "rejectTaskEvidence", on(handed_in, reason="Not a shelf"))

    typed(await submit(graphql, club, text="again"), "ConflictError", "NO_SUBMISSION_LEFT", "task")
    await hand_in(graphql, club, "bob")


async def test_a_key_acts_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {"task": "photo", "text": "x", "idempotencyKey": "k"}
    ann = club.member_actor("ann")
    first = await graphql.done(ann, "submitTaskEvidence", stated, SHOWN)
    again = await graphql.done(ann, "submitTaskEvidence", stated, SHOWN)

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["submission"] == again["submission"]
    other = {**stated, "text": "y"}
    typed(await graphql.mutate(ann, "submitTaskEvidence", other), "IdempotencyConflictError")
    assert len(await queue(graphql, club.moderator)) == 1


async def test_a_service_hands_in_for_a_member(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {"task": "photo", "text": "x", "memberId": member_gid(club, "ann"), "idempotencyKey": "k"}
    await graphql.done(club.service, "submitTaskEvidence", stated)
    await club.services.moderation.set_standing(club.moderator, club.id_of("bob"), Standing.BANNED, "a test")
    banned = {**stated, "memberId": member_gid(club, "bob"), "idempotencyKey": "b"}

    typed(await graphql.mutate(club.service, "submitTaskEvidence", banned), "ConflictError", "MEMBER_BANNED")
    answer = await graphql.mutate(
        club.member_actor("bob"), "submitTaskEvidence", {"task": "photo", "text": "x", "idempotencyKey": "b"}
    )
    refused(answer, "FORBIDDEN")
    (waiting,) = await queue(graphql, club.moderator)
    assert waiting["member"]["externalId"] == "ann"


async def test_what_waits_is_replaced(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await hand_in(graphql, club, text="Wrong picture", link=LINK)
    second = await hand_in(graphql, club, key="2", link=f"{LINK}0", replaces=first["id"])

    assert (second["number"], second["state"]) == (2, "PENDING")
    assert [one["id"] for one in await queue(graphql, club.moderator)] == [second["id"]]
    moved = typed(
        await graphql.mutate(club.moderator, "approveTaskEvidence", on(first)),
        "TaskSubmissionMovedError",
        "SUBMISSION_MOVED",
        "submissionId",
    )
    assert moved["submission"] == {
        "id": first["id"],
        "state": "SUPERSEDED",
        "version": 2,
        "decisions": [{"state": "SUPERSEDED", "actor": "member", "reason": None, "note": None}],
    }
    typed(await submit(graphql, club, text="x", replaces=first["id"]), "TaskSubmissionMovedError")
    assert await differences(club) == []


async def test_only_what_waits_for_the_same_task_and_period_is_replaced(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    photo = await hand_in(graphql, club)
    bobs = await hand_in(graphql, club, "bob")
    yesterday = await hand_in(graphql, club, key="d", task="diary", text="x")
    club.clock.advance(timedelta(days=1))

    for replaces in (photo["id"], bobs["id"], yesterday["id"]):
        answer = await submit(graphql, club, task="diary", text="x", replaces=replaces)
        typed(answer, "InvalidInputError", "INVALID_INPUT", "replaces")
    for replaces in ("no id", encode_id("Task", "photo")):
        answer = await submit(graphql, club, task="diary", text="x", replaces=replaces)
        typed(answer, "NotFoundError", "NOT_FOUND", "replaces")


async def test_what_waits_is_withdrawn(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    first = await hand_in(graphql, club)
    stated = {"submissionId": first["id"], "idempotencyKey": "w"}

    done = await graphql.done(ann, "withdrawTaskEvidence", stated, SHOWN)
    again = await graphql.done(ann, "withdrawTaskEvidence", stated, SHOWN)

    assert done["submission"]["state"] == "WITHDRAWN"
    assert (done["replayed"], again["replayed"]) == (False, True)
    moved = await graphql.mutate(ann, "withdrawTaskEvidence", {**stated, "idempotencyKey": "x"})
    answer = typed(moved, "TaskSubmissionMovedError", "SUBMISSION_MOVED")
    assert answer["submission"]["decisions"] is None  # what staff says among themselves
    assert await queue(graphql, club.moderator) == []
    await hand_in(graphql, club, key="2")  # the same link: nothing stands by it
    assert await differences(club) == []


async def test_nobody_withdraws_what_is_anothers_or_decided(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    first = await hand_in(graphql, club)
    stated = {"submissionId": first["id"], "idempotencyKey": "w"}

    answer = await graphql.mutate(club.member_actor("bob"), "withdrawTaskEvidence", stated)
    typed(answer, "NotFoundError", "NOT_FOUND", "submissionId")
    for actor in (club.moderator, club.operator):
        refused(await graphql.mutate(actor, "withdrawTaskEvidence", stated), "FORBIDDEN")
    await approve(graphql, club, first)
    for actor in (club.member_actor("ann"), club.service):
        typed(await graphql.mutate(actor, "withdrawTaskEvidence", stated), "TaskSubmissionMovedError")
    for wrong in ("", "no id", encode_id("TaskSubmission", b"0" * 12), encode_id("Task", "photo")):
        answer = await graphql.mutate(
            club.service, "withdrawTaskEvidence", {"submissionId": wrong, "idempotencyKey": "v"}
        )
        typed(answer, "NotFoundError", "NOT_FOUND", "submissionId")


async def test_what_waits_is_changed_only_so_often(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    found = await hand_in(graphql, club, text="0")
    for number in range(1, CHANGES_MAX + 1):
        found = await hand_in(graphql, club, key=f"n{number}", text=str(number), replaces=found["id"])

    answer = await submit(graphql, club, text="more", replaces=found["id"])
    typed(answer, "ConflictError", "NO_SUBMISSION_LEFT", "task")
    await approve(graphql, club, found)


async def test_members_read_their_own_and_nobody_elses(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await hand_in(graphql, club)
    await hand_in(graphql, club, key="2", task="diary", text="x")
    document = """query ($id: ID!, $member: ID!, $task: String) { node(id: $id) { ... on TaskSubmission {
        state link decisions { note } otherMembers task { key } member { externalId } } }
        member(id: $member) { taskSubmissions(task: $task) { nodes { task { key } } } } }"""
    asked = {"id": first["id"], "member": member_gid(club, "ann")}

    own = await graphql.read(club.member_actor("ann"), document, asked)

    assert own["node"] == {
        "state": "PENDING",
        "link": LINK,
        "decisions": None,
        "otherMembers": None,
        "task": {"key": "photo"},
        "member": {"externalId": "ann"},
    }
    keys = [node["task"]["key"] for node in own["member"]["taskSubmissions"]["nodes"]]
    assert keys == ["diary", "photo"]
    own = await graphql.read(club.member_actor("ann"), document, {**asked, "task": "photo"})
    assert len(own["member"]["taskSubmissions"]["nodes"]) == 1
    others = await graphql(club.member_actor("bob"), document, asked)
    refused(others, "FORBIDDEN", at="member.taskSubmissions")
    assert others.data == {"node": None, "member": {"taskSubmissions": None}}
    staff = await graphql.read(club.moderator, document, asked)
    assert (staff["node"]["decisions"], staff["node"]["otherMembers"]) == ([], 0)


async def test_of_a_task_that_is_not_there_for_them_members_read_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    tiers = club.services.tier_keeping
    gold = ("club", "gold", None, "a test", "up")
    await tiers.set_tier(club.operator, club.id_of("ann"), *gold)
    handed_in = await hand_in(graphql, club, task="gilded", text="x")
    document = "query ($id: ID!) { node(id: $id) { id } me { taskSubmissions { nodes { id } } } }"
    ann = club.member_actor("ann")
    assert (await graphql.read(ann, document, {"id": handed_in["id"]}))["node"] is not None

    await tiers.set_tier(club.operator, club.id_of("ann"), "club", "basic", None, "a test", "down")

    gone = await graphql.read(ann, document, {"id": handed_in["id"]})
    assert gone == {"node": None, "me": {"taskSubmissions": {"nodes": []}}}
    assert [one["id"] for one in await queue(graphql, club.moderator)] == [handed_in["id"]]


async def test_the_member_is_told(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = """subscription { myProgress { __typename ... on TaskSubmissionChanged {
        state submission { state reason task { key } } } } }"""
    async with graphql.subscribe(club.member_actor("ann"), document) as stream:
        await stream.data()
        first = await hand_in(graphql, club)
        await graphql.done(club.moderator, "rejectTaskEvidence", on(first, reason="Too dark"))
        second = await hand_in(graphql, club, key="2")
        approved = await approve(graphql, club, second)
        told = await stream.until_quiet(0.5)
        await graphql.done(club.moderator, "revokeTaskApproval", on(approved, reason="A copy"))
        told += await stream.until_quiet(0.5)

    changes = [one for one in told if one["__typename"] == "TaskSubmissionChanged"]
    assert [one["state"] for one in changes] == ["PENDING", "REJECTED", "PENDING", "APPROVED", "REVOKED"]
    assert changes[1]["submission"] == {"state": "REJECTED", "reason": "Too dark", "task": {"key": "photo"}}
    assert changes[4]["submission"]["reason"] == "A copy"
    kinds = [one["__typename"] for one in told]
    assert kinds.index("TaskCompleted") > kinds.index("TaskSubmissionChanged", 3)
    assert "BadgeRevoked" in kinds
    assert succeeded(await graphql(club.member_actor("ann"), "{ me { id } }"))
