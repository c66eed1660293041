"""Who comes back, who does not, and how soon they buy again: pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from gamification.insights.reports.slots import Made, Slot, share
from gamification.kit.records import record
from gamification.segments.lifecycle import Stage

COHORT_PERIODS_MAX = 53
_MOST = 90
_HALF = 50


class CohortKind(StrEnum):
    """JOINED: by when they joined. FIRST_PURCHASE: by when they first bought."""

    JOINED = "J"
    FIRST_PURCHASE = "P"


class ChurnOf(StrEnum):
    """ACTIVE: of who does anything. BUYING: of who buys."""

    ACTIVE = "a"
    BUYING = "b"

    @property
    def kept(self) -> str:
        """The count of those who were there in the period before too."""
        return "k" if self is ChurnOf.ACTIVE else "kb"


@record(frozen=True, slots=True)
class RetentionCell:
    """Of a cohort, so many periods later: how many were active, and bought."""

    later: int
    active: int
    buying: int
    is_complete: bool


@record(frozen=True, slots=True)
class RetentionRow:
    """A cohort, of `size` members, with a cell for each period that has begun."""

    slot: Slot
    size: int
    cells: tuple[RetentionCell, ...]


@record(frozen=True, slots=True)
class RetentionReport:
    """Cohorts in the order of time."""

    rows: tuple[RetentionRow, ...]
    made: Made


@record(frozen=True, slots=True)
class ChurnPoint:
    """Members of a period and how many of them were there in the one after it; None as long as that is not over."""

    slot: Slot
    members: int
    kept: int | None

    @property
    def lost(self) -> int | None:
        """How many were not."""
        return self.members - self.kept if self.kept is not None else None

    @property
    def rate(self) -> float | None:
        """Which share of them that is."""
        return share(self.lost, self.members) if self.lost is not None else None


@record(frozen=True, slots=True)
class ChurnReport:
    """Churn by period."""

    points: tuple[ChurnPoint, ...]
    made: Made


@record(frozen=True, slots=True)
class LifecyclePoint:
    """How many members were in each stage as a period ended, or are today."""

    slot: Slot
    stages: Mapping[Stage, int]


@record(frozen=True, slots=True)
class LifecycleReport:
    """The lifecycle over time, by what is known now."""

    points: tuple[LifecyclePoint, ...]
    made: Made


@record(frozen=True, slots=True)
class RepurchasePoint:
    """Buyers of a period. `repeat`: bought more than once in it; `first`: had never bought before; `again`: had bought in the period
    before, in which there were `before` buyers."""

    slot: Slot
    buyers: int
    repeat: int
    first: int
    again: int
    before: int

    @property
    def repeat_rate(self) -> float | None:
        """Which share of buyers bought more than once."""
        return share(self.repeat, self.buyers)

    @property
    def returning(self) -> int:
        """How many had bought before."""
        return self.buyers - self.first

    @property
    def again_rate(self) -> float | None:
        """Which share of the buyers of the period before bought again."""
        return share(self.again, self.before)


@record(frozen=True, slots=True)
class Gaps:
    """Days between a member's purchase day and the one before it."""

    count: int
    mean: float | None
    median: int | None
    most: int | None


@record(frozen=True, slots=True)
class RepurchaseReport:
    """Repurchase by period, and the time between purchases in the months that the periods are in."""

    points: tuple[RepurchasePoint, ...]
    gaps: Gaps
    made: Made


def gaps_of(histogram: Mapping[int, int]) -> Gaps:
    """From how often there were so many days between two: the mean, the median, and below which nine of ten lie (nearest rank)."""
    count = sum(histogram.values())
    if not count:
        return Gaps(0, None, None, None)
    days = sum(gap * number for gap, number in histogram.items())
    return Gaps(count, days / count, _ranked(histogram, count, _HALF), _ranked(histogram, count, _MOST))


def _ranked(histogram: Mapping[int, int], count: int, percent: int) -> int:
    rank, passed = max(-(-count * percent // 100), 1), 0
    for gap in sorted(histogram):
        passed += histogram[gap]
        if passed >= rank:
            return gap
    raise AssertionError("a rank is within the count")


def cells_of(
    counts: Mapping[str, int], slot: Slot, later: Sequence[tuple[int, bool]]
) -> tuple[RetentionCell, ...]:
    """The cells of a cohort; `later` are the periods that have begun: how many later, and whether each is over."""
    return tuple(
        RetentionCell(one, counts.get(f"c.{one}.a", 0), counts.get(f"c.{one}.b", 0), is_complete)
        for one, is_complete in later
    )
