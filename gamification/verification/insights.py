"""A programme's totals against what its members did, told in another way: day by day, looking at each member as if on that day.

What is read here is activity as `verify` has added it up, members, their changes of tier and all transfers; nothing that the
totals are kept by.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gamification.insights.totals.model import Cells, Terms, cell_of, encoded, settled, terms_of
from gamification.insights.totals.periods import By, index_of, key_of
from gamification.insights.totals.repository import TotalsRepository
from gamification.kit.periods import zone
from gamification.ledger.model import Transfer
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.verification.days import Days
from gamification.verification.report import Report
from storage.mongo import Mongo

_SHOWN = ("n", "a", "d", "j", "p", "s", "b", "f", "r", "k", "kb", "w", "m")


class ExpectedTotals:
    """Counts by cell, each by its definition."""

    def __init__(self, terms: Terms, days: Days, members: Sequence[Member]) -> None:
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

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._local).date()


async def check_totals(
    mongo: Mongo,
    catalogue: Catalogue,
    days: Days,
    members: Mapping[bytes, Member],
    transfers: AsyncIterator[Sequence[Transfer]],
    report: Report,
) -> None:
    """Every period and cohort; of periods what is counted of members, their activity and the books."""
    repository = TotalsRepository(mongo)
    run = await repository.run(catalogue.programme_id)
    terms = terms_of(catalogue)
    if run is None or not run.generation:
        report.differs("the totals were never made")
        return
    if run.stale or run.terms != terms.name:
        report.differs("the totals are made by other terms")
        return
    expected = ExpectedTotals(terms, days, list(members.values()))
    async for booked in transfers:
        for transfer in booked:
            expected.booked(transfer)
    compare_cells(await repository.all_of(catalogue.programme_id, run.generation), expected.cells, report)


def compare_cells(stored: Cells, expected: Mapping[str, Mapping[str, int]], report: Report) -> None:
    """Count by count; stages and tiers are looked at by tests."""
    left = settled({cell: dict(counts) for cell, counts in expected.items()})
    for cell, counts in settled(stored).items():
        report.count("totals")
        shown = {name: count for name, count in counts.items() if _is_compared(name)}
        report.compare(f"the totals of {cell}", shown, left.pop(cell, {}))
    for cell in sorted(left):
        report.differs(f"the totals of {cell} are missing")


def _is_compared(name: str) -> bool:
    return name in _SHOWN or name.startswith(("t.", "u.", "c.", "z"))
