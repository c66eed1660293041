"""A programme's totals against what its members did, told in another way: day by day, looking at each member as if on that day.

What is read here is activity as `verify` has added it up, members, their changes of tier and all transfers; nothing that the
totals are kept by. A stage is what `segments` says of a member on that day.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from gamification.insights.totals.model import NOBODY, Cells, Terms, cell_of, encoded, settled, terms_of
from gamification.insights.totals.periods import By, index_of, key_of
from gamification.insights.totals.repository import TotalsRepository
from gamification.kit.periods import zone
from gamification.ledger.model import Transfer
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.rollups.history import History
from gamification.rollups.model import MemberDay, MemberMonth
from gamification.segments.lifecycle import stage_of
from gamification.tiers.model import TierChange
from gamification.verification.days import Days
from gamification.verification.report import Report
from storage.mongo import Mongo


class ExpectedTotals:
    """Counts by cell, each by its definition."""

    def __init__(
        self, terms: Terms, days: Days, members: Sequence[Member], changes: Iterable[TierChange]
    ) -> None:
        self._terms = terms
        self._local: ZoneInfo = zone(terms.time_zone)
        self._days = days
        self.cells: dict[str, Counter[str]] = defaultdict(Counter)
        for by in By:
            self._periods(by)
        self._windows()
        for member in members:
            self._joined(member)
        for by in (By.WEEK, By.MONTH):
            self._cohorts(by, members)
        self._gaps()
        courses: dict[tuple[bytes, str], list[TierChange]] = defaultdict(list)
        for change in changes:
            courses[change.member_id, change.ladder].append(change)
        for member in members:
            if member.merged_into is None:
                self._stages(member)
                for ladder in terms.ladders:
                    self._tiers(member, ladder, courses[member.id, ladder])

    def booked(self, transfer: Transfer) -> None:
        """Count a transfer."""
        day = transfer.recorded_at.astimezone(self._local).date().toordinal()
        name = f"u.{encoded(transfer.unit)}.{transfer.kind.value}"
        for by in By:
            counts = self.cells[cell_of(by, index_of(by, day))]
            counts[f"{name}.{'i' if transfer.amount > 0 else 'o'}"] += transfer.amount
            counts[f"{name}.p"] += transfer.pending

    def _periods(self, by: By) -> None:
        """Who did what in each period."""
        active: dict[int, set[bytes]] = defaultdict(set)
        buying: dict[int, Counter[bytes]] = defaultdict(Counter)
        for member_id, days in self._days.items():
            first = min((day for day, (_, purchases, _) in days.items() if purchases), default=None)
            if first is not None:
                self.cells[cell_of(by, index_of(by, first.toordinal()))]["f"] += 1
            for day, (counts, purchases, spend) in days.items():
                index = index_of(by, day.toordinal())
                into = self.cells[cell_of(by, index)]
                active[index].add(member_id)
                into.update({"n": sum(counts.values()), "d": 1, "p": purchases, "s": spend})
                into.update({f"t.{encoded(key)}": number for key, number in counts.items()})
                if purchases:
                    buying[index][member_id] += purchases
        for index, found in active.items():
            into = self.cells[cell_of(by, index)]
            into["a"] += len(found)
            into["k"] += len(found & active.get(index - 1, set()))
            into["b"] += len(buying[index])
            into["r"] += sum(number > 1 for number in buying[index].values())
            into["kb"] += len(buying[index].keys() & buying[index - 1].keys())

    def _windows(self) -> None:
        """Members of the last seven and thirty days, day after day."""
        on: dict[date, set[bytes]] = defaultdict(set)
        for member_id, days in self._days.items():
            for day in days:
                on[day].add(member_id)
        for name, width in (("w", 7), ("m", 30)):
            seen = {day + timedelta(days=later) for day in on for later in range(width)}
            for day in seen:
                within = [on.get(day - timedelta(days=before), set()) for before in range(width)]
                self.cells[cell_of(By.DAY, day.toordinal())][name] = len(set().union(*within))

    def _joined(self, member: Member) -> None:
        if member.merged_into is None:
            day = self._day(member.joined_at).toordinal()
            for by in By:
                self.cells[cell_of(by, index_of(by, day))]["j"] += 1

    def _cohorts(self, by: By, members: Sequence[Member]) -> None:
        """Each cohort with who came back."""
        starts: dict[str, dict[bytes, date]] = {"J": {}, "P": {}}
        for member in members:
            if member.merged_into is None:
                starts["J"][member.id] = self._day(member.joined_at)
        for member_id, days in self._days.items():
            bought = [day for day, (_, purchases, _) in days.items() if purchases]
            if bought:
                starts["P"][member_id] = min(bought)
        for kind, began in starts.items():
            for member_id, start in began.items():
                first = index_of(by, start.toordinal())
                into = self.cells[f"{kind}{by.value}/{key_of(by, first)}"]
                into["z"] += 1
                days = self._days.get(member_id, {})
                for name, marks in (
                    ("a", list(days)),
                    ("b", [day for day, (_, purchases, _) in days.items() if purchases]),
                ):
                    later = {index_of(by, day.toordinal()) - first for day in marks}
                    into.update({f"c.{one}.{name}": 1 for one in later if one >= 0})

    def _gaps(self) -> None:
        """Days from a purchase day to the next one."""
        for days in self._days.values():
            bought = sorted(day for day, (_, purchases, _) in days.items() if purchases)
            for before, day in pairwise(bought):
                self.cells[cell_of(By.MONTH, index_of(By.MONTH, day.toordinal()))][
                    f"g.{(day - before).days}"
                ] += 1

    def _stages(self, member: Member) -> None:
        """By how much each stage grew, on each day on which a member's may have changed."""
        lifecycle, days = self._terms.lifecycle, self._days.get(member.id, {})
        since, gone = self._life(member)
        steps = (0, lifecycle.new, lifecycle.at_risk, lifecycle.silent, lifecycle.returned)
        looked_at = {since, *(day + timedelta(days=step) for day in days for step in steps)}
        months = [
            MemberMonth(
                member.programme_id, member.id, 0, tuple(MemberDay(day, *one) for day, one in days.items())
            )
        ]
        before: str | None = None
        for day in sorted(one for one in looked_at if one >= since and (gone is None or one < gone)):
            stage = stage_of(History(months, day), lifecycle, by_purchase=self._terms.by_purchase).value
            self._moved(day, "st", before, stage)
            before = stage
        if gone is not None:
            self._moved(gone, "st", before, None)

    def _moved(self, day: date, name: str, before: str | None, after: str | None) -> None:
        if before != after:
            for by in By:
                counts = self.cells[cell_of(by, index_of(by, day.toordinal()))]
                counts.update({f"{name}.{after}": 1} if after is not None else {})
                counts.subtract({f"{name}.{before}": 1} if before is not None else {})

    def _tiers(self, member: Member, ladder: str, changes: Sequence[TierChange]) -> None:
        """Which tier was held as each month ended, and whether its member was active in the month."""
        (since, gone), days = self._life(member), self._days.get(member.id, {})
        moves = sorted((self._day(one.at), one.number, one.after or NOBODY) for one in changes)
        active = {index_of(By.MONTH, day.toordinal()) for day in days}
        first, name = index_of(By.MONTH, since.toordinal()), f"l.{encoded(ladder)}"
        ends = index_of(By.MONTH, gone.toordinal()) if gone is not None else None
        told = [index_of(By.MONTH, day.toordinal()) for day, _, _ in moves]
        last = max([first, *active, *told, *([ends] if ends is not None else [])])
        before: str | None = None
        for month in range(first, last + 1):
            held = [tier for (_, _, tier), at in zip(moves, told, strict=True) if at <= month]
            tier = held[-1] if held else self._terms.ladders[ladder]
            tier_or_gone = None if ends is not None and month >= ends else tier
            counts = self.cells[cell_of(By.MONTH, month)]
            if tier_or_gone != before:
                counts.update({f"{name}.{encoded(tier)}.h": 1} if tier_or_gone is not None else {})
                counts.subtract({f"{name}.{encoded(before)}.h": 1} if before is not None else {})
            if tier_or_gone is not None and month in active:
                counts[f"{name}.{encoded(tier)}.a"] += 1
            before = tier_or_gone

    def _life(self, member: Member) -> tuple[date, date | None]:
        """Since when somebody is a member, and from which day on they were erased."""
        joined = self._day(member.joined_at)
        gone = None if member.erased_at is None else self._day(member.erased_at)
        return min([joined, *self._days.get(member.id, ())]), gone

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._local).date()


