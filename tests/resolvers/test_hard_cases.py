"""Where several systems meet: a crash between paying and getting, everything that one purchase caused, a period that
ends while all are playing, and one place told in three ways."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.leaderboards.service import Around
from gamification.settlement.unit import Unit
from gamification.verification.service import VerificationService
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.reward_world import mall, of, redeem
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


# -- a crash


@pytest.mark.parametrize("after_writing", [False, True])
async def test_a_crash_between_paying_and_getting_leaves_neither_and_the_retry_does_both_once(
    graphql: GraphQL, programme: MakeProgramme, monkeypatch: pytest.MonkeyPatch, after_writing: bool
) -> None:
    club = await mall(programme, "ann", points=100)
    finish = Unit.finish

    async def dying(unit: Unit) -> Any:
        if after_writing:
            await finish(unit)
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Unit, "finish", dying)
        with pytest.raises((RuntimeError, AssertionError)):
            await redeem(graphql, club.service, "tenner", key="once", **of(club, "ann"))
    assert await club.balance("ann", "points") == 100
    assert [one async for one in club.services.stores.rewards.stream_coupons(club.key)] == []

    first = await redeem(graphql, club.service, "tenner", key="once", **of(club, "ann"))
    again = await redeem(graphql, club.service, "tenner", key="once", **of(club, "ann"))

    assert first["id"] == again["id"]
    assert await club.balance("ann", "points") == 0
    assert len([one async for one in club.services.stores.rewards.stream_coupons(club.key)]) == 1
    await sound(club)


# -- everything that one purchase caused

EVERYTHING: dict[str, Any] = {
    "units": [{"key": "points"}, {"key": "growth"}],
    "activity_types": [
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "integer"}},
                "required": ["amount"],
            },
            "refund": {"amount": "amount"},
        }
    ],
    "rules": [
        {
            "key": "b",
            "on": ["buy"],
            "effects": [
                {"points": {"unit": "points", "amount": "activity.amount", "boards": ["spend"]}},
                {"points": {"unit": "growth", "amount": "activity.amount"}},
                {"when": "activity.amount >= 100", "award": {"badge": "big"}},
                {"advance": {"task": "spender", "by": "activity.amount"}},
                {"when": "activity.amount >= 50", "qualify": {"referral": "invite"}},
            ],
        }
    ],
    "tasks": [{"key": "spender", "measure": "sum", "goal": 100, "reward": [{"reward": {"reward": "gift"}}]}],
    "badges": [{"key": "big"}],
    "leaderboards": [{"key": "spend"}],
    "rewards": [{"key": "gift", "coupon": {"percent": 10, "codes": {"prefix": "GIFT"}}}],
    "referrals": [
        {
            "key": "invite",
            "referrer": [{"points": {"unit": "points", "amount": 7}}],
            "referee": [{"points": {"unit": "points", "amount": 3}}],
        }
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [{"key": "basic"}, {"key": "silver", "requires": {"growth": 100}}],
        }
    ],
}


async def standing(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, Any]:
    """What Bob has of all that a purchase can cause, and what Ann has for having brought him."""
    answer = await graphql.read(
        club.service,
        "query ($id: ID!) { member(id: $id) { tier { tier { key } } badgeAwards { nodes { revokedAt } } "
        "redemptions { nodes { status coupon { state } } } referredBy { status } "
        "taskProgress { nodes { value completedAt } } } }",
        {"id": member_gid(club, "bob")},
    )
    found = answer["member"]
    return {
        "points": await club.balance("bob", "points"),
        "hers": await club.balance("ann", "points"),
        "tier": found["tier"]["tier"]["key"],
        "badges": sum(one["revokedAt"] is None for one in found["badgeAwards"]["nodes"]),
        "task": [(one["value"], one["completedAt"] is not None) for one in found["taskProgress"]["nodes"]],
        "coupons": [one["coupon"]["state"] for one in found["redemptions"]["nodes"]],
        "referral": found["referredBy"]["status"],
        "board": await club.ranking("spend"),
    }


async def test_a_purchase_goes_with_all_that_it_caused_in_part_and_in_full_and_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(EVERYTHING)
    await club.join_all("ann", "bob")
    code = await graphql.read(club.member_actor("ann"), '{ myReferralCode(offer: "invite") { code } }')
    stated = {**of(club, "bob"), "code": code["myReferralCode"]["code"], "idempotencyKey": "brought"}
    await graphql.done(club.service, "useReferralCode", stated)

    bought = await club.do("buy", "bob", amount=120)
    caused = await standing(graphql, club)
    back = {"source": bought.source, "sourceId": bought.source_id}
    for key in ("half", "half"):
        await graphql.done(club.service, "refundActivity", {**back, "amount": "60", "idempotencyKey": key})
    halved = await standing(graphql, club)
    await sound(club)
    for _ in range(2):
        await graphql.done(club.service, "reverseActivity", back)

    assert caused == {
        "points": 123,
        "hers": 7,
        "tier": "silver",
        "badges": 1,
        "task": [(120, True)],
        "coupons": ["ISSUED"],
        "referral": "REWARDED",
        "board": [(1, "bob", 120)],
    }
    # What is left of it still brings him in, and is neither big nor enough for the task and the tier.
    assert halved == caused | {
        "points": 63,
        "tier": "basic",
        "badges": 0,
        "task": [(60, False)],
        "coupons": ["VOID"],
        "board": [(1, "bob", 60)],
    }
    assert await standing(graphql, club) == halved | {
        "points": 0,
        "hers": 0,
        "task": [(0, False)],
        "referral": "REVERSED",
        "board": [],
    }
    await sound(club)


# -- a period that ends while all are playing

DAILY: dict[str, Any] = {
    "units": [{"key": "coins"}],
    "activity_types": [{"key": "play"}],
    "leaderboards": [
        {
            "key": "day",
            "cycle": "daily",
            "time_zone": "UTC",
            "settles_after": "PT1H",
            "prizes": [{"ranks": [1, 1], "reward": [{"points": {"unit": "coins", "amount": 1}}]}],
        }
    ],
    "rules": [{"key": "r", "on": ["play"], "effects": [{"score": {"board": "day", "value": "activity.v"}}]}],
}
MIDNIGHT = datetime(2026, 3, 11, tzinfo=UTC)


async def test_what_is_played_around_the_end_of_a_period_is_in_exactly_one(programme: MakeProgramme) -> None:
    """Sent by many, in any order, while two workers close the old one."""
    club = await programme(DAILY, lateness="unlimited")
    names = [f"m{number}" for number in range(6)]
    await club.join_all(*names)
    club.clock.now = MIDNIGHT + timedelta(hours=1, minutes=10)
    instants = [timedelta(milliseconds=-1), timedelta(), timedelta(milliseconds=1), timedelta(seconds=-1)]
    plays = [
        club.activity("play", name, at=MIDNIGHT + instant, v=1) for name in names for instant in instants
    ]
    closers = [club.services.closing.close_in(club.key) for _ in range(2)]

    closing = asyncio.gather(*closers)
    outcomes = await asyncio.gather(*(club.record(*plays[start::5]) for start in range(5)))
    await closing
    await club.services.closing.close_in(club.key)

    done = [one.activity for batch in outcomes for one in batch]
    counted: Counter[str] = Counter()
    for activity in done:
        assert activity is not None
        before = activity.occurred_at < MIDNIGHT
        periods = [one.period for one in activity.scores] + [one.period for one in activity.unscored]
        assert periods == ["2026-03-10" if before else "2026-03-11"]
        counted["old" if before else "new"] += len(activity.scores)
    new = [score for _, _, score in await club.ranking("day", period="2026-03-11")]
    old = [score for _, _, score in await club.ranking("day", period="2026-03-10")]
    assert (new, sum(old)) == ([2] * 6, counted["old"])
    assert sum([await club.balance(name, "coins") for name in names]) == (1 if old else 0)
    await sound(club)


async def test_the_last_days_of_months_and_leap_days_each_close_once(programme: MakeProgramme) -> None:
    club = await programme(DAILY, lateness="unlimited")
    await club.join_all("ann")
    days = [(2024, 1, 31), (2024, 2, 28), (2024, 2, 29), (2024, 3, 1), (2024, 12, 31)]
    club.clock.now = datetime(2023, 12, 31, 12, tzinfo=UTC)
    await club.services.closing.close_in(club.key)
    for day in days:
        club.clock.now = datetime(*day, 23, 59, 59, 999_000, tzinfo=UTC)
        await club.do("play", "ann", v=1)
    club.clock.now = datetime(2025, 1, 2, tzinfo=UTC)

    while await club.services.closing.close_in(club.key):
        pass

    assert await club.balance("ann", "coins") == len(days)
    history = await club.services.leaderboards.history(club.members["ann"], "day", Window(100))
    assert {record.period for record in history.rows} == {
        f"{year}-{month:02}-{day:02}" for year, month, day in days
    }
    await sound(club)


# -- one place, told in three ways

BOARDS: dict[str, Any] = {
    "activity_types": [{"key": "play"}],
    "leaderboards": [
        {"key": "down", "ties": "shared", "subscore": True, "operator": "set", "coalesce_ms": 10},
        {"key": "up", "order": "ascending", "operator": "set", "coalesce_ms": 10},
    ],
    "rules": [
        {
            "key": "r",
            "on": ["play"],
            "effects": [
                {"score": {"board": "down", "value": "activity.v", "subscore": "activity.s"}},
                {"score": {"board": "up", "value": "activity.v"}},
            ],
        }
    ],
}
READ = """query ($board: String!, $id: ID!) { leaderboard(key: $board) { period {
    entries(first: 100) { nodes { rank score subscore member { id } } } size
    rankOf(memberId: $id) { rank score } around(memberId: $id, above: 2, below: 2) { rank member { id } } } } }"""
WATCH = """subscription ($board: String!) { leaderboardUpdated(key: $board, first: 100, around: 2) {
    entries { rank score subscore member { id } } viewer { rank score } around { rank member { id } } } }"""


@pytest.mark.parametrize("board", ["down", "up"])
async def test_a_place_is_the_same_in_the_list_around_oneself_and_live(
    graphql: GraphQL, programme: MakeProgramme, board: str
) -> None:
    """For the first, the last, one amid ties, and one who is not on it; ties, zero, negative scores, both orders."""
    club = await programme(BOARDS)
    scores = {"a": (9, 0), "b": (5, 1), "c": (5, 1), "d": (5, 0), "e": (0, 0), "f": (0, 0), "g": (-3, 2)}
    await club.join_all(*scores, "absent")
    await club.record(*(club.activity("play", name, v=v, s=s) for name, (v, s) in scores.items()))
    await club.do("play", "g", v=-4, s=1)

    for name in (*scores, "absent"):
        actor, gid = club.member_actor(name), member_gid(club, name)
        period = (await graphql.read(actor, READ, {"board": board, "id": gid}))["leaderboard"]["period"]
        async with graphql.subscribe(actor, WATCH, {"board": board}) as stream:
            live = await stream.data()

        listed = period["entries"]["nodes"]
        ranks = {entry["member"]["id"]: entry["rank"] for entry in listed}
        assert live["entries"] == listed
        assert live["viewer"] == period["rankOf"]
        assert (period["rankOf"] or {}).get("rank") == ranks.get(gid)
        place = next((at for at, entry in enumerate(listed) if entry["member"]["id"] == gid), None)
        window = [] if place is None else listed[max(place - 2, 0) : place + 3]
        expected = [{"rank": entry["rank"], "member": entry["member"]} for entry in window]
        assert period["around"] == live["around"] == expected


async def test_a_page_is_of_one_moment_while_others_move(programme: MakeProgramme) -> None:
    """Everybody moves at once, again and again: no page shows anyone twice, or ranks that have a gap or go back."""
    club = await programme(BOARDS)
    names = [f"m{number:02}" for number in range(20)]
    await club.join_all(*names)
    await club.record(*(club.activity("play", name, v=at, s=0) for at, name in enumerate(names)))
    moving = True

    async def move() -> None:
        for turn in range(15):
            await club.record(
                *(
                    club.activity("play", name, v=(at * 7 + turn * 3) % 20, s=0)
                    for at, name in enumerate(names)
                )
            )

    async def look() -> int:
        seen = 0
        while moving:
            page = await club.page("up", limit=100, viewer="m07", around=Around(3, 3))
            members = [entry.member_id for entry in page.entries]
            assert len(set(members)) == len(members) == page.size == 20
            assert [entry.rank for entry in page.entries] == list(range(1, 21))
            assert page.viewer in page.entries
            assert page.viewer is not None
            own = page.viewer.rank - 1
            assert list(page.around) == page.entries[max(own - 3, 0) : own + 4]
            seen += 1
        return seen

    looking = [asyncio.create_task(look()) for _ in range(3)]
    await move()
    moving = False
    assert min(await asyncio.gather(*looking)) > 1
