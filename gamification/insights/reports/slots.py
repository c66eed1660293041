"""The periods that a report is asked for: pure."""

from collections.abc import Mapping
from datetime import date, datetime

from gamification.insights.totals.periods import By, first_day, index_of, key_of, last_day
from gamification.kit.errors import InvalidInput
from gamification.kit.records import record

POINTS_MAX = {By.DAY: 400, By.WEEK: 270, By.MONTH: 120}
"""Periods of one report."""
FIRST = date(1970, 1, 1)


@record(frozen=True, slots=True)
class Slot:
    """A period of a report. `is_complete`: it is over, so that its figures change only by what is told late."""

    by: By
    index: int
    is_complete: bool

    @property
    def key(self) -> str:
        """Its key, such as `2026-W47`."""
        return key_of(self.by, self.index)

    @property
    def starts_on(self) -> date:
        """Its first day."""
        return first_day(self.by, self.index)

    @property
    def ends_on(self) -> date:
        """Its last day."""
        return last_day(self.by, self.index)


@record(frozen=True, slots=True)
class Made:
    """How far a report can be believed: all that happened until `as_of` is in it. `since`: the first day of which anything is
    known; `is_rebuilding`: other terms go by now, such as another zone, and all is being added up anew; until then it stands
    as it was."""

    as_of: datetime
    since: date | None
    is_rebuilding: bool


@record(frozen=True, slots=True)
class Point:
    """A period with what was counted in it."""

    slot: Slot
    counts: Mapping[str, int]

    def of(self, name: str) -> int:
        """One count; 0 for none."""
        return self.counts.get(name, 0)

    def group(self, name: str) -> dict[str, int]:
        """All counts of a group, by what comes after its name."""
        prefix = f"{name}."
        return {
            key.removeprefix(prefix): count for key, count in self.counts.items() if key.startswith(prefix)
        }


def slots(by: By, first: date, last: date, today: date) -> list[Slot]:
    """The periods from the one that holds `first` to the one that holds `last`, or today where that is before.

    Raises: InvalidInput for days that make no sense, and for too many periods.
    """
    if first < FIRST or first > today:
        raise InvalidInput(f"from lies between {FIRST} and today, {today}.", path=["from"])
    if last < first:
        raise InvalidInput("to is not before from.", path=["to"])
    begin, end = index_of(by, first.toordinal()), index_of(by, min(last, today).toordinal())
    if end - begin >= POINTS_MAX[by]:
        raise InvalidInput(
            f"A report has at most {POINTS_MAX[by]} periods of this length.",
            path=["from"],
            limit=POINTS_MAX[by],
        )
    return [slot(by, index, today) for index in range(begin, end + 1)]


def slot(by: By, index: int, today: date) -> Slot:
    """The period of that number."""
    return Slot(by, index, last_day(by, index) < today)


def share(part: int | float, whole: int | float) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None
