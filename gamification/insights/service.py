"""Reports that bring together what several systems know of a member."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from gamification.activity.service import ActivityService
from gamification.badges.service import BadgeService
from gamification.insights.annual import BADGES_MAX, AnnualReport, UnitYear, ladder_year
from gamification.kit.actors import Actor
from gamification.kit.errors import InvalidInput
from gamification.kit.periods import Cycle, Period, period_at, period_of_key
from gamification.ledger.service import LedgerService
from gamification.members.model import Member
from gamification.members.service import require_private
from gamification.programmes.service import ProgrammeService
from gamification.tasks.service import TaskService
from gamification.tiers.service import TierService

FIRST_YEAR = 1970


class InsightService:
    """Reads only, through what the other systems offer."""

    def __init__(
        self,
        programmes: ProgrammeService,
        ledger: LedgerService,
        tiers: TierService,
        badges: BadgeService,
        tasks: TaskService,
        activity: ActivityService,
        now: Callable[[], datetime],
    ) -> None:
        self._programmes = programmes
        self._ledger = ledger
        self._tiers = tiers
        self._badges = badges
        self._tasks = tasks
        self._activity = activity
        self._now = now

    async def annual_report(self, actor: Actor, member: Member, year: int) -> AnnualReport:
        """A member's year, in the programme's zone; of the present one what there is so far.

        Raises: Forbidden, InvalidInput for a year before FIRST_YEAR or one that has not begun.
        """
        require_private(actor, member)
        period = await self._period(actor.programme_id, year)
        since, until = period.starts_at, period.ends_at
        assert since is not None  # noqa: S101 - calendar periods have both
        assert until is not None  # noqa: S101
        lines, changes, (count, awards), completed, activities = await asyncio.gather(
            self._ledger.lines(actor, member, period),
            self._tiers.changes_until(actor, member, until),
            self._badges.awarded_between(actor, member, since, until, BADGES_MAX),
            self._tasks.completed_between(actor, member, since, until),
            self._activity.counts_between(actor, member, since, until),
        )
        return AnnualReport(
            year=year,
            period=period,
            points=tuple(UnitYear(unit, line) for unit, line in lines.items()),
            tiers=tuple(ladder_year(ladder, found, since, until) for ladder, found in changes),
            badges=tuple(awards),
            badge_count=count,
            tasks_completed=completed,
            activities=activities,
        )

    async def require_year(self, programme_id: str, year: int) -> None:
        """Raises: InvalidInput for a year that there is no report of."""
        await self._period(programme_id, year)

    async def _period(self, programme_id: str, year: int) -> Period:
        zone = (await self._programmes.catalogue(programme_id)).settings.time_zone
        present = int(period_at(Cycle.YEARLY, self._now(), zone).key)
        if not FIRST_YEAR <= year <= present:
            raise InvalidInput(
                f"year must be from {FIRST_YEAR} to {present}, the present one.", path=["year"], limit=present
            )
        return period_of_key(Cycle.YEARLY, f"{year:04d}", zone)
