"""Complaints by many: what is owed and late, how they are dealt with, who sees them, what erasing leaves, what `verify` finds."""

from datetime import timedelta
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor, Role
from storage.mongo import Mongo
from tests.complaint_world import CATEGORIES, complained, complaint_gid
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.resolvers.test_complaints import answer, filed, instant, now
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme({"complaint_categories": CATEGORIES})
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    club.clock.advance(timedelta())
    return club


@pytest.fixture
def ann(club: ProgrammeUnderTest) -> Actor:
    return club.member_actor("ann")


@pytest.fixture
def kim(club: ProgrammeUnderTest) -> Actor:
    return Actor(club.key, "kim", Role.MODERATOR)


async def test_staff_see_what_is_owed_and_what_is_late(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    soon = await filed(graphql, club.member_actor("bob"), category="staff")
    later = await filed(graphql, ann, "1")
    done = await filed(graphql, ann, "2")
    await answer(graphql, kim, done)
    await graphql.done(kim, "assignComplaint", {"complaintId": later["id"], "version": 1})
    club.clock.advance(timedelta(hours=5))

    async def listed(arguments: str = "") -> list[str]:
        found = await graphql.read(kim, f"{{ complaints{arguments} {{ nodes {{ id }} }} }}")
        return [one["id"] for one in found["complaints"]["nodes"]]

    ids = {"soon": soon["id"], "later": later["id"], "done": done["id"]}
    assert await listed() == [ids["soon"], ids["later"]]
    assert await listed("(order: NEWEST)") == [ids["done"], ids["later"], ids["soon"]]
    assert await listed("(filter: {overdue: true})") == [ids["soon"]]
    assert await listed("(order: NEWEST, filter: {overdue: true})") == [ids["soon"]]
    assert await listed('(filter: {assignee: "moderator:kim"})') == [ids["later"]]
    assert await listed('(order: NEWEST, filter: {category: "delivery"})') == [ids["done"], ids["later"]]
    assert await listed("(order: NEWEST, filter: {state: ANSWERED})") == [ids["done"]]
    assert await listed(f'(filter: {{memberId: "{member_gid(club, "bob")}"}})') == [ids["soon"]]
    counts = "open inProgress reopened answered closed overdue"
    found = await graphql.read(kim, f"{{ complaintCounts {{ {counts} }} }}")
    assert found["complaintCounts"] == {
        "open": 1,
        "inProgress": 1,
        "reopened": 0,
        "answered": 1,
        "closed": 0,
        "overdue": 1,
    }
    found = await graphql.read(kim, f'{{ complaintCounts(category: "delivery") {{ {counts} }} }}')
    assert (found["complaintCounts"]["open"], found["complaintCounts"]["overdue"]) == (0, 0)
    own = await graphql.read(ann, "{ myComplaints { nodes { id } } }")
    assert [one["id"] for one in own["myComplaints"]["nodes"]] == [ids["done"], ids["later"]]


async def test_how_complaints_are_dealt_with_is_measured(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    began = club.clock.now
    first, second, third = [await filed(graphql, ann, str(number)) for number in range(3)]
    club.clock.advance(timedelta(hours=1))
    await answer(graphql, kim, first, "a1")
    await graphql.done(ann, "rateComplaint", {"complaintId": first["id"], "score": 5})
    await graphql.done(ann, "closeComplaint", {"complaintId": first["id"], "version": 3})
    club.clock.advance(timedelta(days=3))
    await answer(graphql, kim, second, "a2")
    asked = """query ($since: DateTime!, $until: DateTime!) { complaintStatistics(filedSince: $since, filedBefore: $until) {
        filed answered answeredInTime late closed reopened rated content secondsToAnswer secondsToAnswerMost
        secondsToClose secondsToCloseMost } }"""
    span = {"since": instant(began), "until": instant(began + timedelta(days=1))}
    found = (await graphql.read(kim, asked, span))["complaintStatistics"]
    before = {"since": instant(began - timedelta(days=1)), "until": instant(began)}
    none = (await graphql.read(kim, asked, before))["complaintStatistics"]

    assert third
    assert found == {
        "filed": 3,
        "answered": 2,
        "answeredInTime": 1,
        "late": 2,
        "closed": 1,
        "reopened": 0,
        "rated": 1,
        "content": 1,
        "secondsToAnswer": 3600,
        "secondsToAnswerMost": 3600 + 3 * 86_400,
        "secondsToClose": 3600,
        "secondsToCloseMost": 3600,
    }
    assert (none["filed"], none["secondsToAnswer"]) == (0, None)
    wrong = await graphql(kim, asked, {"since": span["until"], "until": span["since"]})
    refused(wrong, "INVALID_INPUT", field="filedBefore")


async def test_what_is_late_is_counted_once_and_what_was_taken_up_again_by_its_first_answer(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    began = club.clock.now
    never, late, again, soon, closed = [await filed(graphql, ann, str(number)) for number in range(5)]
    assert never
    await answer(graphql, kim, soon, "soon")
    await graphql.done(ann, "closeComplaint", {"complaintId": closed["id"], "version": 1})
    other = await filed(graphql, ann, "other", category="staff")
    await answer(graphql, kim, other, "other")
    club.clock.advance(timedelta(days=2))
    await answer(graphql, kim, again, "again")  # at the last moment
    club.clock.advance(timedelta(seconds=1))
    await answer(graphql, kim, late, "late")
    reopening = {"complaintId": again["id"], "text": "Not yet", "idempotencyKey": "r"}
    await graphql.done(ann, "reopenComplaint", reopening)
    club.clock.advance(timedelta(days=9))
    asked = """query ($since: DateTime!, $until: DateTime!) { complaintStatistics(filedSince: $since, filedBefore: $until,
        category: "delivery") { filed answered answeredInTime late closed reopened rated content secondsToAnswer
        secondsToAnswerMost secondsToClose } }"""
    span = {"since": instant(began), "until": instant(began + timedelta(days=1))}

    found = (await graphql.read(kim, asked, span))["complaintStatistics"]

    assert found == {
        "filed": 5,
        "answered": 3,
        "answeredInTime": 2,
        "late": 2,
        "closed": 1,
        "reopened": 1,
        "rated": 0,
        "content": 0,
        "secondsToAnswer": 2 * 86_400,
        "secondsToAnswerMost": 2 * 86_400 + 1,
        "secondsToClose": 0,
    }


async def test_a_complaint_is_its_members_and_staffs(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    complaint = await filed(graphql, ann)
    target = {"complaintId": complaint["id"]}
    bob = club.member_actor("bob")
    assert await now(graphql, bob, complaint) is None
    for field, stated in (
        ("sendComplaintMessage", {"text": "x", "idempotencyKey": "k"}),
        ("closeComplaint", {"version": 1}),
        ("reopenComplaint", {"text": "x", "idempotencyKey": "k"}),
        ("rateComplaint", {"score": 1}),
    ):
        typed(await graphql.mutate(bob, field, {**target, **stated}), "NotFoundError", path="complaintId")
        own = {**target, **stated, "memberId": member_gid(club, "bob")}
        typed(await graphql.mutate(club.service, field, own), "NotFoundError", path="complaintId")
        refused(await graphql.mutate(kim, field, own), "FORBIDDEN")
    for document in (
        "{ complaints { nodes { id } } }",
        "{ complaintCounts { open } }",
        '{ complaintStatistics(filedSince: "2026-01-01T00:00:00Z", filedBefore: "2026-02-01T00:00:00Z") { filed } }',
    ):
        refused(await graphql(ann, document), "FORBIDDEN")
    assert (await now(graphql, kim, complaint))["version"] == 1


async def test_erasing_a_member_closes_and_empties_what_they_complained_of(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor, mongo: Mongo
) -> None:
    await complained(club, "ann", word="secret")
    exported = await graphql.read(
        ann,
        """{ a: exportMember(section: COMPLAINTS) { nodes { data } }
            b: exportMember(section: COMPLAINT_MESSAGES) { nodes { data } } }""",
    )
    assert len(exported["a"]["nodes"]) == 3
    assert len(exported["b"]["nodes"]) == 5
    assert "moderator" not in str(exported)
    assert (await VerificationService(club.services).verify(club.key)).differences == []

    await graphql.done(ann, "eraseMember", {"confirmExternalId": "ann"})
    await club.services.erasures.run_open()

    for name in ("complaints", "complaint_messages"):
        rows = await mongo.collection(name).find({"programme_id": club.key}).to_list(None)
        assert rows
        assert "secret" not in str(rows)
    counts = (await graphql.read(kim, "{ complaintCounts { closed overdue inProgress } }"))["complaintCounts"]
    assert counts == {"closed": 3, "overdue": 0, "inProgress": 0}
    gone = {
        "complaintId": complaint_gid(club, "ann", "owed"),
        "version": 2,
        "text": "x",
        "idempotencyKey": "k",
    }
    typed(await graphql.mutate(kim, "answerComplaint", gone), "NotFoundError", path="complaintId")
    assert (await VerificationService(club.services).verify(club.key)).differences == []


@pytest.mark.parametrize(
    ("collection", "change", "says"),
    [
        ("complaints", {"member_id": b"x" * 12}, "missing"),
        ("complaints", {"category": "nowhere"}, "missing"),
        ("complaints", {"reopened": 5}, "reopened"),
        ("complaints", {"state": "open"}, "owed"),
        ("complaint_messages", {"complaint_id": b"x" * 12}, "about"),
        ("complaint_messages", {"member_id": b"x" * 12}, "another's"),
    ],
)
async def test_verify_finds_what_is_wrong(
    club: ProgrammeUnderTest, mongo: Mongo, collection: str, change: dict[str, Any], says: str
) -> None:
    await complained(club, "ann")
    query = {"programme_id": club.key, **({"state": "closed"} if collection == "complaints" else {})}
    await mongo.collection(collection).update_one(query, {"$set": change})

    found = (await VerificationService(club.services).verify(club.key)).differences
    assert any(says in one for one in found), found
