"""Rewards that are given for something: without a price, and taken back with what gave them."""

from datetime import timedelta
from typing import Any

from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.reward_world import MALL, mall

DOCUMENT = """query ($id: ID!) { member(id: $id) { redemptions { nodes {
    id source status isKept reward { key } payment { amount } cause { activity { sourceId } }
    coupon { code state } steps { status note } } } } }"""


async def given(graphql: GraphQL, club: Any, name: str) -> list[dict[str, Any]]:
    answer = await graphql.read(club.member_actor(name), DOCUMENT, {"id": member_gid(club, name)})
    found: list[dict[str, Any]] = answer["member"]["redemptions"]["nodes"]
    return found


async def test_a_task_gives_a_coupon_without_its_price(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann", points=0)

    await club.do("visit", "ann", source_id="came")

    (got,) = await given(graphql, club, "ann")
    assert (got["source"], got["status"], got["payment"]) == ("GIVEN", "DONE", None)
    assert got["coupon"]["code"].startswith("GIFT")
    assert got["cause"]["activity"]["sourceId"] == "came"


async def test_it_is_taken_back_with_what_gave_it_and_given_again(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann", points=0)
    came = await club.do("visit", "ann")

    await club.reverse(came, "a mistake")
    await club.reverse(came)
    (gone,) = await given(graphql, club, "ann")
    await club.do("visit", "ann")

    assert (gone["status"], gone["coupon"]["state"], gone["coupon"]["code"]) == ("CANCELLED", "VOID", None)
    assert gone["steps"][-1]["note"] == "a mistake"
    assert [one["status"] for one in await given(graphql, club, "ann")] == ["DONE", "CANCELLED"]


async def test_where_none_is_left_the_task_is_done_all_the_same(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    rewards = [{**one, "stock": 1} if one["key"] == "gift" else one for one in MALL["rewards"]]
    club = await mall(programme, "ann", "bob", points=0, rewards=rewards)

    await club.record(club.activity("visit", "ann"), club.activity("visit", "bob"))

    outcomes = sorted([(await given(graphql, club, name))[0]["status"] for name in ("ann", "bob")])
    assert outcomes == ["DONE", "FAILED"]
    day = club.clock.now.date().isoformat()
    for name in ("ann", "bob"):
        progress = await club.progress(name, "regular", day)
        assert progress is not None
        assert progress.is_complete


async def test_a_collection_gives_and_takes_back_its_reward(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(
        programme,
        "ann",
        points=0,
        badges=[{"key": "a"}],
        collections=[{"key": "set", "badges": ["a"], "reward": [{"reward": {"reward": "lounge"}}]}],
    )
    stated = {"memberId": member_gid(club, "ann"), "badge": "a", "reason": "r", "idempotencyKey": "1"}

    await graphql.done(club.moderator, "awardBadge", stated)
    (got,) = await given(graphql, club, "ann")
    await graphql.done(club.moderator, "revokeBadge", {**stated, "idempotencyKey": "2"})
    (gone,) = await given(graphql, club, "ann")

    assert (got["status"], got["reward"]["key"]) == ("DONE", "lounge")
    assert gone["status"] == "CANCELLED"


async def test_what_was_sent_already_stays_and_says_so(graphql: GraphQL, programme: MakeProgramme) -> None:
    tasks = [{**MALL["tasks"][0], "reward": [{"reward": {"reward": "mug"}}]}]
    club = await mall(programme, "ann", points=0, tasks=tasks)
    came = await club.do("visit", "ann")
    (got,) = await given(graphql, club, "ann")
    stated = {"redemption": got["id"], "status": "SHIPPED", "idempotencyKey": "s"}
    await graphql.done(club.operator, "advanceRedemption", stated)

    await club.reverse(came)

    (kept,) = await given(graphql, club, "ann")
    assert (kept["status"], kept["isKept"]) == ("SHIPPED", True)


async def test_a_rank_gives_a_reward_when_its_period_closes(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    prize = {"ranks": [1, 1], "reward": [{"reward": {"reward": "lounge"}}]}
    board = {"key": "cup", "cycle": "daily", "time_zone": "UTC", "settles_after": "PT1H", "prizes": [prize]}
    rule = {"key": "cup", "on": ["buy"], "effects": [{"score": {"board": "cup", "value": "activity.amount"}}]}
    club = await mall(programme, "ann", "bob", points=0, leaderboards=[board], rules=[*MALL["rules"], rule])
    await club.do("buy", "ann", amount=9)
    await club.do("buy", "bob", amount=5)
    club.clock.advance(timedelta(days=2))

    for _ in range(2):
        await club.services.closing.close_due()

    (won,) = await given(graphql, club, "ann")
    assert (won["source"], won["status"], won["reward"]["key"]) == ("GIVEN", "DONE", "lounge")
    assert await given(graphql, club, "bob") == []
