"""The moderators' queue: filtered, oldest first, live, and read in as many commands however long it is."""

from typing import Any

import pytest

from gamification.tasks.evidence_service import QueueBell
from tests.conftest import MakeProgramme
from tests.resolvers.evidence_world import LINK, NOON, PROGRAMME, approve, hand_in, on, queue, second
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.resolvers.test_query_counts import Counting, counting
from tests.support import ProgrammeUnderTest

__all__ = ["counting"]  # a fixture


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(PROGRAMME)
    await made.join("ann")
    await made.join("bob")
    made.clock.now = NOON
    return made


async def test_what_waits_is_listed_oldest_first(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await hand_in(graphql, club, "bob")
    then = await hand_in(graphql, club, "ann", task="diary", text="x")
    last = await hand_in(graphql, club, "ann", "2")

    listed = await queue(graphql, club.moderator)

    assert [one["id"] for one in listed] == [first["id"], then["id"], last["id"]]
    assert listed[0] == {
        "id": first["id"],
        "state": "PENDING",
        "text": None,
        "link": LINK,
        "task": {"key": "photo"},
        "member": {"externalId": "bob"},
    }
    assert await queue(graphql, club.operator) == listed


async def test_the_queue_is_filtered_by_task_state_and_member(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    anns = await hand_in(graphql, club, "ann")
    bobs = await hand_in(graphql, club, "bob")
    diary = await hand_in(graphql, club, "ann", "2", task="diary", text="x")
    await approve(graphql, club, anns)
    bob = member_gid(club, "bob")
    expected: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
        ({}, [bobs, diary]),
        ({"task": "photo"}, [bobs]),
        ({"task": "nothing"}, []),
        ({"state": "APPROVED"}, [anns]),
        ({"state": "REJECTED"}, []),
        ({"state": None}, [anns, bobs, diary]),
        ({"state": None, "task": "photo"}, [anns, bobs]),
        ({"memberId": bob}, [bobs]),
        ({"memberId": bob, "state": "APPROVED"}, []),
    ]
    for wanted, found in expected:
        listed = await queue(graphql, club.moderator, wanted)
        assert [one["id"] for one in listed] == [one["id"] for one in found], wanted


async def test_the_queue_is_paged(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = [await hand_in(graphql, club, key=str(n), task="pairs", link=f"{LINK}{n}") for n in range(3)]
    document = """query ($first: Int, $after: String, $last: Int) { taskSubmissions(first: $first, after: $after,
        last: $last) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""

    first = (await graphql.read(club.moderator, document, {"first": 2}))["taskSubmissions"]
    # One that is decided on meanwhile shifts nothing.
    await approve(graphql, club, made[0])
    rest = (
        await graphql.read(club.moderator, document, {"first": 2, "after": first["pageInfo"]["endCursor"]})
    )["taskSubmissions"]

    assert [one["id"] for one in first["nodes"]] == [one["id"] for one in made[:2]]
    assert [one["id"] for one in rest["nodes"]] == [made[2]["id"]]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert (first["totalCount"], rest["totalCount"]) == (3, 2)
    last = (await graphql.read(club.moderator, document, {"last": 1}))["taskSubmissions"]
    assert [one["id"] for one in last["nodes"]] == [made[2]["id"]]


async def test_the_queue_is_for_moderators_and_operators(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await hand_in(graphql, club)
    subscription = "subscription { taskQueueUpdated { waiting } }"
    for actor, code in (
        (None, "UNAUTHENTICATED"),
        (club.member_actor("ann"), "FORBIDDEN"),
        (club.service, "FORBIDDEN"),
    ):
        refused(await graphql(actor, "{ taskSubmissions { nodes { id } } }"), code, at="taskSubmissions")
        async with graphql.subscribe(actor, subscription) as stream:
            refused(await stream.result(), code)


async def test_another_programmes_queue_is_its_own(
    graphql: GraphQL, club: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    elsewhere = await programme(PROGRAMME)
    await hand_in(graphql, club)

    assert await queue(graphql, elsewhere.moderator, {"state": None}) == []
    assert await queue(graphql, elsewhere.moderator, {"memberId": member_gid(club, "ann")}) == []


async def test_who_shares_a_link_is_seen(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.join("cec")
    await hand_in(graphql, club, "ann", link=LINK)
    await hand_in(graphql, club, "ann", "2", task="pairs", link=LINK)
    await hand_in(graphql, club, "bob", task="limited", link=LINK)
    await hand_in(graphql, club, "cec", text="No link")
    document = "{ taskSubmissions { nodes { otherMembers } } }"

    answer = await graphql.read(club.moderator, document)

    assert [one["otherMembers"] for one in answer["taskSubmissions"]["nodes"]] == [1, 1, 1, None]


async def test_the_queue_is_live(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = """subscription ($task: String) { taskQueueUpdated(task: $task) {
        waiting oldest { id member { externalId } } newest { id } } }"""
    async with (
        graphql.subscribe(club.moderator, document) as everything,
        graphql.subscribe(second(club), document, {"task": "photo"}) as photos,
    ):
        empty = {"waiting": 0, "oldest": None, "newest": None}
        assert await everything.data() == await photos.data() == empty
        diary = await hand_in(graphql, club, task="diary", text="x")
        told = await everything.data()
        assert told == {
            "waiting": 1,
            "oldest": {"id": diary["id"], "member": {"externalId": "ann"}},
            "newest": {"id": diary["id"]},
        }
        photo = await hand_in(graphql, club, "bob")
        assert (await photos.data())["oldest"]["id"] == photo["id"]
        both = await everything.data()
        assert (both["waiting"], both["newest"]) == (2, {"id": photo["id"]})
        await approve(graphql, club, diary)
        left = await everything.data()
        assert (left["waiting"], left["oldest"]["id"]) == (1, photo["id"])
        await graphql.done(club.moderator, "rejectTaskEvidence", on(photo, reason="x"))
        assert await everything.data() == await photos.data() == empty


async def test_a_ring_that_is_lost_is_made_up_by_looking_again(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: Any) -> None:
        """As where the process dies after the commit."""

    monkeypatch.setattr(QueueBell, "ring", lost)
    monkeypatch.setattr("resolvers.subscriptions.task_evidence._RECHECK_S", 0.2)
    async with graphql.subscribe(club.moderator, "subscription { taskQueueUpdated { waiting } }") as stream:
        assert await stream.data() == {"waiting": 0}
        await hand_in(graphql, club)
        assert await stream.data() == {"waiting": 1}


async def test_a_page_of_the_queue(graphql: GraphQL, club: ProgrammeUnderTest, counting: Counting) -> None:
    names = [f"m{number:02}" for number in range(30)]
    await club.join_all(*names)
    for name in names:
        approved = await approve(graphql, club, await hand_in(graphql, club, name, link=f"{LINK}{name}"))
        assert approved["state"] == "APPROVED"
    document = """query ($first: Int) { taskSubmissions(first: $first, filter: { state: APPROVED }) {
        totalCount nodes { link otherMembers decisions { actor } task { key name } member { displayName }
        activity { type } } } }"""
    for size in (1, 30):
        answer, commands = await counting(club.moderator, document, first=size)

        assert len(answer["taskSubmissions"]["nodes"]) == size
        assert answer["taskSubmissions"]["totalCount"] == 30
        assert commands == {
            "aggregate task_submissions": 2,
            "find activities": 1,
            "find members": 1,
            "find programmes": 1,
            "find task_submissions": 1,
        }
