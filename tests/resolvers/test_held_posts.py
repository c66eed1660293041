"""What rules held or flagged is in the moderators' queue, and what they decide measures the rules."""

from datetime import timedelta
from typing import Any

import pytest

from community.services import Services
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk
from tests.resolvers.harness import GraphQL
from tests.resolvers.test_watching_posts import ADDED
from tests.screening_world import SCREENED

RULES = """query ($since: DateTime!, $until: DateTime!) { screeningStatistics(since: $since, until: $until) {
    rule held flagged upheld overturned } }"""


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    club = await programme(SCREENED)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return Desk(graphql, club)


async def measured(desk: Desk, rule: str) -> dict[str, Any]:
    """How a rule does."""
    now = desk.club.clock.now
    period = {
        "since": (now - timedelta(days=1)).isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
    }
    found = (await desk.graphql.read(desk.club.moderator, RULES, period))["screeningStatistics"]
    return next({**one} for one in found if one["rule"] == rule)


async def test_a_held_post_waits_in_the_queue_and_is_published_by_keeping_it(desk: Desk) -> None:
    post = await desk.post("ann", body="Find me on WhatsApp")

    assert await desk.see("bob", post) is None
    assert (await desk.see("ann", post) or {})["state"] == "PENDING"
    assert await desk.club.balance("ann", "points") == 0
    (case,) = await desk.queue()
    assert (case["sources"], case["rules"], case["post"]["id"]) == (["SCREENING"], ["contacts"], post)

    await desk.decide(case, "KEEP")

    assert (await desk.see("bob", post) or {})["state"] == "PUBLISHED"
    assert await desk.club.balance("ann", "points") == 10
    found = await measured(desk, "contacts")
    assert (found["held"], found["upheld"], found["overturned"]) == (1, 0, 1)
    await desk.sound()


async def test_a_held_comment_is_removed_and_told_by_rule(desk: Desk) -> None:
    post = await desk.post("bob")
    comment = await desk.comment("ann", post, "我的微信：加微信聊")
    (case,) = await desk.queue()
    assert case["comment"]["id"] == comment

    await desk.decide(case, "REMOVE", reason="No contacts")

    seen = await desk.see("bob", post)
    assert seen is not None
    assert (seen["commentCount"], seen["comments"]["nodes"]) == (0, [])
    own = await desk.graphql.read(
        desk.club.member_actor("ann"), "{ me { moderationStatements { nodes { action rule reason } } } }"
    )
    assert own["me"]["moderationStatements"]["nodes"] == [
        {"action": "removed", "rule": "contacts", "reason": "No contacts"}
    ]
    assert (await measured(desk, "contacts"))["upheld"] == 1
    await desk.sound()


async def test_what_is_flagged_is_shown_meanwhile(desk: Desk) -> None:
    post = await desk.post("ann", body="It costs 20 yuan")

    assert (await desk.see("bob", post) or {})["state"] == "PUBLISHED"
    (case,) = await desk.queue()
    assert (case["rules"], case["reportCount"]) == (["money"], 0)
    await desk.decide(case, "REMOVE", reason="No trade")
    assert await desk.see("bob", post) is None
    assert (await measured(desk, "money"))["upheld"] == 1

    await desk.graphql.done(desk.club.moderator, "restorePost", {"postId": post})

    found = await measured(desk, "money")
    assert (found["upheld"], found["overturned"]) == (0, 1)
    await desk.sound()


async def test_a_comment_that_waited_is_told_once_it_is_approved(desk: Desk, live: Services) -> None:
    post = await desk.post("ann")
    held = await desk.comment("bob", post, "Find me on WhatsApp")
    await desk.comment("bob", post, "Meanwhile")
    async with GraphQL(live).subscribe(desk.club.member_actor("cyd"), ADDED, {"id": post}) as thread:
        assert (await thread.data())["comments"] == []
        await desk.decide((await desk.queue())[0], "KEEP")
        assert [one["id"] for one in (await thread.data())["comments"]] == [held]
        await desk.comment("bob", post, "Afterwards")
        assert [one["text"] for one in (await thread.data())["comments"]] == ["Afterwards"]