async def check_totals(
    mongo: Mongo,
    catalogue: Catalogue,
    days: Days,
    members: Mapping[bytes, Member],
    changes: AsyncIterator[TierChange],
    transfers: AsyncIterator[Sequence[Transfer]],
    report: Report,
) -> None:
    """Every period and cohort, and all that is counted in them."""
    repository = TotalsRepository(mongo)
    run = await repository.run(catalogue.programme_id)
    terms = terms_of(catalogue)
    if run is None or not run.generation:
        report.differs("the totals were never made")
        return
    if run.stale or run.terms != terms.name:
        report.differs("the totals are made by other terms")
        return
    moves = [change async for change in changes] if terms.ladders else []
    expected = ExpectedTotals(terms, days, list(members.values()), moves)
    async for booked in transfers:
        for transfer in booked:
            expected.booked(transfer)
    compare_cells(await repository.all_of(catalogue.programme_id, run.generation), expected.cells, report)


def compare_cells(stored: Cells, expected: Mapping[str, Mapping[str, int]], report: Report) -> None:
    """Count by count."""
    left = settled({cell: dict(counts) for cell, counts in expected.items()})
    for cell, counts in settled(stored).items():
        report.count("totals")
        report.compare(f"the totals of {cell}", counts, left.pop(cell, {}))
    for cell in sorted(left):
        report.differs(f"the totals of {cell} are missing")
