"""A programme with goals of every kind, and short ways to act and to look."""

from datetime import UTC, datetime, timedelta
from typing import Any

from community.services import Services
from gamification.goals.model import GoalContribution, Run, contribution_id, run_id
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
"""A Wednesday."""
END = NOW + timedelta(days=4)
CLOSED = END + timedelta(days=1, minutes=2)
"""When the worker closes what ends then and settles a day after."""
CLOSING: dict[str, Any] = {"ends_at": END.isoformat(), "settles_after": "P1D"}


def points(amount: int) -> list[dict[str, Any]]:
    return [{"points": {"unit": "points", "amount": amount}}]


def document(*goals: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Walking contributes its kilometres to goals that sum, and one to those that count."""
    effects = [
        {"contribute": {"goal": goal["key"]}}
        if goal.get("measure", "count") == "count"
        else {"contribute": {"goal": goal["key"], "by": "activity.km"}}
        for goal in goals
    ]
    return {
        "units": [{"key": "points"}],
        "activity_types": [
            {
                "key": "walk",
                "properties": {
                    "type": "object",
                    "properties": {"km": {"type": "integer"}},
                    "required": ["km"],
                },
                "refund": {"amount": "km"},
            }
        ],
        "rules": [{"key": "walks", "on": ["walk"], "effects": effects}],
        "badges": [{"key": "walker"}, {"key": "hero", "repeat": "per_key"}],
        "goals": list(goals),
        **more,
    }


def walk_goal(**stated: Any) -> dict[str, Any]:
    """A hundred kilometres together."""
    return {"key": "walk", "measure": "sum", "target": 100, **stated}


async def keep(club: ProgrammeUnderTest, services: Services | None = None) -> int:
    """Do what the worker does."""
    return await (services or club.services).goal_keeping.run_in(club.key)


async def run_of(
    club: ProgrammeUnderTest, goal: str = "walk", period: str = "all", team: str | None = None
) -> Run:
    """A run as stored; there must be one."""
    wanted = run_id(club.key, goal, period, team)
    return (await club.services.stores.goals.runs([wanted]))[wanted]


async def contributed(
    club: ProgrammeUnderTest, member: str, goal: str = "walk", period: str = "all", team: str | None = None
) -> GoalContribution | None:
    """A member's contribution as stored; None where there is none."""
    wanted = contribution_id(run_id(club.key, goal, period, team), club.id_of(member))
    return (await club.services.stores.goals.contributions([wanted])).get(wanted)


async def balances(club: ProgrammeUnderTest, *members: str) -> list[int]:
    return [await club.balance(member, "points") for member in members]


async def club_with(programme: MakeProgramme, *goals: dict[str, Any], **more: Any) -> ProgrammeUnderTest:
    club = await programme(document(*goals, **more))
    club.clock.now = NOW
    await club.join_all("ann", "bob", "cec")
    return club


WALK: dict[str, Any] = walk_goal(
    name={"en": "A hundred", "zh": "一百公里"},
    description={"en": "Walk together"},
    least=10,
    reward=[*points(5), {"award": {"badge": "walker"}}],
    split={"unit": "points", "amount": 100},
    milestones=[{"key": "half", "name": {"en": "Halfway"}, "percent": 50, "reward": points(1)}],
    **CLOSING,
)
TEAM = walk_goal(key="team", group="member.attributes.team", target=10, reward=points(3))
WEEK = {"key": "week", "target": 3, "cycle": "weekly", "status": "published"}
"""Of all members with all that a goal can have, of teams, and of each week."""


async def walkers(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Those three, for Ann in the red team, Bob in the blue one, and Cec in none."""
    club = await programme(document(WALK, TEAM, WEEK))
    club.clock.now = NOW
    for name, team in (("ann", "red"), ("bob", "blue"), ("cec", None)):
        await club.join(name, attributes={"team": team} if team else {})
    return club
