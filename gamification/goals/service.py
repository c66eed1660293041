"""Reading goals and what was contributed. What changes them is in `settlement/`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from gamification.goals.counting import period_named, period_of, team_of
from gamification.goals.model import GoalContribution, GoalPeriod, Run, contribution_id, new_run
from gamification.goals.repository import GoalRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.leaderboards.grouping import GROUP_LENGTH_MAX, is_group
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.members.service import MemberService, may_see_private
from gamification.programmes.definitions import Goal, Status
from gamification.programmes.service import ProgrammeService
from storage.paging import Page, Window


class GoalService:
    """Goals, and how far they have come, are open to everyone who is signed in; drafts to operators. Who contributed what
    is the member's own affair, and that of staff and services."""

    def __init__(
        self, repository: GoalRepository, programmes: ProgrammeService, members: MemberService
    ) -> None:
        self._repository = repository
        self._programmes = programmes
        self._members = members

    async def goal(self, actor: Actor, key: str) -> Goal | None:
        """A goal by key."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        found = catalogue.goals.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def goals(self, actor: Actor) -> list[Goal]:
        """Every visible goal, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [goal for goal in catalogue.document.goals if _visible(actor, goal)]

    async def period(
        self, actor: Actor, goal: Goal, key: str | None, team: str | None, at: datetime
    ) -> GoalPeriod:
        """The period of that key, else the one that holds `at`: of all members, or of a team. Raises: InvalidInput."""
        if (goal.group is None) != (team is None):
            text = "has no teams" if goal.group is None else "is reached by teams: name one"
            raise InvalidInput(f"The goal {goal.key!r} {text}.", path=["team"])
        if team is not None and not is_group(team):
            raise InvalidInput(
                f"A team has 1 to {GROUP_LENGTH_MAX} characters, none of them a bar or a control character.",
                path=["team"],
                limit=GROUP_LENGTH_MAX,
            )
        zone = (await self._programmes.catalogue(actor.programme_id)).settings.time_zone
        if key is not None:
            return period_named(actor.programme_id, goal, key, zone, team)
        return period_of(actor.programme_id, goal, at, zone, team)

    async def key_of(self, actor: Actor, goal: Goal, key: str | None, at: datetime) -> str:
        """The key of that period, where there is one, else of the one that holds `at`. Raises: InvalidInput."""
        zone = (await self._programmes.catalogue(actor.programme_id)).settings.time_zone
        if key is not None:
            return period_named(actor.programme_id, goal, key, zone, None).key
        return period_of(actor.programme_id, goal, at, zone, None).key

    @staticmethod
    def team_of(goal: Goal, member: Member) -> str | None:
        """The team that a member contributes for now; None where there are no teams, or they are in none."""
        return team_of(goal, member_facts(member))

    async def run(self, period: GoalPeriod) -> Run:
        """How far a period has come."""
        return (await self._repository.runs([period.id])).get(period.id) or new_run(period)

    async def teams(self, actor: Actor, goal: Goal, period: str, window: Window) -> Page[Run]:
        """The teams that contributed in a period, by name."""
        return await self._repository.team_page(actor.programme_id, goal.key, period, window)

    async def past(self, actor: Actor, goal: Goal, team: str | None, window: Window) -> Page[Run]:
        """The periods in which all members, or a team, contributed, newest first."""
        return await self._repository.period_page(actor.programme_id, goal.key, team, window)

    async def own(self, actor: Actor, runs: Iterable[bytes]) -> dict[bytes, GoalContribution]:
        """What the caller contributed to runs, by the run's id."""
        member = await self._members.me(actor)
        if member is None:
            return {}
        found = await self._repository.contributions(contribution_id(run, member.id) for run in runs)
        return {one.run_id: one for one in found.values()}

    async def contributors(self, actor: Actor, run: bytes, window: Window) -> Page[GoalContribution]:
        """Who contributed to a run, the greatest contribution first. Raises: Forbidden but for staff and services."""
        actor.require(Permission.MEMBERS_READ_PRIVATE)
        return await self._repository.contributor_page(run, window)

    async def of_member(
        self, actor: Actor, member: Member, goal: str | None, window: Window
    ) -> Page[GoalContribution]:
        """What a member contributed, latest change first."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        return await self._repository.member_page(actor.programme_id, member.id, goal, window)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, GoalContribution]:
        """Contributions by id, of this programme. The caller checks that the actor may read their member's."""
        found = await self._repository.contributions(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}


def _visible(actor: Actor, goal: Goal) -> bool:
    return goal.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
