"""Reading the queue, the reports, the log and what members were told."""

from datetime import datetime
from typing import Any

from community.moderation.deciding import may_see
from community.moderation.model import Case, CaseKind, CaseState, Report
from community.moderation.repository import CaseRepository, ReportRepository
from community.moderation.statistics import Statistics, statistics_of
from community.oversight.model import ActKind, LogEntry
from community.oversight.repository import LogRepository, StatementRepository
from community.spaces.service import Viewer
from gamification.kit.actors import Actor, Permission
from gamification.kit.records import record
from storage.paging import Page, Window

_EMPTY: Page[Any] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class CaseFilter:
    """None is all; `claimed_by`: those that this one keeps to themselves."""

    state: CaseState | None = CaseState.OPEN
    kind: CaseKind | None = None
    space: str | None = None
    member_id: bytes | None = None
    claimed_by: str | None = None


@record(frozen=True, slots=True)
class LogFilter:
    """None is all."""

    by: str | None = None
    kind: ActKind | None = None
    member_id: bytes | None = None
    subject_id: bytes | None = None
    space: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    parent: int | None = None


@record(frozen=True, slots=True)
class QueueState:
    """How many wait, and a mark that differs whenever the queue does."""

    waiting: int
    mark: tuple[int, float]


class ModerationReading:
    """Cases are staff's, and of spaces also theirs who look after them; log and statistics are staff's."""

    def __init__(
        self,
        cases: CaseRepository,
        reports: ReportRepository,
        log: LogRepository,
        statements: StatementRepository,
    ) -> None:
        self._cases = cases
        self._reports = reports
        self._log = log
        self._statements = statements

    async def queue(self, viewer: Viewer, wanted: CaseFilter, window: Window) -> Page[Case]:
        """Cases, what weighs most first; of as much, what waits longest."""
        query = _query(viewer, wanted)
        if query is None:
            return _EMPTY
        return await self._cases.page(viewer.actor.programme_id, query, window)

    async def count(self, viewer: Viewer, wanted: CaseFilter) -> int:
        """How many that is, up to 10 000."""
        query = _query(viewer, wanted)
        return await self._cases.count(viewer.actor.programme_id, query) if query is not None else 0

    async def state(self, viewer: Viewer, wanted: CaseFilter) -> QueueState | None:
        """How the queue stands; None for who has none."""
        query = _query(viewer, wanted)
        if query is None:
            return None
        programme_id = viewer.actor.programme_id
        waiting = await self._cases.count(programme_id, query)
        return QueueState(waiting, await self._cases.newest_change(programme_id, query))

    async def by_ids(self, viewer: Viewer, ids: list[bytes]) -> dict[bytes, Case]:
        """Cases by id; what the viewer may not see is absent like what there is not."""
        found = await self._cases.by_ids(viewer.actor.programme_id, ids)
        return {key: one for key, one in found.items() if may_see(viewer, one)}

    async def reports(self, case: Case, window: Window) -> Page[Report]:
        """The reports of a case that the caller has been shown, newest first."""
        return await self._reports.page(case.id, window)

    async def log(self, actor: Actor, wanted: LogFilter, window: Window) -> Page[LogEntry]:
        """What moderators and rules did, latest first. Raises: Forbidden."""
        actor.require(Permission.COMMUNITY_READ_ANY)
        return await self._log.page(actor.programme_id, _log_query(wanted), window)

    async def statistics(self, actor: Actor, since: datetime, until: datetime, now: datetime) -> Statistics:
        """How moderation went in a time. Raises: Forbidden."""
        actor.require(Permission.COMMUNITY_READ_ANY)
        programme_id = actor.programme_id
        cases = await self._cases.between(programme_id, since, until)
        waiting = await self._cases.waiting(programme_id)
        return statistics_of(cases, waiting, now)


def _query(viewer: Viewer, wanted: CaseFilter) -> dict[str, Any] | None:
    query: dict[str, Any] = {}
    if not viewer.actor.can(Permission.COMMUNITY_MODERATE):
        if not viewer.moderated:
            return None
        spaces = [key for key in viewer.moderated if wanted.space in (None, key)]
        query |= {"kind": CaseKind.CONTENT.value, "space": {"$in": spaces}}
        if wanted.kind not in (None, CaseKind.CONTENT):
            return None
    elif wanted.space is not None:
        query["space"] = wanted.space
    stated = {
        "state": wanted.state and wanted.state.value,
        "member_id": wanted.member_id,
        "claimed_by": wanted.claimed_by,
    }
    if wanted.kind is not None:
        query["kind"] = wanted.kind.value
    return query | {name: value for name, value in stated.items() if value is not None}


def _log_query(wanted: LogFilter) -> dict[str, Any]:
    stated = {
        "by": wanted.by,
        "kind": wanted.kind and wanted.kind.value,
        "member_id": wanted.member_id,
        "subject_id": wanted.subject_id,
        "space": wanted.space,
        "parent": wanted.parent,
    }
    query: dict[str, Any] = {name: value for name, value in stated.items() if value is not None}
    if wanted.since is not None or wanted.until is not None:
        bounds = (("$gte", wanted.since), ("$lt", wanted.until))
        query["at"] = {operator: value for operator, value in bounds if value is not None}
    return query
