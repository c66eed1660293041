"""Contributing to a goal, reaching it, and being paid: exactly once, whatever comes when."""

from datetime import timedelta

from gamification.activity.model import ActivityStatus
from gamification.goals.model import RunState
from gamification.programmes.definitions import TARGET
from tests.conftest import MakeProgramme
from tests.goal_world import (
    CLOSED,
    CLOSING,
    END,
    NOW,
    balances,
    club_with,
    contributed,
    keep,
    points,
    run_of,
    walk_goal,
)


async def test_contributions_add_up_to_what_all_reached(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal())
    await club.do("walk", "ann", km=30)
    await club.do("walk", "ann", km=5)
    await club.do("walk", "bob", km=7)

    await keep(club)

    run = await run_of(club)
    assert (run.total, run.contributors, run.participants, run.reached) == (42, 2, 2, ())
    ann = await contributed(club, "ann")
    assert ann is not None
    assert ann.value == 35


async def test_a_batch_of_many_leaves_one_entry_to_add_up(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal())

    await club.record(*(club.activity("walk", name, km=1) for name in ("ann", "bob", "cec") * 9))

    (run,) = await club.services.stores.goals.waiting(club.key)
    (entry,) = await club.services.stores.goals.entries(club.key, run, 10)
    assert (entry.by, entry.contributors, entry.participants) == (27, 3, 3)


async def test_nothing_is_written_by_a_programme_without_goals(programme: MakeProgramme) -> None:
    club = await club_with(programme, rules=[])
    await club.do("walk", "ann", km=30)

    assert await club.services.stores.goals.waiting(club.key) == []
    assert await keep(club) == 0


async def test_at_the_target_each_who_contributed_gets_the_reward_once(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(reward=[*points(10), {"award": {"badge": "walker"}}]))
    await club.do("walk", "ann", km=60)
    await keep(club)
    assert await balances(club, "ann", "bob") == [0, 0]

    await club.do("walk", "bob", km=40)
    for _ in range(3):
        await keep(club)

    assert await balances(club, "ann", "bob", "cec") == [10, 10, 0]
    assert set(await club.awards("ann")) == {("walker", "")}
    (transfer,) = await club.transfers("ann")
    cause = transfer.cause
    assert (cause.goal, cause.period, cause.milestone, cause.programme_version) == ("walk", "all", TARGET, 1)


async def test_who_contributes_later_is_paid_as_they_do(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(reward=points(10)))
    await club.do("walk", "ann", km=100)
    await keep(club)

    await club.do("walk", "cec", km=1)
    await keep(club)
    await club.do("walk", "cec", km=1)
    await keep(club)

    assert await balances(club, "ann", "bob", "cec") == [10, 0, 10]


async def test_only_who_contributed_the_least_takes_part(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(least=20, reward=points(10)))
    await club.record(club.activity("walk", "ann", km=81), club.activity("walk", "bob", km=19))
    await keep(club)
    assert await balances(club, "ann", "bob") == [10, 0]

    await club.do("walk", "bob", km=1)
    await keep(club)

    assert await balances(club, "ann", "bob") == [10, 10]
    assert (await run_of(club)).participants == 2


async def test_a_goal_of_members_counts_those_with_the_least(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(measure="members", least=10, target=2, reward=points(10)))
    await club.record(*(club.activity("walk", name, km=10) for name in ("ann", "ann")))
    await club.do("walk", "bob", km=9)
    await keep(club)
    assert (await run_of(club)).reached == ()

    await club.do("walk", "bob", km=1)
    await keep(club)

    assert await balances(club, "ann", "bob") == [10, 10]


async def test_each_milestone_pays_for_itself(programme: MakeProgramme) -> None:
    milestones = [
        {"key": "quarter", "percent": 25, "reward": points(1)},
        {"key": "half", "percent": 50, "reward": points(2)},
    ]
    club = await club_with(programme, walk_goal(milestones=milestones, reward=points(100)))
    await club.do("walk", "ann", km=30)
    await keep(club)
    assert await balances(club, "ann", "bob") == [1, 0]

    await club.do("walk", "bob", km=30)
    await keep(club)
    assert await balances(club, "ann", "bob") == [3, 3]

    await club.do("walk", "cec", km=40)
    await keep(club)
    assert await balances(club, "ann", "bob", "cec") == [103, 103, 103]


