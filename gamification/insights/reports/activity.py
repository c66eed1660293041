"""How much members do, and what they buy: pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from gamification.insights.reports.slots import Made, Point, share
from gamification.insights.totals.model import decoded, total
from gamification.insights.totals.periods import By
from gamification.kit.records import record


@record(frozen=True, slots=True)
class ActivityPoint(Point):
    """Members and their activity in a period. `today`: of the present period only the days until now count."""

    today: date

    @property
    def by_type(self) -> dict[str, int]:
        """Activity of each type, the most frequent first."""
        found = {decoded(name): count for name, count in self.group("t").items() if count}
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))

    @property
    def weekly(self) -> int | None:
        """Members active in the seven days that end with it; of days only."""
        return self.of("w") if self.slot.by is By.DAY else None

    @property
    def monthly(self) -> int | None:
        """The same of thirty days."""
        return self.of("m") if self.slot.by is By.DAY else None

    @property
    def days(self) -> int:
        """How many days of it have begun."""
        return (min(self.slot.ends_on, self.today) - self.slot.starts_on).days + 1

    @property
    def daily_mean(self) -> float:
        """Members active on a day, on average over its days so far."""
        return self.of("d") / self.days

    @property
    def stickiness(self) -> float | None:
        """Of a day: those active on it among those active in the thirty days that end with it. Of a week or month: those active
        on a day, on average, among those active in it."""
        if self.slot.by is By.DAY:
            return share(self.of("a"), self.of("m"))
        return share(self.daily_mean, self.of("a"))

    @property
    def basket(self) -> float | None:
        """What a purchase came to on average, in the currency's smallest part."""
        return share(self.of("s"), self.of("p"))

    @property
    def per_buyer(self) -> float | None:
        """What a buyer paid in it on average."""
        return share(self.of("s"), self.of("b"))


@record(frozen=True, slots=True)
class ActivitySum:
    """What was done in several periods that are over. `mean_active`: members active in one of them, on average."""

    periods: int
    activities: int
    joined: int
    purchases: int
    spend: int
    first_buyers: int
    mean_active: float
    mean_buyers: float

    @property
    def basket(self) -> float | None:
        """What a purchase came to on average."""
        return share(self.spend, self.purchases)


@record(frozen=True, slots=True)
class ActivityReport:
    """`total`: of the periods that are over; `before`: of as many that came before the first one, None where they reach back beyond
    what is known, or where none is over."""

    points: tuple[ActivityPoint, ...]
    total: ActivitySum | None
    before: ActivitySum | None
    made: Made


def sum_of(counts: Sequence[Mapping[str, int]], periods: int) -> ActivitySum | None:
    """The sum over so many periods, of which those without anything may be left out; None of none."""
    if not periods:
        return None
    return ActivitySum(
        periods,
        total(counts, "n"),
        total(counts, "j"),
        total(counts, "p"),
        total(counts, "s"),
        total(counts, "f"),
        total(counts, "a") / periods,
        total(counts, "b") / periods,
    )
