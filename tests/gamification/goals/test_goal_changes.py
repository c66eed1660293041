"""What changes of a goal once it runs: teams, what is taken back, who is banned or erased, and its definition."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gamification.activity.model import ActivityStatus
from gamification.goals.model import RunState
from gamification.members.model import ProfileChange, Standing
from gamification.programmes.definitions import TARGET
from gamification.settlement.goal_keeping import GoalKeeping
from tests.conftest import MakeProgramme
from tests.goal_world import (
    CLOSED,
    CLOSING,
    END,
    balances,
    club_with,
    contributed,
    document,
    keep,
    points,
    run_of,
    walk_goal,
)


async def test_each_team_reaches_it_for_itself(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(group="member.attributes.team", reward=points(10)))
    await club.join("red", attributes={"team": "red"})
    await club.join("rose", attributes={"team": "red"})
    await club.join("blue", attributes={"team": "blue"})
    await club.record(*(club.activity("walk", name, km=60) for name in ("red", "rose", "blue", "ann")))

    await keep(club)

    assert await balances(club, "red", "rose", "blue", "ann") == [10, 10, 0, 0]
    assert (await run_of(club, team="red")).total == 120
    assert (await run_of(club, team="blue")).total == 60


async def test_contributions_stay_with_the_team_that_they_were_made_for(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(group="member.attributes.team", reward=points(10)))
    dora = await club.join("dora", attributes={"team": "red"})
    first = await club.do("walk", "dora", km=40)
    await club.services.members.update_profile(
        club.service, dora.id, ProfileChange(attributes={"team": "blue"})
    )
    await club.do("walk", "dora", km=7)
    await keep(club)
    assert [(await run_of(club, team=team)).total for team in ("red", "blue")] == [40, 7]

    await club.reverse(first)
    await keep(club)

    assert [(await run_of(club, team=team)).total for team in ("red", "blue")] == [0, 7]


async def test_taking_back_lowers_what_all_reached_and_what_was_reached_stays(
    programme: MakeProgramme,
) -> None:
    club = await club_with(programme, walk_goal(reward=[*points(10), {"award": {"badge": "walker"}}]))
    walked = await club.do("walk", "ann", km=60)
    await club.do("walk", "bob", km=40)
    await keep(club)

    await club.reverse(walked)
    await keep(club)

    run = await run_of(club)
    assert (run.total, run.contributors, [one.milestone for one in run.reached]) == (40, 1, [TARGET])
    assert await balances(club, "ann", "bob") == [0, 10]
    assert await club.awards("ann") == {}
    ann = await contributed(club, "ann")
    assert ann is not None
    assert [one.stands for one in ann.payments] == [False]


async def test_who_still_has_the_least_keeps_what_they_got(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(least=50, reward=points(10)))
    walked = [await club.do("walk", "ann", km=km) for km in (60, 40)]
    await keep(club)

    await club.reverse(walked[1])
    assert await balances(club, "ann") == [10]
    await club.reverse(walked[0])
    assert await balances(club, "ann") == [0]


async def test_who_comes_back_is_paid_anew_and_once(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(reward=points(10)))
    walked = await club.do("walk", "ann", km=100)
    await keep(club)
    await club.reverse(walked)
    await club.do("walk", "ann", km=1)
    for _ in range(2):
        await keep(club)

    assert await balances(club, "ann") == [10]
    ann = await contributed(club, "ann")
    assert ann is not None
    assert [one.stands for one in ann.payments] == [False, True]


async def test_after_the_close_only_the_contributors_own_share_goes(programme: MakeProgramme) -> None:
    club = await club_with(
        programme, walk_goal(reward=points(1), split={"unit": "points", "amount": 100}, **CLOSING)
    )
    walked = await club.do("walk", "ann", km=100)
    await club.do("walk", "bob", km=300)
    club.clock.now = CLOSED
    await keep(club)
    assert await balances(club, "ann", "bob") == [26, 76]

    await club.reverse(walked)
    await keep(club)

    assert await balances(club, "ann", "bob") == [0, 76]
    run = await run_of(club)
    assert (run.total, run.final, run.state) == (300, 400, RunState.CLOSED)


async def test_a_partial_refund_lowers_a_contribution_by_that_part(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal())
    walked = await club.do("walk", "ann", km=60)

    await club.services.refunds.refund(
        club.service, walked.source, walked.source_id, Decimal(20), [], None, "refund"
    )
    await keep(club)

    assert (await run_of(club)).total == 40


async def test_a_contribution_that_a_counter_decides_goes_with_what_fed_the_counter(
    programme: MakeProgramme,
) -> None:
    rules = [
        {
            "key": "third",
            "on": ["walk"],
            "counters": ["walks"],
            "when": "counters.walks >= 3",
            "effects": [{"contribute": {"goal": "walk", "by": 100}}],
        }
    ]
    club = await club_with(
        programme, walk_goal(reward=points(10)), rules=rules, counters=[{"key": "walks", "on": ["walk"]}]
    )
    first = await club.do("walk", "ann", km=1)
    await club.do("walk", "ann", km=1)
    await club.do("walk", "ann", km=1)
    await keep(club)
    assert await balances(club, "ann") == [10]

    await club.reverse(first)
    await keep(club)

    assert ((await run_of(club)).total, await balances(club, "ann")) == (0, [0])


async def test_who_is_banned_is_not_paid_and_what_they_contributed_counts(programme: MakeProgramme) -> None:
    club = await club_with(
        programme, walk_goal(reward=points(10), split={"unit": "points", "amount": 100}, **CLOSING)
    )
    await club.do("walk", "ann", km=60)
    await club.services.moderation.set_standing(club.moderator, club.id_of("ann"), Standing.BANNED, "r")
    await club.do("walk", "bob", km=40)
    await keep(club)
    club.clock.now = CLOSED
    await keep(club)

    assert (await run_of(club)).final == 100
    assert await balances(club, "ann", "bob") == [0, 110]


async def test_who_is_not_banned_any_more_is_paid_with_their_next_contribution(
    programme: MakeProgramme,
) -> None:
    club = await club_with(programme, walk_goal(reward=points(10)))
    await club.do("walk", "ann", km=100)
    await club.services.moderation.set_standing(club.moderator, club.id_of("ann"), Standing.BANNED, "r")
    await keep(club)
    await club.services.moderation.set_standing(club.moderator, club.id_of("ann"), Standing.ACTIVE, "r")
    await keep(club)
    assert await balances(club, "ann") == [0]

    await club.do("walk", "ann", km=1)
    await keep(club)

    assert await balances(club, "ann") == [10]


async def test_what_an_erased_member_contributed_stays_in_the_sum(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(reward=points(10)))
    await club.do("walk", "ann", km=60)
    await club.services.erasures.erase(club.member_actor("ann"), None, "ann")
    await club.do("walk", "bob", km=40)
    await keep(club)

    run = await run_of(club)
    assert (run.total, run.contributors) == (100, 2)
    assert await balances(club, "bob") == [10]
    assert await club.services.stores.goals.contributions([run.id]) == {}


async def test_lowering_the_target_reaches_it_without_another_contribution(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(reward=points(10)))
    await club.do("walk", "ann", km=60)
    await keep(club)

    await club.apply(document(walk_goal(target=60, reward=points(10))))
    await keep(club)

    assert await balances(club, "ann") == [10]


async def test_what_was_reached_pays_what_it_promised_then(programme: MakeProgramme) -> None:
    club = await club_with(programme, walk_goal(reward=points(10)))
    await club.do("walk", "ann", km=100)
    await keep(club)

    await club.apply(document(walk_goal(reward=points(500))))
    await club.do("walk", "bob", km=1)
    await keep(club)

    assert await balances(club, "ann", "bob") == [10, 10]


async def test_a_goal_that_is_archived_pays_nothing_more(programme: MakeProgramme) -> None:
    goal = walk_goal(reward=points(10), split={"unit": "points", "amount": 100}, **CLOSING)
    club = await club_with(programme, goal)
    await club.do("walk", "ann", km=60)
    await club.apply(document({**goal, "status": "archived"}))
    await club.do("walk", "bob", km=60)
    club.clock.now = CLOSED
    await keep(club)

    assert await balances(club, "ann", "bob") == [0, 0]
    assert ((await run_of(club)).total, (await run_of(club)).state) == (60, RunState.OPEN)


async def test_a_goal_is_extended_until_it_closes(programme: MakeProgramme) -> None:
    goal = walk_goal(pays="close", reward=points(10), **CLOSING)
    club = await club_with(programme, goal)
    await club.do("walk", "ann", km=60)
    await keep(club)
    later = END + timedelta(days=7)
    club.clock.now = END + timedelta(hours=1)
    await club.apply(document({**goal, "ends_at": later.isoformat()}))
    club.clock.now = CLOSED
    await keep(club)
    assert (await run_of(club)).state is RunState.OPEN

    await club.do("walk", "ann", km=40)
    club.clock.now = later + timedelta(days=1, minutes=2)
    await keep(club)

    assert await balances(club, "ann") == [10]


async def test_everybody_is_paid_in_parts(programme: MakeProgramme) -> None:
    club = await club_with(
        programme, walk_goal(target=7, reward=points(10), split={"unit": "points", "amount": 100}, **CLOSING)
    )
    names = [f"m{number}" for number in range(7)]
    await club.join_all(*names)
    await club.record(*(club.activity("walk", name, km=1) for name in names))
    whole = club.services.goal_keeping
    keeping = GoalKeeping(whole._settlement, whole._redis, members_a_part=2)

    await keeping.run_in(club.key)
    assert await balances(club, *names) == [10] * 7
    club.clock.now = CLOSED
    await keeping.run_in(club.key)

    assert sum(await balances(club, *names)) == 170
    assert sorted(await balances(club, *names)) == [24] * 5 + [25] * 2


@pytest.mark.parametrize("by", [-1, 0])
async def test_contributing_nothing_changes_nothing_and_less_is_refused(
    programme: MakeProgramme, by: int
) -> None:
    club = await club_with(programme, walk_goal())

    (outcome,) = await club.record(club.activity("walk", "ann", km=by))

    assert (outcome.status is ActivityStatus.REJECTED) == (by < 0)
    assert await club.services.stores.goals.waiting(club.key) == []
