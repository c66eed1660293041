"""Members with what is known of them, and what each did by day: streamed, a page of members in memory."""

import json
from collections.abc import AsyncIterator
from datetime import date
from itertools import islice

from gamification.insights.exports.model import Kind, Row, Table, columns
from gamification.insights.reports.slots import slots
from gamification.insights.totals.periods import By
from gamification.kit.actors import Actor, Permission
from gamification.kit.periods import zone
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.service import ProgrammeService
from gamification.rollups.model import MemberMonth
from gamification.rollups.repository import MonthRepository
from gamification.segments.service import SegmentService

_PAGE = 500
TEXT, WHOLE, NUMBER, DAY = Kind.TEXT, Kind.WHOLE, Kind.NUMBER, Kind.DAY
_MEMBERS = columns(
    member=TEXT,
    joined_on=DAY,
    lifecycle=TEXT,
    rfm_recency=WHOLE,
    rfm_frequency=WHOLE,
    rfm_money=WHOLE,
    days_since_purchase=WHOLE,
    days_since_activity=WHOLE,
    lifetime_spend=WHOLE,
    lifetime_purchases=WHOLE,
    lifetime_activities=WHOLE,
    active_days=WHOLE,
    churn_risk=NUMBER,
    tiers=TEXT,
    segments=TEXT,
)
_DAYS = columns(member=TEXT, day=DAY, activities=WHOLE, purchases=WHOLE, spend=WHOLE, by_type=TEXT)


class MemberExports:
    """For operators and services."""

    def __init__(
        self,
        programmes: ProgrammeService,
        members: MemberRepository,
        months: MonthRepository,
        segments: SegmentService,
    ) -> None:
        self._programmes = programmes
        self._members = members
        self._months = months
        self._segments = segments

    async def members(self, actor: Actor) -> Table:
        """A row for each member who is there, in no order. Raises: Forbidden."""
        actor.require(Permission.INSIGHTS_READ)
        actor.require(Permission.SEGMENTS_READ)
        return Table("members", _MEMBERS, self._member_rows(actor))

    async def days(self, actor: Actor, first: date, last: date, today: date) -> Table:
        """A row for each day on which a member did anything, in no order. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.INSIGHTS_READ)
        wanted = slots(By.DAY, first, last, today)
        return Table("member_days", _DAYS, self._day_rows(actor, wanted[0].starts_on, wanted[-1].ends_on))

    async def _member_rows(self, actor: Actor) -> AsyncIterator[Row]:
        page: list[Member] = []
        async for member in self._members.stream(actor.programme_id):
            if not member.is_gone:
                page.append(member)
            if len(page) == _PAGE:
                for row in await self._known(actor, page):
                    yield row
                page = []
        for row in await self._known(actor, page):
            yield row

    async def _known(self, actor: Actor, members: list[Member]) -> list[Row]:
        facts = await self._segments.facts(actor, members)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        local = zone(catalogue.settings.time_zone)
        rows: list[Row] = []
        for member in members:
            known = facts[member.id]
            lifetime, tiers = known.variables["lifetime"], known.variables["tiers"]
            rows.append(
                (
                    member.external_id,
                    member.joined_at.astimezone(local).date(),
                    known.stage.value,
                    *(known.rfm[one] for one in ("r", "f", "m")),
                    known.since_purchase,
                    known.since_activity,
                    *(lifetime[one] for one in ("spend", "purchases", "activities", "days")),
                    known.variables.get("churn_risk"),
                    "; ".join(f"{ladder}: {tier}" for ladder, tier in sorted(tiers.items()) if tier),
                    "; ".join(member.segments),
                )
            )
        return rows

    async def _day_rows(self, actor: Actor, first: date, last: date) -> AsyncIterator[Row]:
        months = [
            year * 100 + month
            for year in range(first.year, last.year + 1)
            for month in range(1, 13)
            if (first.year, first.month) <= (year, month) <= (last.year, last.month)
        ]
        page: list[MemberMonth] = []
        async for one in self._months.in_months(actor.programme_id, months):
            page.append(one)
            if len(page) == _PAGE:
                for row in await self._page(actor, page, first, last):
                    yield row
                page = []
        for row in await self._page(actor, page, first, last):
            yield row

    async def _page(self, actor: Actor, months: list[MemberMonth], first: date, last: date) -> list[Row]:
        ids = list(dict.fromkeys(one.member_id for one in months))
        names = {
            one.id: one.external_id for one in (await self._members.by_ids(actor.programme_id, ids)).values()
        }
        return [
            (
                names.get(month.member_id),
                day.day,
                day.activities,
                day.purchases,
                day.spend,
                json.dumps(dict(islice(sorted(day.counts.items()), 100)), ensure_ascii=False),
            )
            for month in months
            for day in month.days
            if first <= day.day <= last
        ]