async def test_a_sum_is_split_at_the_close_by_what_each_contributed(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(split={"unit": "points", "amount": 100}, **CLOSING))
    for name, km in (("ann", 100), ("bob", 200), ("cec", 300)):
        await club.do("walk", name, km=km)
    await keep(club)
    club.clock.now = CLOSED - timedelta(milliseconds=1)
    await keep(club)
    assert await balances(club, "ann", "bob", "cec") == [0, 0, 0]

    club.clock.now = CLOSED
    for _ in range(3):
        await keep(club)

    assert await balances(club, "ann", "bob", "cec") == [17, 33, 50]
    run = await run_of(club)
    assert (run.state, run.final, run.closed_at, run.unpaid) == (RunState.CLOSED, 600, CLOSED, False)


async def test_a_sum_is_split_evenly(programme: MakeProgramme) -> None:
    split = {"unit": "points", "amount": 100, "by": "evenly"}
    club = await club_with(programme, walk_goal(split=split, **CLOSING))
    for name, km in (("ann", 100), ("bob", 200), ("cec", 300)):
        await club.do("walk", name, km=km)

    club.clock.now = CLOSED
    await keep(club)

    assert await balances(club, "ann", "bob", "cec") == [33, 33, 34]


async def test_what_was_not_reached_at_the_close_gives_nothing(programme: MakeProgramme) -> None:
    club = await club_with(
        programme, walk_goal(reward=points(5), split={"unit": "points", "amount": 100}, **CLOSING)
    )
    await club.do("walk", "ann", km=99)

    club.clock.now = CLOSED
    await keep(club)

    assert await balances(club, "ann") == [0]
    assert (await run_of(club)).state is RunState.CLOSED


async def test_paid_at_the_close_the_sum_of_then_decides(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(pays="close", reward=points(10), **CLOSING))
    await club.do("walk", "ann", km=60)
    walked = await club.do("walk", "bob", km=40)
    await keep(club)
    assert [one.milestone for one in (await run_of(club)).reached] == [TARGET]
    assert await balances(club, "ann", "bob") == [0, 0]

    await club.reverse(walked)
    await keep(club)
    assert (await run_of(club)).reached == ()
    await club.do("walk", "cec", km=40)
    club.clock.now = CLOSED
    await keep(club)

    assert await balances(club, "ann", "bob", "cec") == [10, 0, 10]


async def test_what_is_late_counts_until_the_close_and_not_after(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(pays="close", reward=points(10), **CLOSING))
    club.clock.now = END + timedelta(hours=23)
    await club.do("walk", "ann", km=100, at=END - timedelta(seconds=1))
    await club.do("walk", "bob", km=100, at=END)
    club.clock.now = END + timedelta(days=1)
    (outcome,) = await club.record(club.activity("walk", "cec", km=100, at=END - timedelta(seconds=1)))
    assert outcome.status is ActivityStatus.RECORDED
    club.clock.now = CLOSED

    await keep(club)

    assert await balances(club, "ann", "bob", "cec") == [10, 0, 0]


async def test_the_worker_catches_up_after_a_month(programme: MakeProgramme) -> None:
    goal = walk_goal(
        cycle="weekly", time_zone="UTC", settles_after="P1D", target=10, split={"unit": "points", "amount": 7}
    )
    club = await club_with(programme, goal)
    for week in range(3):
        club.clock.now = NOW + timedelta(weeks=week)
        await club.do("walk", "ann", km=10)
        await club.do("walk", "bob", km=10)

    club.clock.now = NOW + timedelta(weeks=8)
    await keep(club)

    assert await balances(club, "ann", "bob") == [12, 9]  # 4 and 3 of each week's 7
    for period in ("2026-W47", "2026-W48", "2026-W49"):
        assert (await run_of(club, period=period)).state is RunState.CLOSED
