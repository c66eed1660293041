"""What members are told of decisions against them, and their appeals."""

from datetime import timedelta
from typing import Any

import pytest

from community.services import Services
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, another_moderator, moderated
from tests.resolvers.harness import GraphQL, refused, typed

OWN = """{ me { moderationStatements { nodes { id action reason rule isAutomated subjectId appealUntil
    appeal { state text answer dueAt } } } } }"""


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    return await moderated(graphql, programme, "ann", "bob", "cyd")


async def statements(desk: Desk, name: str = "ann") -> list[dict[str, Any]]:
    """What a member was told."""
    found = await desk.graphql.read(desk.club.member_actor(name), OWN)
    nodes: list[dict[str, Any]] = found["me"]["moderationStatements"]["nodes"]
    return nodes


async def removed(desk: Desk) -> tuple[str, dict[str, Any]]:
    """A post of Ann's that kim removed, and what she was told."""
    post = await desk.post("ann")
    await desk.report("bob", post)
    (case,) = await desk.queue()
    await desk.decide(case, "REMOVE", another_moderator(desk.club), reason="It sells something")
    (told,) = await statements(desk)
    return post, told


async def test_the_author_is_told_what_why_and_until_when_to_appeal(desk: Desk) -> None:
    post, told = await removed(desk)

    assert (told["action"], told["reason"], told["rule"]) == ("removed", "It sells something", "spam")
    assert (told["subjectId"], told["isAutomated"], told["appeal"]) == (post, False, None)
    assert await statements(desk, "bob") == []
    refusal = await desk.graphql(
        desk.club.member_actor("bob"), "query ($id: ID!) { node(id: $id) { id } }", {"id": told["id"]}
    )
    assert refusal.data == {"node": None}


async def test_what_reports_hid_is_told_as_automated(desk: Desk) -> None:
    await desk.trust("bob", 4)
    await desk.report("bob", await desk.post("ann"), "abuse")

    (told,) = await statements(desk)
    assert (told["action"], told["isAutomated"], told["rule"]) == ("hidden", True, "abuse")


async def test_another_moderator_overturns_it_and_everything_comes_back(desk: Desk) -> None:
    post, told = await removed(desk)
    ann = desk.club.member_actor("ann")
    stated = {"statementId": told["id"], "text": "It is a review."}
    for _ in range(2):
        await desk.graphql.done(ann, "appealStatement", stated)
    (case,) = await desk.queue(kind="APPEAL")
    assert case["statement"]["appeal"] == {"state": "OPEN", "text": "It is a review."}
    assert case["dueAt"] is not None
    ruling = {"decision": "OVERTURN", "reason": "So it is"}
    whole = {"caseId": case["id"], "version": case["version"], "ruling": ruling}
    by_kim = await desk.graphql.mutate(another_moderator(desk.club), "decideCase", whole)
    typed(by_kim, "ConflictError", "OWN_DECISION", "caseId")

    await desk.decide(case, "OVERTURN", another_moderator(desk.club, "lee"), reason="So it is")

    assert (await desk.see("cyd", post) or {})["state"] == "PUBLISHED"
    assert await desk.club.balance("ann", "points") == 10
    (after,) = await statements(desk)
    assert (after["appeal"]["state"], after["appeal"]["answer"]) == ("OVERTURNED", "So it is")
    figures = await desk.graphql.read(desk.club.moderator, "{ moderationStatistics { appeals overturned } }")
    assert figures["moderationStatistics"] == {"appeals": 1, "overturned": 1}
    await desk.sound()


async def test_what_is_upheld_stays_and_is_not_appealed_again(desk: Desk) -> None:
    post, told = await removed(desk)
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "appealStatement", {"statementId": told["id"], "text": "Please"})
    (case,) = await desk.queue(kind="APPEAL")
    await desk.decide(case, "UPHOLD", another_moderator(desk.club, "lee"), reason="No")

    again = {"statementId": told["id"], "text": "But please"}
    typed(await desk.graphql.mutate(ann, "appealStatement", again), "ConflictError", "APPEAL_CLOSED")
    assert await desk.see("cyd", post) is None
    assert (await statements(desk))[0]["appeal"]["state"] == "UPHELD"


async def test_an_appeal_has_its_time_and_its_member(desk: Desk) -> None:
    _, told = await removed(desk)
    stated = {"statementId": told["id"], "text": "Please"}

    others = await desk.graphql.mutate(desk.club.member_actor("bob"), "appealStatement", stated)
    typed(others, "NotFoundError", "NOT_FOUND", "statementId")
    desk.club.clock.advance(timedelta(days=181))
    late = await desk.graphql.mutate(desk.club.member_actor("ann"), "appealStatement", stated)
    typed(late, "ConflictError", "APPEAL_CLOSED", "statementId")


async def test_who_is_banned_appeals_and_is_let_in_again(desk: Desk) -> None:
    await desk.sanction("ann", "BAN", another_moderator(desk.club))
    (told,) = await statements(desk)

    stated = {"statementId": told["id"], "text": "It was my brother."}
    await desk.graphql.done(desk.club.member_actor("ann"), "appealStatement", stated)
    (case,) = await desk.queue(kind="APPEAL")
    await desk.decide(case, "OVERTURN", another_moderator(desk.club, "lee"), reason="Fine")

    await desk.post("ann", "Back")
    await desk.sound()


async def test_the_member_hears_of_it_where_they_listen(desk: Desk, live: Services) -> None:
    query = (
        "subscription { myProgress { __typename ... on ModerationNotice { statement { action reason } } } }"
    )
    async with GraphQL(live).subscribe(desk.club.member_actor("ann"), query) as stream:
        await stream.data()
        await desk.sanction("ann", "WARNING")
        told = await stream.data()

    assert told == {
        "__typename": "ModerationNotice",
        "statement": {"action": "warning", "reason": "Enough"},
    }


async def test_moderators_names_are_nowhere_for_members(desk: Desk) -> None:
    _, told = await removed(desk)
    ann = desk.club.member_actor("ann")
    await desk.graphql.done(ann, "appealStatement", {"statementId": told["id"], "text": "Please"})
    (case,) = await desk.queue(kind="APPEAL")
    await desk.decide(case, "UPHOLD", another_moderator(desk.club, "lee"), reason="No")
    await desk.sanction("ann", "WARNING", another_moderator(desk.club))

    seen = await desk.graphql(
        ann,
        """{ me { sanctions { nodes { kind by reason } } moderationStatements { nodes { action reason appeal { answer } } } }
        moderationQueue { nodes { id } } }""",
    )
    assert seen.data is not None
    assert "kim" not in str(seen.data)
    assert "lee" not in str(seen.data)
    assert seen.data["moderationQueue"]["nodes"] == []
    refused(await desk.graphql(ann, "{ moderationLog { nodes { by } } }"), "FORBIDDEN")
