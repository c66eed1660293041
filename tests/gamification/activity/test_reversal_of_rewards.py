"""Rewards among scores and periods, once something is taken back."""

from gamification.members.model import ProfileChange
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme


async def test_a_score_after_the_reward_that_it_earned_stays_after_it(programme: MakeProgramme) -> None:
    club = await programme(
        {
            "activity_types": [{"key": "run"}],
            "leaderboards": [{"key": "last", "operator": "set"}],
            "tasks": [{"key": "t", "goal": 2, "reward": [{"score": {"board": "last", "value": 77}}]}],
            "rules": [
                {
                    "key": "r",
                    "on": ["run"],
                    "effects": [
                        {"advance": {"task": "t"}},
                        {"score": {"board": "last", "value": "activity.v"}},
                    ],
                }
            ],
        }
    )
    await club.join("ann")
    first, *_ = [await club.do("run", "ann", v=v) for v in (1, 2)]
    assert await club.ranking("last") == [(1, "ann", 2)]
    assert (await VerificationService(club.services).verify(club.key)).differences == []
    await club.do("run", "ann", v=3)
    await club.reverse(first)

    assert await club.ranking("last") == [(1, "ann", 3)]
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_a_member_who_moved_keeps_the_periods_of_their_past(programme: MakeProgramme) -> None:
    reward = [{"award": {"badge": "day"}}, {"points": {"unit": "points", "amount": 3}}]
    club = await programme(
        {
            "units": [{"key": "points"}],
            "activity_types": [{"key": "run"}],
            "badges": [{"key": "day", "repeat": "per_key"}],
            "tasks": [{"key": "t", "goal": 1, "cycle": "daily", "zone": "member", "reward": reward}],
            "rules": [{"key": "r", "on": ["run"], "effects": [{"advance": {"task": "t"}}]}],
        }
    )
    await club.join("ann", time_zone="Pacific/Kiritimati")
    run = await club.do("run", "ann")
    await club.services.members.update_profile(
        club.service, club.id_of("ann"), ProfileChange(time_zone="Pacific/Niue")
    )

    await club.reverse(run)

    assert await club.awards("ann") == {}
    assert await club.balance("ann", "points") == 0
