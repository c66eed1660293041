"""Reports, read from the totals: of each as many documents as it has periods, and where balances are told one more a month before."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import pairwise

from gamification.insights.reports.activity import ActivityPoint, ActivityReport, sum_of
from gamification.insights.reports.economy import EconomyPoint, EconomyReport, Flows, both, flows_of
from gamification.insights.reports.participation import ParticipationPoint, ParticipationReport, tiers_of
from gamification.insights.reports.referrals import ReferralPoint, ReferralReport
from gamification.insights.reports.returning import (
    COHORT_PERIODS_MAX,
    ChurnOf,
    ChurnPoint,
    ChurnReport,
    CohortKind,
    LifecyclePoint,
    LifecycleReport,
    RepurchasePoint,
    RepurchaseReport,
    RetentionReport,
    RetentionRow,
    cells_of,
    gaps_of,
)
from gamification.insights.reports.slots import Made, Point, Slot, share, slot, slots
from gamification.insights.totals.model import Run, encoded, terms_of
from gamification.insights.totals.periods import By, first_day, index_of, last_day
from gamification.insights.totals.repository import TotalsRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.periods import local_midnight, zone
from gamification.kit.records import record
from gamification.ledger.model import TransferKind
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.service import ProgrammeService
from gamification.referrals.repository import ReferralRepository
from gamification.segments.lifecycle import Stage
from storage.backlog import Backlog

_ISSUED = (TransferKind.EARNED, TransferKind.ADJUSTED)
Counts = Sequence[dict[str, int]]


@record(frozen=True, slots=True)
class _Book:
    """A programme's totals as somebody reads them."""

    catalogue: Catalogue
    run: Run
    today: date
    made: Made


