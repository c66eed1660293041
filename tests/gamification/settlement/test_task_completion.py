"""Tasks over activity: periods, prerequisites, rewards, claims."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.kit.errors import Conflict, ErrorCode, Forbidden, NotFound
from gamification.tasks.model import Progress
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def task(key: str, **stated: Any) -> dict[str, Any]:
    return {"key": key, "goal": 2, "reward": [{"points": {"unit": "points", "amount": 10}}], **stated}


def quests(*tasks: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """Each activity type is named like the task that it advances."""
    advances = {
        stated["key"]: {"task": stated["key"], "value": "activity.v"}
        if stated.get("measure") == "distinct"
        else {"task": stated["key"], "by": "activity.n" if stated.get("measure") == "sum" else 1}
        for stated in tasks
    }
    return {
        "units": [{"key": "points"}],
        "activity_types": [
            {"key": key, "properties": {"type": "object", "properties": {"n": {"type": "integer"}}}}
            for key in advances
        ],
        "rules": [{"key": key, "on": [key], "effects": [{"advance": one}]} for key, one in advances.items()],
        "tasks": list(tasks),
        **sections,
    }


async def state(club: ProgrammeUnderTest, key: str, period: str = "all") -> tuple[int, bool]:
    progress = await club.progress("ann", key, period)
    return (progress.value, progress.is_complete) if progress else (0, False)


async def test_a_task_completes_at_its_goal_and_rewards_once(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t")))
    await club.join("ann")

    await club.do("t", "ann")
    assert await state(club, "t") == (1, False)
    second = await club.do("t", "ann")
    await club.do("t", "ann")

    assert await state(club, "t") == (3, True)
    (transfer,) = await club.transfers("ann")
    assert transfer.amount == 10
    assert transfer.cause.task == "t"
    assert transfer.cause.activity_id == second.id


async def test_sums_and_distinct_values(programme: MakeProgramme) -> None:
    club = await programme(quests(task("sum", measure="sum", goal=10), task("set", measure="distinct")))
    await club.join("ann")

    await club.record(
        club.activity("sum", "ann", n=4),
        club.activity("sum", "ann", n=0),
        club.activity("sum", "ann", n=7),
        club.activity("set", "ann", v="a"),
        club.activity("set", "ann", v="a"),
    )
    assert await state(club, "sum") == (11, True)
    assert await state(club, "set") == (1, False)
    await club.do("set", "ann", v="b")

    assert await state(club, "set") == (2, True)


@pytest.mark.parametrize(
    ("cycle", "zone", "keys"),
    [
        ("daily", "member", ["2026-11-30", "2026-12-01"]),
        ("daily", "programme", ["2026-11-29", "2026-11-30"]),
        ("weekly", "member", ["2026-W49", "2026-W49"]),
        ("weekly", "programme", ["2026-W48", "2026-W49"]),
        ("monthly", "member", ["2026-11", "2026-12"]),
        ("monthly", "programme", ["2026-11", "2026-11"]),
    ],
)
async def test_periods_follow_the_members_or_the_programmes_calendar(
    programme: MakeProgramme, cycle: str, zone: str, keys: list[str]
) -> None:
    club = await programme(quests(task("t", cycle=cycle, zone=zone, goal=1)), time_zone="America/New_York")
    await club.join("ann", time_zone="Asia/Shanghai")
    club.clock.now = datetime(2026, 12, 2, tzinfo=UTC)

    await club.do("t", "ann", at=datetime(2026, 11, 30, 0, 30, tzinfo=UTC))
    await club.do("t", "ann", at=datetime(2026, 11, 30, 16, 30, tzinfo=UTC))

    assert [(await state(club, "t", key))[1] for key in keys] == [True, True]
    assert len(await club.transfers("ann")) == len(set(keys))


async def test_a_task_waits_for_what_it_requires(programme: MakeProgramme) -> None:
    club = await programme(
        quests(task("a"), task("b", requires=["a"]), task("c", goal=1, requires=["a", "b"]))
    )
    await club.join("ann")

    await club.record(*(club.activity(kind, "ann") for kind in ("b", "b", "c", "a")))
    assert [await state(club, key) for key in "abc"] == [(1, False), (2, False), (1, False)]
    await club.do("a", "ann")

    assert [await state(club, key) for key in "abc"] == [(2, True), (2, True), (1, True)]
    assert [t.cause.task for t in await club.transfers("ann")] == ["a", "b", "c"]


async def test_prerequisites_are_looked_for_in_the_same_period(programme: MakeProgramme) -> None:
    club = await programme(
        quests(task("a", cycle="daily", goal=1), task("b", cycle="daily", goal=1, requires=["a"]))
    )
    await club.join("ann")
    club.clock.now = NOW

    await club.do("a", "ann", at=NOW - timedelta(days=1))
    await club.do("b", "ann")
    assert await state(club, "b", "2026-11-20") == (1, False)
    await club.do("b", "ann", at=NOW - timedelta(days=1))
    assert await state(club, "b", "2026-11-19") == (1, True)
    await club.do("a", "ann")

    assert await state(club, "b", "2026-11-20") == (1, True)


async def test_a_daily_task_waits_for_one_that_is_done_once(programme: MakeProgramme) -> None:
    club = await programme(
        quests(task("welcome", goal=1), task("daily", cycle="daily", goal=1, requires=["welcome"]))
    )
    await club.join("ann")
    club.clock.now = NOW
    await club.do("daily", "ann", at=NOW - timedelta(days=2))
    await club.do("daily", "ann", at=NOW)
    assert await state(club, "daily", "2026-11-18") == (1, False)

    welcome = await club.do("welcome", "ann")
    assert [await state(club, "daily", day) for day in ("2026-11-18", "2026-11-20")] == [(1, True)] * 2
    assert [t.cause.task for t in await club.transfers("ann")] == ["welcome", "daily", "daily"]
    await club.do("daily", "ann", at=NOW - timedelta(days=1))
    assert await state(club, "daily", "2026-11-19") == (1, True)

    await club.reverse(welcome)
    days = [await state(club, "daily", day) for day in ("2026-11-18", "2026-11-19", "2026-11-20")]
    assert days == [(1, False)] * 3
    assert await club.balance("ann", "points") == 0


async def test_a_batch_unlocks_what_came_before_in_it(programme: MakeProgramme) -> None:
    club = await programme(
        quests(task("welcome", goal=1), task("daily", cycle="daily", goal=1, requires=["welcome"]))
    )
    await club.join("ann")
    club.clock.now = NOW

    await club.record(club.activity("daily", "ann"), club.activity("welcome", "ann"))

    assert await state(club, "daily", "2026-11-20") == (1, True)


async def test_what_is_complete_stays_so_when_the_definition_gets_harder(programme: MakeProgramme) -> None:
    club = await programme(quests(task("t"), task("u")))
    await club.join("ann")
    await club.record(club.activity("t", "ann"), club.activity("t", "ann"))

    await club.apply(quests(task("t", goal=9, requires=["u"]), task("u")))
    await club.do("t", "ann")

    assert await state(club, "t") == (3, True)
    assert await club.balance("ann", "points") == 10


async def test_a_goal_that_got_easier_is_met_by_what_comes_next_and_kept(programme: MakeProgramme) -> None:
    club = await programme(quests(task("a", goal=1), task("b", goal=5, requires=["a"])))
    await club.join("ann")
    await club.record(*(club.activity("b", "ann") for _ in range(3)))
    await club.apply(quests(task("a", goal=1), task("b", goal=2, requires=["a"])))

    await club.do("a", "ann")
    await club.do("b", "ann")

    assert await state(club, "b") == (4, True)
    assert await club.balance("ann", "points") == 20


async def test_rewards_give_points_badges_and_scores(programme: MakeProgramme) -> None:
    reward = [
        {"points": {"unit": "points", "amount": 10, "boards": ["earned"]}},
        {"award": {"badge": "b", "level": 2}},
        {"award": {"badge": "monthly"}},
        {"score": {"board": "done", "value": 1}},
    ]
    club = await programme(
        quests(
            task("t", goal=1, cycle="monthly", reward=reward),
            badges=[
                {"key": "b", "levels": [{"level": 1}, {"level": 2}]},
                {"key": "monthly", "repeat": "per_key"},
            ],
            leaderboards=[{"key": "earned"}, {"key": "done"}],
        )
    )
    await club.join("ann")
    club.clock.now = NOW

    await club.do("t", "ann")

    awards = await club.awards("ann")
    assert set(awards) == {("b", ""), ("monthly", "2026-11")}
    assert awards["b", ""].level == 2
    assert awards["b", ""].cause.task == "t"
    assert await club.ranking("earned") == [(1, "ann", 10)]
    assert await club.ranking("done") == [(1, "ann", 1)]


# -- claims


async def claim(club: ProgrammeUnderTest, key: str, period: str | None = None) -> tuple[Progress, bool]:
    return await club.services.claims.claim(club.member_actor("ann"), None, "t", period, key)


@pytest.fixture
async def claimable(programme: MakeProgramme) -> ProgrammeUnderTest:
    reward = [
        {"points": {"unit": "points", "amount": 10, "boards": ["earned"]}},
        {"award": {"badge": "b"}},
        {"score": {"board": "done", "value": 1}},
    ]
    club = await programme(
        quests(
            task("t", claim="manual", cycle="daily", reward=reward),
            badges=[{"key": "b"}],
            leaderboards=[{"key": "earned"}, {"key": "done", "cycle": "daily"}],
        )
    )
    await club.join_all("ann", "bob")
    club.clock.now = NOW
    return club


async def test_a_claimed_task_rewards_when_claimed(claimable: ProgrammeUnderTest) -> None:
    with pytest.raises(Conflict) as early:
        await claim(claimable, "k0")
    await claimable.record(*(claimable.activity("t", "ann") for _ in range(2)))
    assert await claimable.balance("ann", "points") == 0

    progress, replayed = await claim(claimable, "k1")
    again, once_more = await claim(claimable, "k1")

    assert early.value.code is ErrorCode.TASK_NOT_CLAIMABLE
    assert (replayed, once_more) == (False, True)
    assert progress == again
    assert progress.claimed_at == NOW
    assert await claimable.balance("ann", "points") == 10
    assert set(await claimable.awards("ann")) == {("b", "")}
    with pytest.raises(Conflict) as late:
        await claim(claimable, "k2")
    assert late.value.code is ErrorCode.TASK_NOT_CLAIMABLE


async def test_of_many_claims_at_once_exactly_one_wins(claimable: ProgrammeUnderTest) -> None:
    await claimable.record(*(claimable.activity("t", "ann") for _ in range(2)))

    results = await asyncio.gather(*(claim(claimable, f"k{n}") for n in range(12)), return_exceptions=True)

    lost = [result for result in results if isinstance(result, BaseException)]
    assert len(lost) == 11
    assert all(isinstance(e, Conflict) and e.code is ErrorCode.TASK_NOT_CLAIMABLE for e in lost)
    assert await claimable.balance("ann", "points") == 10


async def test_a_past_period_is_claimed_by_its_key_and_counts_when_it_was_completed(
    claimable: ProgrammeUnderTest,
) -> None:
    await claimable.record(*(claimable.activity("t", "ann") for _ in range(2)))
    claimable.clock.advance(timedelta(days=1))

    with pytest.raises(Conflict):
        await claim(claimable, "k1")
    await claim(claimable, "k2", "2026-11-20")

    assert await claimable.ranking("done", period="2026-11-20") == [(1, "ann", 1)]
    assert await claimable.ranking("done", period="2026-11-21") == []


async def test_nobody_claims_for_another(claimable: ProgrammeUnderTest) -> None:
    await claimable.record(*(claimable.activity("t", "ann") for _ in range(2)))
    claims, ann = claimable.services.claims, claimable.id_of("ann")

    with pytest.raises(Forbidden):
        await claims.claim(claimable.member_actor("bob"), ann, "t", None, "k")
    with pytest.raises(Forbidden):
        await claims.claim(claimable.moderator, ann, "t", None, "k")
    with pytest.raises(NotFound):
        await claims.claim(claimable.member_actor("nobody"), None, "t", None, "k")
    with pytest.raises(NotFound):
        await claims.claim(claimable.member_actor("ann"), None, "nope", None, "k")
    progress, _ = await claims.claim(claimable.service, ann, "t", None, "k")

    assert progress.claimed_at is not None
    assert progress.cause is not None
    assert progress.cause.task == "t"
