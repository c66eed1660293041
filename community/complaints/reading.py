"""Reading complaints: one's own, and for staff and services everybody's."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from community.complaints.model import Complaint, ComplaintState, Message
from community.complaints.repository import DUE, NEWEST, ComplaintRepository
from community.complaints.statistics import Statistics
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.kit.records import record
from gamification.members.service import MemberService
from gamification.programmes.definitions import ComplaintCategory, Status
from gamification.programmes.service import ProgrammeService
from storage.paging import Page, Window

_STATISTICS_DAYS_MAX = 732
_NONE: Page[Complaint] = Page([], [], has_next=False, has_previous=False)


class ComplaintOrder(StrEnum):
    """DUE: those to which an answer is owed, the soonest first. NEWEST: all, filed last first."""

    DUE = "due"
    NEWEST = "newest"


@record(frozen=True, slots=True)
class ComplaintFilter:
    """None is all. `assignee` is "role:subject"."""

    state: ComplaintState | None = None
    category: str | None = None
    member_id: bytes | None = None
    assignee: str | None = None
    overdue: bool = False


class ComplaintReading:
    """A complaint is its member's, and staff's and services' to read."""

    def __init__(
        self,
        repository: ComplaintRepository,
        members: MemberService,
        programmes: ProgrammeService,
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._members = members
        self._programmes = programmes
        self._now = now

    async def categories(self, actor: Actor) -> list[ComplaintCategory]:
        """What can be complained about, in file order: what is published; for who defines it, all."""
        stated = (await self._programmes.catalogue(actor.programme_id)).document.complaint_categories
        if actor.can(Permission.PROGRAMME_READ_DRAFTS):
            return list(stated)
        return [one for one in stated if one.status is Status.PUBLISHED]

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Complaint]:
        """Complaints by id; others' are absent like what there is not."""
        found = await self._repository.by_ids(actor.programme_id, ids)
        if actor.can(Permission.COMPLAINTS_HANDLE) or not found:
            return found
        member = await self._members.me(actor)
        return {key: one for key, one in found.items() if member is not None and one.member_id == member.id}

    async def own(self, actor: Actor, window: Window) -> Page[Complaint]:
        """The caller's, filed last first."""
        member = await self._members.me(actor)
        if member is None:
            return _NONE
        return await self._repository.page({"member_id": member.id}, NEWEST, window)

    async def page(
        self, actor: Actor, wanted: ComplaintFilter, order: ComplaintOrder, window: Window
    ) -> Page[Complaint]:
        """Everybody's. Raises: Forbidden."""
        actor.require(Permission.COMPLAINTS_HANDLE)
        query: dict[str, Any] = {"programme_id": actor.programme_id}
        if order is ComplaintOrder.DUE or wanted.overdue:
            query["due_at"] = {"$lt": self._now()} if wanted.overdue else {"$exists": True}
        stated = {
            "state": wanted.state and wanted.state.value,
            "category": wanted.category,
            "member_id": wanted.member_id,
            "assignee": wanted.assignee,
        }
        query |= {name: value for name, value in stated.items() if value is not None}
        return await self._repository.page(query, DUE if order is ComplaintOrder.DUE else NEWEST, window)

    async def messages(self, complaint: Complaint, window: Window) -> Page[Message]:
        """What was written about a complaint that the caller has been shown, oldest first."""
        return await self._repository.messages(complaint.id, window)

    async def counts(self, actor: Actor, category: str | None) -> tuple[dict[ComplaintState, int], int]:
        """How many are in each state, and of how many the answer is late. Raises: Forbidden."""
        actor.require(Permission.COMPLAINTS_HANDLE)
        return await self._repository.counts(actor.programme_id, category, self._now())

    async def statistics(
        self, actor: Actor, since: datetime, until: datetime, category: str | None
    ) -> Statistics:
        """How those were dealt with that were filed from `since` on and before `until`. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.COMPLAINTS_HANDLE)
        if not timedelta() < until - since <= timedelta(days=_STATISTICS_DAYS_MAX):
            raise InvalidInput(
                f"filedBefore lies after filedSince, {_STATISTICS_DAYS_MAX} days at most.",
                path=["filedBefore"],
                limit=_STATISTICS_DAYS_MAX,
            )
        return await self._repository.statistics(actor.programme_id, since, until, category, self._now())