class ReportService:
    """For operators and services. Each report is None as long as a programme's totals were never made."""

    def __init__(
        self,
        programmes: ProgrammeService,
        totals: TotalsRepository,
        referrals: ReferralRepository,
        backlog: Backlog,
        consumer: str,
        now: Callable[[], datetime],
    ) -> None:
        self._programmes = programmes
        self._totals = totals
        self._referrals = referrals
        self._backlog = backlog
        self._consumer = consumer
        self._now = now

    async def today(self, actor: Actor) -> date:
        """The programme's day. Raises: Forbidden."""
        actor.require(Permission.INSIGHTS_READ)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return self._now().astimezone(zone(catalogue.settings.time_zone)).date()

    async def activity(self, actor: Actor, by: By, first: date, last: date) -> ActivityReport | None:
        """What members did and bought. Raises: Forbidden, InvalidInput."""
        book = await self._book(actor)
        wanted = slots(by, first, last, await self.today(actor))
        if book is None:
            return None
        points = await self._points(book, wanted)
        over = [one for one in points if one.slot.is_complete]
        before = await self._before(book, by, wanted[0].index, len(over))
        return ActivityReport(
            tuple(ActivityPoint(one.slot, one.counts, book.today) for one in points),
            sum_of([one.counts for one in over], len(over)),
            sum_of(before, len(over)) if before is not None else None,
            book.made,
        )

    async def retention(
        self, actor: Actor, kind: CohortKind, by: By, first: date, last: date, periods: int
    ) -> RetentionReport | None:
        """Who came back, by cohorts that began between these days; of each at most so many `periods`, with the one that it began in.

        Raises: Forbidden, InvalidInput.
        """
        book = await self._book(actor)
        today = await self.today(actor)
        if by is By.DAY:
            raise InvalidInput("Cohorts are of weeks or months.", path=["by"])
        if not 1 <= periods <= COHORT_PERIODS_MAX:
            raise InvalidInput(
                f"periods is 1 to {COHORT_PERIODS_MAX}.", path=["periods"], limit=COHORT_PERIODS_MAX
            )
        wanted = slots(by, first, last, today)
        if len(wanted) > COHORT_PERIODS_MAX:
            raise InvalidInput(
                f"A report has at most {COHORT_PERIODS_MAX} cohorts.", path=["from"], limit=COHORT_PERIODS_MAX
            )
        if book is None:
            return None
        cohorts = await self._totals.cohorts(book.run, kind.value, by, wanted[0].index, wanted[-1].index)
        rows, now = [], index_of(by, today.toordinal())
        for one in wanted:
            counts = cohorts.get(one.key, {})
            reached = range(min(periods, now - one.index + 1))
            later = [(offset, slot(by, one.index + offset, today).is_complete) for offset in reached]
            rows.append(RetentionRow(one, counts.get("z", 0), cells_of(counts, one, later)))
        return RetentionReport(tuple(rows), book.made)

    async def churn(self, actor: Actor, of: ChurnOf, by: By, first: date, last: date) -> ChurnReport | None:
        """Who was there and did not come in the period after. Raises: Forbidden, InvalidInput."""
        book = await self._book(actor)
        today = await self.today(actor)
        wanted = slots(by, first, last, today)
        if book is None:
            return None
        after = slot(by, wanted[-1].index + 1, today)
        points = await self._points(book, [*wanted, after])
        found = [
            ChurnPoint(
                one.slot, one.of(of.value), following.of(of.kept) if following.slot.is_complete else None
            )
            for one, following in pairwise(points)
        ]
        return ChurnReport(tuple(found), book.made)

    async def lifecycle(self, actor: Actor, by: By, first: date, last: date) -> LifecycleReport | None:
        """How many members were in which stage as each period ended. Raises: Forbidden, InvalidInput."""
        book = await self._book(actor)
        wanted = slots(by, first, last, await self.today(actor))
        if book is None:
            return None
        points = await self._points(book, wanted, ["st"])
        held = await self._balance(book, wanted[0].starts_on.toordinal() - 1, ["st"])
        found = []
        for one in points:
            # What time alone will do within the present period has not happened yet.
            if one.slot.is_complete:
                held = [*held, dict(one.counts)]
            else:
                held = await self._balance(book, book.today.toordinal(), ["st"])
            stages = {stage: sum(counts.get(f"st.{stage.value}", 0) for counts in held) for stage in Stage}
            found.append(LifecyclePoint(one.slot, stages))
        return LifecycleReport(tuple(found), book.made)

    async def repurchase(self, actor: Actor, by: By, first: date, last: date) -> RepurchaseReport | None:
        """Who buys again, and how soon. Raises: Forbidden, InvalidInput."""
        book = await self._book(actor)
        wanted = slots(by, first, last, await self.today(actor))
        if book is None:
            return None
        earlier = slot(by, wanted[0].index - 1, book.today)
        points = await self._points(book, [earlier, *wanted])
        found = [
            RepurchasePoint(one.slot, one.of("b"), one.of("r"), one.of("f"), one.of("kb"), previous.of("b"))
            for previous, one in pairwise(points)
        ]
        months = await self._totals.periods(
            book.run,
            By.MONTH,
            index_of(By.MONTH, wanted[0].starts_on.toordinal()),
            index_of(By.MONTH, wanted[-1].ends_on.toordinal()),
            ["g"],
        )
        histogram: dict[int, int] = {}
        for counts in months.values():
            for name, count in counts.items():
                gap = int(name.removeprefix("g."))
                histogram[gap] = histogram.get(gap, 0) + count
        kept = {gap: count for gap, count in histogram.items() if count}
        return RepurchaseReport(tuple(found), gaps_of(kept), book.made)

    async def participation(
        self, actor: Actor, ladder: str, first: date, last: date
    ) -> ParticipationReport | None:
        """Which share of each tier was active, by month. Raises: Forbidden, NotFound, InvalidInput."""
        book = await self._book(actor)
        today = await self.today(actor)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        if ladder not in terms_of(catalogue).ladders:
            raise NotFound("There is no such ladder.", path=["ladder"])
        wanted = slots(By.MONTH, first, last, today)
        if book is None:
            return None
        name = f"l.{encoded(ladder)}"
        earlier = await self._totals.until(book.run, By.MONTH, wanted[0].index, [name])
        points = []
        for one in await self._points(book, wanted, [name]):
            tiers = tiers_of(catalogue.ladders[ladder], earlier, one.counts)
            points.append(ParticipationPoint(one.slot, tiers))
            earlier.append(dict(one.counts))
        return ParticipationReport(ladder, tuple(points), book.made)

    async def economy(self, actor: Actor, unit: str, by: By, first: date, last: date) -> EconomyReport | None:
        """A unit's points. Raises: Forbidden, NotFound, InvalidInput."""
        book = await self._book(actor)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        stated = next((one for one in catalogue.document.units if one.key == unit), None)
        if stated is None:
            raise NotFound("There is no such unit.", path=["unit"])
        wanted = slots(by, first, last, await self.today(actor))
        if book is None:
            return None
        name = encoded(unit)
        only = [f"u.{name}"]
        begun = flows_of(name, await self._balance(book, wanted[0].starts_on.toordinal() - 1, only))
        points, total = [], Flows({})
        for one in await self._points(book, wanted, only):
            flows = flows_of(name, [one.counts])
            opening, begun = begun.change, both(begun, flows)
            total = both(total, flows)
            lapsed = share(begun.expired, begun.added(*_ISSUED))
            points.append(EconomyPoint(one.slot, flows, opening, begun.change, begun.held, lapsed))
        before = await self._before(book, by, wanted[0].index, len(wanted), only)
        return EconomyReport(
            unit,
            tuple(points),
            total,
            flows_of(name, before) if before is not None else None,
            stated.cost,
            catalogue.settings.money.digits,
            book.made,
        )

    async def referrals(
        self, actor: Actor, offer: str, by: By, first: date, last: date
    ) -> ReferralReport | None:
        """What became of the codes that were used in each period. Raises: Forbidden, NotFound, InvalidInput."""
        book = await self._book(actor)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        if offer not in catalogue.referrals:
            raise NotFound("There is no such offer.", path=["offer"])
        today = await self.today(actor)
        wanted, time_zone = slots(by, first, last, today), catalogue.settings.time_zone
        if book is None:
            return None
        days = await self._referrals.funnel_by_day(
            actor.programme_id,
            offer,
            local_midnight(wanted[0].starts_on, time_zone),
            local_midnight(first_day(by, wanted[-1].index + 1), time_zone),
            time_zone,
            self._now(),
        )
        found = {one.index: ReferralPoint(one, {}) for one in wanted}
        for day, counts in days.items():
            index = index_of(by, date.fromisoformat(day).toordinal())
            found[index] = found[index].with_more(counts)
        return ReferralReport(offer, tuple(found.values()), book.made)

    async def standing(self, actor: Actor) -> Made | None:
        """How far reports can be believed. Raises: Forbidden."""
        book = await self._book(actor)
        return book.made if book is not None else None

    async def _book(self, actor: Actor) -> _Book | None:
        actor.require(Permission.INSIGHTS_READ)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        run = await self._totals.run(actor.programme_id)
        if run is None or not run.generation:
            return None
        now = self._now()
        since = await self._totals.first_period(run, By.DAY)
        is_rebuilding = run.stale or run.building is not None or run.terms != terms_of(catalogue).name
        lag = await self._backlog.lag(self._consumer, now, actor.programme_id)
        made = Made(now - lag, date.fromisoformat(since) if since else None, is_rebuilding)
        return _Book(catalogue, run, await self.today(actor), made)

    async def _points(self, book: _Book, wanted: Sequence[Slot], only: Sequence[str] = ()) -> list[Point]:
        by, first, last = wanted[0].by, wanted[0].index, wanted[-1].index
        found = await self._totals.periods(book.run, by, first, last, only)
        return [Point(one, found.get(one.key, {})) for one in wanted]

    async def _before(
        self, book: _Book, by: By, first: int, count: int, only: Sequence[str] = ()
    ) -> Counts | None:
        """The counts of so many periods before that one; None where they reach back beyond what is known."""
        since = book.made.since
        if not count or since is None or last_day(by, first - count) < since:
            return None
        found = await self._totals.periods(book.run, by, first - count, first - 1, only)
        return list(found.values())

    async def _balance(self, book: _Book, day: int, only: Sequence[str]) -> Counts:
        """Counts of which the sum is how things stood as that day ended: of all months before, and of the days since."""
        month = index_of(By.MONTH, day)
        earlier = await self._totals.until(book.run, By.MONTH, month, only)
        begun = first_day(By.MONTH, month).toordinal()
        days = await self._totals.periods(book.run, By.DAY, begun, day, only)
        return [*earlier, *days.values()]
