"""Complaints: filing, answering in time, taking up again, who sees what, and two who act at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor, Role
from tests.community_world import COMMUNITY, post_gid, wrote
from tests.complaint_world import CATEGORIES
from tests.conftest import MakeProgramme
from tests.notification_world import inbox, told
from tests.resolvers.harness import GraphQL, typed
from tests.support import ProgrammeUnderTest

SEEN = "id state version text reopened isOverdue dueAt assignee rating { score text } category { key }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(
        {
            **COMMUNITY,
            "spaces": [*COMMUNITY["spaces"], {"key": "workshop"}],
            "complaint_categories": CATEGORIES,
        }
    )
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


async def filed(graphql: GraphQL, actor: Actor, key: str = "f", **stated: Any) -> dict[str, Any]:
    """A new complaint as its member sees it."""
    given = {"category": "delivery", "text": "Late", "idempotencyKey": key, **stated}
    success = await graphql.done(actor, "fileComplaint", given, f"replayed complaint {{ {SEEN} }}")
    found: dict[str, Any] = success["complaint"]
    return found


async def answer(
    graphql: GraphQL, actor: Actor, complaint: dict[str, Any], key: str = "a", **stated: Any
) -> Any:
    """What answering it gives."""
    given = {
        "complaintId": complaint["id"],
        "version": complaint["version"],
        "text": "Sorry",
        "idempotencyKey": key,
        **stated,
    }
    return await graphql.mutate(actor, "answerComplaint", given, f"complaint {{ {SEEN} }}")


async def now(graphql: GraphQL, actor: Actor, complaint: dict[str, Any]) -> dict[str, Any]:
    """As it is by now."""
    asked = f"query ($id: ID!) {{ node(id: $id) {{ ... on Complaint {{ {SEEN} }} }} }}"
    found: dict[str, Any] = (await graphql.read(actor, asked, {"id": complaint["id"]}))["node"]
    return found


def instant(at: Any) -> str:
    return str(at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


async def test_a_member_files_a_complaint_and_is_owed_an_answer(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    found = await graphql.read(
        ann, "{ complaintCategories { nodes { key name description answerWithin reopenWithin } } }"
    )
    complaint = await filed(graphql, ann)
    again = await filed(graphql, ann)

    assert [one["key"] for one in found["complaintCategories"]["nodes"]] == ["delivery", "staff"]
    assert found["complaintCategories"]["nodes"][0] == {
        "key": "delivery",
        "name": "Delivery",
        "description": "What came late",
        "answerWithin": "P2D",
        "reopenWithin": "P30D",
    }
    assert again == complaint
    assert complaint.pop("id")
    assert complaint == {
        "state": "OPEN",
        "version": 1,
        "text": "Late",
        "reopened": 0,
        "isOverdue": False,
        "dueAt": instant(club.clock.now + timedelta(days=2)),
        "assignee": None,
        "rating": None,
        "category": {"key": "delivery"},
    }


@pytest.mark.parametrize(
    ("stated", "kind", "path"),
    [
        ({"category": "nowhere"}, "NotFoundError", "category"),
        ({"category": "old"}, "NotFoundError", "category"),
        ({"text": " "}, "InvalidInputError", "text"),
        ({"text": "x" * 5001}, "InvalidInputError", "text"),
        ({"aboutId": "nothing"}, "NotFoundError", "aboutId"),
    ],
)
async def test_what_is_no_complaint_is_refused(
    graphql: GraphQL, ann: Actor, stated: dict[str, Any], kind: str, path: str
) -> None:
    given = {"category": "delivery", "text": "Late", "idempotencyKey": "f", **stated}
    typed(await graphql.mutate(ann, "fileComplaint", given), kind, path=path)


async def test_a_complaint_is_about_what_its_member_sees(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    await wrote(club, "bob", word="secret")
    about = post_gid(club, "bob")
    complaint = await filed(graphql, ann, aboutId=about)
    draft = {
        "category": "delivery",
        "text": "x",
        "idempotencyKey": "d",
        "aboutId": post_gid(club, "bob", "draft"),
    }
    typed(await graphql.mutate(ann, "fileComplaint", draft), "NotFoundError", path="aboutId")

    asked = "query ($id: ID!) { node(id: $id) { ... on Complaint { about { __typename id } } } }"
    for actor in (ann, club.moderator):
        found = await graphql.read(actor, asked, {"id": complaint["id"]})
        assert found["node"]["about"] == {"__typename": "Post", "id": about}
    await club.services.posts.delete(club.service, club.id_of("bob"), bytes.fromhex(_raw(about)))
    assert (await graphql.read(ann, asked, {"id": complaint["id"]}))["node"]["about"] is None


def _raw(gid: str) -> str:
    from resolvers.relay import decode_id

    decoded = decode_id(gid)
    assert decoded is not None
    return decoded[1]


async def test_at_most_twenty_complaints_wait(graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor) -> None:
    last = await filed(graphql, ann, "first")
    for number in range(19):
        await filed(graphql, ann, f"f{number}")
    given = {"category": "delivery", "text": "Late", "idempotencyKey": "more"}
    typed(await graphql.mutate(ann, "fileComplaint", given), "ConflictError", "COMPLAINT_LIMIT")
    await answer(graphql, club.moderator, last)
    await filed(graphql, ann, "more still")


async def test_staff_and_member_write_to_each_other_and_names_stay_hidden(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    complaint = await filed(graphql, ann)
    target = {"complaintId": complaint["id"]}
    await graphql.done(kim, "assignComplaint", {**target, "version": 1})
    await graphql.done(kim, "sendComplaintMessage", {**target, "text": "Which order?", "idempotencyKey": "1"})
    await graphql.done(ann, "sendComplaintMessage", {**target, "text": "A-17", "idempotencyKey": "2"})
    again = await graphql.done(
        ann, "sendComplaintMessage", {**target, "text": "A-17", "idempotencyKey": "2"}, "replayed"
    )
    assert again["replayed"]
    complaint = await now(graphql, kim, complaint)
    assert (complaint["state"], complaint["version"], complaint["assignee"]) == (
        "IN_PROGRESS",
        4,
        "moderator:kim",
    )
    await answer(graphql, kim, complaint)

    asked = """query ($id: ID!) { node(id: $id) { ... on Complaint { assignee
        messages { nodes { kind fromStaff author text } } } } }"""
    by_member = (await graphql.read(ann, asked, {"id": complaint["id"]}))["node"]
    by_staff = (await graphql.read(club.operator, asked, {"id": complaint["id"]}))["node"]
    assert by_member["assignee"] is None
    assert [
        (one["kind"], one["fromStaff"], one["author"], one["text"]) for one in by_member["messages"]["nodes"]
    ] == [
        ("MESSAGE", True, None, "Which order?"),
        ("MESSAGE", False, None, "A-17"),
        ("ANSWER", True, None, "Sorry"),
    ]
    assert [one["author"] for one in by_staff["messages"]["nodes"]] == [
        "moderator:kim",
        None,
        "moderator:kim",
    ]


async def test_what_staff_write_comes_into_the_inbox_once_and_what_the_member_writes_does_not(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    complaint = await filed(graphql, ann)
    target = {"complaintId": complaint["id"]}
    await graphql.done(kim, "sendComplaintMessage", {**target, "text": "Which order?", "idempotencyKey": "1"})
    await graphql.done(kim, "sendComplaintMessage", {**target, "text": "Which order?", "idempotencyKey": "1"})
    await graphql.done(ann, "sendComplaintMessage", {**target, "text": "A-17", "idempotencyKey": "2"})
    await graphql.done(kim, "assignComplaint", {**target, "version": 3})
    await answer(graphql, kim, await now(graphql, kim, complaint))
    await told(club, times=2)

    found = await inbox(graphql, ann)
    assert [one["title"] for one in found] == [
        "Your complaint was answered",
        "There is a message about your complaint",
    ]
    assert found[1]["body"] == "Staff wrote to you about your complaint."
    assert await inbox(graphql, club.member_actor("bob")) == []


async def test_the_member_is_told_and_takes_it_up_again(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    document = """subscription { myProgress { ... on ComplaintChanged { state complaint { state reopened } }
        ... on ProgressSnapshot { sequence } } }"""
    complaint = await filed(graphql, ann)
    async with graphql.subscribe(ann, document) as stream:
        await stream.data()
        await answer(graphql, kim, complaint)
        heard = await stream.data()
    assert heard == {"state": "ANSWERED", "complaint": {"state": "ANSWERED", "reopened": 0}}

    club.clock.advance(timedelta(days=30))
    reopening = {"complaintId": complaint["id"], "text": "Not yet", "idempotencyKey": "r"}
    await graphql.done(ann, "reopenComplaint", reopening)
    reopened = await now(graphql, ann, complaint)
    assert (reopened["state"], reopened["reopened"]) == ("REOPENED", 1)
    assert reopened["dueAt"] == instant(club.clock.now + timedelta(days=2))

    await answer(graphql, kim, reopened, "second")
    club.clock.advance(timedelta(days=30, seconds=1))
    late = await graphql.mutate(ann, "reopenComplaint", {**reopening, "idempotencyKey": "late"})
    typed(late, "ConflictError", "COMPLAINT_STATE", "complaintId")


async def test_the_answer_is_rated(graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor) -> None:
    complaint = await filed(graphql, ann)
    rating = {"complaintId": complaint["id"], "score": 4, "text": "Well"}
    typed(await graphql.mutate(ann, "rateComplaint", rating), "ConflictError", "COMPLAINT_STATE")
    await answer(graphql, club.operator, complaint)
    for score in (0, 6):
        typed(
            await graphql.mutate(ann, "rateComplaint", {**rating, "score": score}),
            "InvalidInputError",
            path="score",
            limit=5,
        )
    await graphql.done(ann, "rateComplaint", rating)
    await graphql.done(ann, "rateComplaint", {**rating, "score": 5, "text": None})

    assert (await now(graphql, club.operator, complaint))["rating"] == {"score": 5, "text": None}


async def test_staff_close_what_is_answered_and_members_whatever_they_filed(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    first, second = await filed(graphql, ann, "1"), await filed(graphql, ann, "2")
    closing = {"complaintId": first["id"], "version": 1}
    owed = await graphql.mutate(club.operator, "closeComplaint", closing)
    typed(owed, "ConflictError", "COMPLAINT_STATE", "complaintId")
    await answer(graphql, club.operator, first)
    typed(await graphql.mutate(club.operator, "closeComplaint", closing), "ConflictError", "STALE_VERSION")
    for _ in range(2):
        await graphql.done(club.operator, "closeComplaint", {**closing, "version": 2})
    await graphql.done(ann, "closeComplaint", {"complaintId": second["id"], "version": 1})

    assert [(await now(graphql, ann, one))["state"] for one in (first, second)] == ["CLOSED", "CLOSED"]
    message = {"complaintId": first["id"], "text": "But", "idempotencyKey": "m"}
    typed(await graphql.mutate(ann, "sendComplaintMessage", message), "ConflictError", "COMPLAINT_STATE")
    typed(
        await answer(graphql, club.operator, {**second, "version": 2}, "other"),
        "ConflictError",
        "COMPLAINT_STATE",
    )
    taking = {"complaintId": first["id"], "version": 3}
    typed(await graphql.mutate(club.operator, "assignComplaint", taking), "ConflictError", "COMPLAINT_STATE")


async def test_a_complaint_changes_hands(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    complaint = await filed(graphql, ann)
    target = {"complaintId": complaint["id"]}
    await graphql.done(kim, "assignComplaint", {**target, "version": 1})
    typed(
        await graphql.mutate(club.operator, "assignComplaint", {**target, "version": 1}),
        "ConflictError",
        "STALE_VERSION",
        "version",
    )
    await graphql.done(club.operator, "assignComplaint", {**target, "version": 2})
    assert (await now(graphql, kim, complaint))["assignee"] == "operator:ops"
    await graphql.done(kim, "assignComplaint", {**target, "version": 3, "take": False})
    released = await now(graphql, kim, complaint)
    assert (released["state"], released["assignee"]) == ("OPEN", None)


async def test_of_two_answers_at_once_one_is_sent(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor
) -> None:
    complaint = await filed(graphql, ann)
    results = await asyncio.gather(
        *(
            answer(graphql, actor, complaint, f"{actor.subject}{number}", text=f"{actor.subject}{number}")
            for actor in (kim, club.operator)
            for number in range(3)
        )
    )
    kinds = sorted(one.data["answerComplaint"]["__typename"] for one in results)
    assert kinds == ["ComplaintWrittenSuccess"] + ["ConflictError"] * 5
    found = await graphql.read(
        ann,
        "query ($id: ID!) { node(id: $id) { ... on Complaint { version messages { nodes { kind } } } } }",
        {"id": complaint["id"]},
    )
    assert found["node"] == {"version": 2, "messages": {"nodes": [{"kind": "ANSWER"}]}}


async def test_an_answer_that_has_not_read_the_last_message_is_not_sent(
    graphql: GraphQL, ann: Actor, kim: Actor
) -> None:
    complaint = await filed(graphql, ann)
    message = {"complaintId": complaint["id"], "text": "It came", "idempotencyKey": "m"}
    await graphql.done(ann, "sendComplaintMessage", message)

    typed(await answer(graphql, kim, complaint), "ConflictError", "STALE_VERSION", "version")


@pytest.mark.parametrize("turn", range(5))
async def test_a_reply_and_a_close_at_once_are_in_some_order(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor, kim: Actor, turn: int
) -> None:
    """Either the reply came first, and staff close nothing unread; or it is closed, and the member is told so."""
    complaint = await filed(graphql, ann)
    await answer(graphql, kim, complaint)
    message = {"complaintId": complaint["id"], "text": "But", "idempotencyKey": f"m{turn}"}
    closing = {"complaintId": complaint["id"], "version": 2}
    replied, closed = await asyncio.gather(
        graphql.mutate(ann, "sendComplaintMessage", message),
        graphql.mutate(kim, "closeComplaint", closing),
    )
    assert replied.data
    assert closed.data
    kinds = (
        replied.data["sendComplaintMessage"]["__typename"],
        closed.data["closeComplaint"]["__typename"],
    )
    state = (await now(graphql, kim, complaint))["state"]
    assert (*kinds, state) in {
        ("ComplaintWrittenSuccess", "ConflictError", "ANSWERED"),
        ("ConflictError", "ComplaintSuccess", "CLOSED"),
    }
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_of_many_at_once_no_more_than_twenty_wait(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    given = [{"category": "delivery", "text": "Late", "idempotencyKey": f"f{number}"} for number in range(26)]
    results = await asyncio.gather(*(graphql.mutate(ann, "fileComplaint", one) for one in given))

    refused = [one for one in results if (one.data or {})["fileComplaint"].get("code") == "COMPLAINT_LIMIT"]
    assert len(refused) == 6
    counts = await graphql.read(club.moderator, "{ complaintCounts { open } }")
    assert counts == {"complaintCounts": {"open": 20}}


async def test_what_is_taken_up_again_is_one_of_the_twenty_too(
    graphql: GraphQL, club: ProgrammeUnderTest, ann: Actor
) -> None:
    done = [await filed(graphql, ann, f"done{number}") for number in range(2)]
    for one in done:
        await answer(graphql, club.moderator, one, one["id"])
    for number in range(19):
        await filed(graphql, ann, f"f{number}")
    again = [{"complaintId": one["id"], "text": "Not yet", "idempotencyKey": one["id"]} for one in done]

    await graphql.done(ann, "reopenComplaint", again[0])
    typed(
        await graphql.mutate(ann, "reopenComplaint", again[1]),
        "ConflictError",
        "COMPLAINT_LIMIT",
        "complaintId",
    )
