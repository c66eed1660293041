"""Members' days against standing activity, and what members are shown to be in against the segments' own lists."""

from collections import defaultdict
from datetime import date

from gamification.activity.daily import PLATFORM_SOURCES
from gamification.activity.model import Activity
from gamification.kit.periods import zone
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.rollups.model import MemberDay, month_of
from gamification.rollups.repository import MonthRepository
from gamification.segments.repository import SegmentRepository
from gamification.verification.report import Report
from storage.mongo import Mongo

Days = dict[bytes, dict[date, tuple[dict[str, int], int, int]]]
"""By member and day: activity by type, purchases, spend."""


class ExpectedDays:
    """Adds up activity one by one, as it was recorded."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._zone = zone(catalogue.settings.time_zone)
        self._parts = 10**catalogue.settings.money.digits
        self._spends = {one.key: one.spend for one in catalogue.document.activity_types if one.spend}
        self.days: Days = defaultdict(dict)

    def add(self, activity: Activity) -> None:
        """Count one activity, where it stands and is something that its member did."""
        if activity.reversal is not None or activity.source in PLATFORM_SOURCES:
            return
        day = activity.occurred_at.astimezone(self._zone).date()
        counts, purchases, spend = self.days[activity.member_id].get(day, ({}, 0, 0))
        counts = {**counts, activity.type: counts.get(activity.type, 0) + 1}
        name = self._spends.get(activity.type)
        if name is not None:
            stated = activity.standing_properties.get(name)
            amount = stated if isinstance(stated, int | float) else 0
            purchases, spend = purchases + 1, spend + round(float(amount) * self._parts)
        self.days[activity.member_id][day] = (counts, purchases, spend)


async def check_days(mongo: Mongo, catalogue: Catalogue, expected: Days, report: Report) -> None:
    """Every day of every member."""
    left = {member_id: dict(days) for member_id, days in expected.items()}
    async for month in MonthRepository(mongo).stream(catalogue.programme_id):
        report.count("member months")
        for day in month.days:
            name = f"the day {day.day} of {month.member_id.hex()}"
            if month_of(day.day) != month.month:
                report.differs(f"{name}: it is kept in another month")
            computed = left.get(month.member_id, {}).pop(day.day, None)
            report.compare(name, _plain(day), computed)
    for member_id, days in left.items():
        for missing in sorted(days):
            report.differs(f"the day {missing} of {member_id.hex()} is missing")


async def check_segments(
    mongo: Mongo, catalogue: Catalogue, members: dict[bytes, Member], report: Report
) -> None:
    """Who is in which segment is said in two places."""
    shown = {member.id: set(member.segments) for member in members.values()}
    listed: dict[bytes, set[str]] = defaultdict(set)
    async for one in SegmentRepository(mongo).stream(catalogue.programme_id):
        report.count("segment members")
        if one.segment not in catalogue.segments:
            report.differs(f"{one.member_id.hex()} is in the segment {one.segment}, which there is not")
        if one.is_in:
            listed[one.member_id].add(one.segment)
    # Of who is erased lists go in their own time: erasing comes to them part by part.
    erased = {member.id for member in members.values() if member.erased_at is not None}
    for member_id in sorted((shown.keys() | listed.keys()) - erased):
        name = f"the segments of {member_id.hex()}"
        report.compare(name, sorted(shown.get(member_id, ())), sorted(listed.get(member_id, ())))


def _plain(day: MemberDay) -> tuple[dict[str, int], int, int]:
    return dict(day.counts), day.purchases, day.spend
