"""How soon what comes is answered: for operators and services."""

from collections.abc import Callable
from datetime import date, datetime

from community.response_times.model import ResponseKind, ResponseReport, points_of
from community.response_times.repository import ResponseTimeRepository
from gamification.insights.reports.slots import slots
from gamification.insights.totals.periods import By, first_day
from gamification.kit.actors import Actor, Permission
from gamification.kit.periods import local_midnight, zone
from gamification.programmes.service import ProgrammeService


class ResponseTimeService:
    """Reads only; of each thing that came two instants are held in memory."""

    def __init__(
        self,
        programmes: ProgrammeService,
        repository: ResponseTimeRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._programmes = programmes
        self._repository = repository
        self._now = now

    async def report(
        self, actor: Actor, kind: ResponseKind, by: By, first: date, last: date
    ) -> ResponseReport:
        """What came between these days, by period, with how soon it was answered. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.INSIGHTS_READ)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        time_zone, now = catalogue.settings.time_zone, self._now()
        wanted = slots(by, first, last, now.astimezone(zone(time_zone)).date())
        since = local_midnight(wanted[0].starts_on, time_zone)
        until = local_midnight(first_day(by, wanted[-1].index + 1), time_zone)
        spaces = [one.key for one in catalogue.document.spaces]
        asked = [one async for one in self._repository.stream(actor.programme_id, kind, since, until, spaces)]
        points = points_of(wanted, asked, zone(time_zone))
        came, answered = sum(one.came for one in points), sum(one.answered for one in points)
        return ResponseReport(kind, points, came, answered, now)
