"""Deciding on what members handed in for tasks: approving, rejecting, revoking."""

from datetime import datetime
from typing import Any

import pytest

from gamification.kit.actors import Actor, Role
from gamification.members.model import Identity, ProfileChange, Standing
from resolvers.relay import decode_id, encode_id
from tests.conftest import MakeProgramme
from tests.resolvers.evidence_world import (
    NOON,
    PROGRAMME,
    SHOWN,
    approve,
    differences,
    hand_in,
    on,
    queue,
    second,
)
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

DECIDING = ("approveTaskEvidence", "rejectTaskEvidence", "revokeTaskApproval")


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(PROGRAMME)
    await made.join("ann")
    await made.join("bob")
    made.clock.now = NOON
    return made


def shown(at: datetime) -> str:
    """An instant as answers have it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def words(field: str) -> dict[str, str]:
    """What a decision takes beside the submission."""
    return {} if field == "approveTaskEvidence" else {"reason": "A reason"}


async def test_a_rejection_says_why_and_counts_nothing(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    handed_in = await hand_in(graphql, club)
    stated = on(handed_in, reason="Not a shelf", note="Third time this week")

    done = await graphql.done(club.moderator, "rejectTaskEvidence", stated, SHOWN)

    assert (done["submission"]["state"], done["submission"]["reason"]) == ("REJECTED", "Not a shelf")
    assert done["submission"]["decidedAt"] == shown(NOON)
    assert await club.progress("ann", "photo") is None
    document = "query ($id: ID!) { node(id: $id) { ... on TaskSubmission { reason decisions { %s } } } }"
    asked = {"id": handed_in["id"]}
    kept = document % "state actor reason note at"
    assert (await graphql.read(club.member_actor("ann"), kept, asked))["node"] == {
        "reason": "Not a shelf",
        "decisions": None,
    }
    staff = (await graphql.read(second(club), kept, asked))["node"]["decisions"]
    assert staff == [
        {
            "state": "REJECTED",
            "actor": "moderator:mod",
            "reason": "Not a shelf",
            "note": "Third time this week",
            "at": shown(NOON),
        }
    ]
    assert await differences(club) == []


@pytest.mark.parametrize("field", DECIDING)
async def test_nobody_decides_on_what_they_handed_in_themselves(
    graphql: GraphQL, club: ProgrammeUnderTest, field: str
) -> None:
    await club.services.members.update_profile(
        club.service, club.id_of("ann"), ProfileChange(identities=(Identity("sso", "ann@work"),))
    )
    handed_in = await hand_in(graphql, club)
    if field == "revokeTaskApproval":
        handed_in = await approve(graphql, club, handed_in)

    for role in (Role.MODERATOR, Role.OPERATOR):
        for subject in ("ann", "ann@work"):
            actor = Actor(club.key, subject, role)
            answer = await graphql.mutate(actor, field, on(handed_in, **words(field)))
            typed(answer, "ConflictError", "OWN_SUBMISSION", "submissionId")
    await graphql.done(second(club), field, on(handed_in, **words(field)))


@pytest.mark.parametrize("field", DECIDING)
async def test_who_comes_second_is_told_who_was_first(
    graphql: GraphQL, club: ProgrammeUnderTest, field: str
) -> None:
    handed_in = await hand_in(graphql, club)
    if field == "revokeTaskApproval":
        handed_in = await approve(graphql, club, handed_in)
    await graphql.done(second(club), field, on(handed_in, "k", **words(field)))

    answer = await graphql.mutate(club.moderator, field, on(handed_in, "k", **words(field)))

    moved = typed(answer, "TaskSubmissionMovedError", "SUBMISSION_MOVED", "submissionId")
    assert moved["submission"]["version"] == handed_in["version"] + 1
    assert moved["submission"]["decisions"][-1]["actor"] == "moderator:kim"
    again = await graphql.done(second(club), field, on(handed_in, "k", **words(field)), SHOWN)
    assert again["replayed"] is True
    other = on(handed_in, "k", **{**words(field), **({"note": "x"} if not words(field) else {"reason": "x"})})
    typed(await graphql.mutate(second(club), field, other), "IdempotencyConflictError")


@pytest.mark.parametrize("field", DECIDING)
async def test_what_is_not_there_is_not_decided_on(
    graphql: GraphQL, club: ProgrammeUnderTest, programme: MakeProgramme, field: str
) -> None:
    elsewhere = await programme(PROGRAMME)
    await elsewhere.join("ann")
    theirs = await hand_in(graphql, elsewhere)
    own = await hand_in(graphql, club)

    for wrong in (theirs["id"], encode_id("TaskSubmission", b"0" * 12), encode_id("Task", "photo"), ""):
        stated = {**on(own, **words(field)), "submissionId": wrong}
        typed(
            await graphql.mutate(club.moderator, field, stated), "NotFoundError", "NOT_FOUND", "submissionId"
        )
    state = on(own, **words(field))
    if field == "revokeTaskApproval":
        typed(await graphql.mutate(club.moderator, field, state), "TaskSubmissionMovedError")
        return
    long = {"note": "x" * 501}
    for more, path in ((long, "note"), *([({"reason": " "}, "reason")] if words(field) else [])):
        answer = await graphql.mutate(club.moderator, field, {**state, **more})
        typed(answer, "InvalidInputError", path=path)


async def test_revoking_takes_back_what_the_approval_caused_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    approved = await approve(graphql, club, await hand_in(graphql, club))

    done = await graphql.done(
        second(club), "revokeTaskApproval", on(approved, reason="A copy of another's"), SHOWN
    )

    revoked = done["submission"]
    assert (revoked["state"], revoked["version"], revoked["reason"]) == ("REVOKED", 3, "A copy of another's")
    assert await club.balance("ann", "points") == await club.balance("ann", "gems") == 0
    assert await club.awards("ann") == {}
    assert await club.ranking("photographers") == []
    progress = await club.progress("ann", "photo")
    assert progress is not None
    assert (progress.value, progress.completed_at) == (0, None)
    source = ("task-approval:photo", _raw(approved))
    _, before = await club.services.reversal.reverse(club.service, *source, "again")
    assert before is True
    answer = await graphql.mutate(club.moderator, "revokeTaskApproval", on(revoked, reason="again"))
    typed(answer, "TaskSubmissionMovedError")
    assert await differences(club) == []
    await approve(graphql, club, await hand_in(graphql, club, key="2"))  # the reward is given anew, once
    assert await club.balance("ann", "points") == 100
    assert await differences(club) == []


async def test_reversing_the_activity_revokes_the_approval(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    approved = await approve(graphql, club, await hand_in(graphql, club))
    stated = {"source": "task-approval:photo", "sourceId": _raw(approved), "reason": "A mistake"}

    await graphql.done(club.operator, "reverseActivity", stated)

    (found,) = await queue(graphql, club.moderator, {"state": "REVOKED"})
    assert found["id"] == approved["id"]
    answer = await graphql.mutate(club.moderator, "revokeTaskApproval", on(approved, reason="x"))
    moved = typed(answer, "TaskSubmissionMovedError")
    assert moved["submission"]["decisions"][-1] == {
        "state": "REVOKED",
        "actor": "operator:ops",
        "reason": "A mistake",
        "note": None,
    }
    assert await club.balance("ann", "points") == 0
    assert await differences(club) == []


async def test_of_a_task_that_takes_no_evidence_any_more_what_waits_is_only_rejected(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    archived = await hand_in(graphql, club)
    plain = await hand_in(graphql, club, key="2", task="pairs", link="https://a.example/1")
    await graphql.done(club.operator, "archiveDefinition", {"kind": "TASK", "key": "photo"})
    await graphql.done(
        club.operator, "updateDefinition", {"kind": "TASK", "definition": {"key": "pairs", "goal": 3}}
    )

    for one in (archived, plain):
        answer = await graphql.mutate(club.moderator, "approveTaskEvidence", on(one))
        typed(answer, "ConflictError", "TASK_NOT_OPEN", "submissionId")
        await graphql.done(club.moderator, "rejectTaskEvidence", on(one, reason="It is over"))
    assert await differences(club) == []


async def test_of_a_banned_member_nothing_is_approved(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    handed_in = await hand_in(graphql, club)
    await club.services.moderation.set_standing(club.operator, club.id_of("ann"), Standing.BANNED, "a test")

    answer = await graphql.mutate(club.moderator, "approveTaskEvidence", on(handed_in))

    typed(answer, "ConflictError", "MEMBER_BANNED", "submissionId")
    await graphql.done(club.moderator, "rejectTaskEvidence", on(handed_in, reason="Banned"))


@pytest.mark.parametrize("field", DECIDING)
async def test_members_and_services_decide_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest, field: str
) -> None:
    handed_in = await hand_in(graphql, club)

    for actor in (club.member_actor("ann"), club.member_actor("bob"), club.service):
        refused(await graphql.mutate(actor, field, on(handed_in, **words(field))), "FORBIDDEN", at=field)
    for wrong in ("no id", member_gid(club, "ann")):
        answer = await graphql.mutate(
            club.moderator, field, {**on(handed_in, **words(field)), "submissionId": wrong}
        )
        typed(answer, "NotFoundError", "NOT_FOUND", "submissionId")


def _raw(submission: dict[str, Any]) -> str:
    """The id as the source id of the approval's activity."""
    decoded = decode_id(submission["id"])
    assert decoded is not None
    return decoded[1]
