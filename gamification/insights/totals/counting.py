"""What one member adds to a programme's totals: pure. The totals are the sum of this over all members."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gamification.insights.totals.model import (
    Buys,
    Cells,
    Counts,
    Subject,
    Terms,
    cell_of,
    cohort_of,
    encoded,
)
from gamification.insights.totals.periods import By, index_of
from gamification.programmes.definitions import Lifecycle
from gamification.rollups.model import MemberDay, MemberMonth
from gamification.segments.lifecycle import Stage

WEEKLY_DAYS = 7
MONTHLY_DAYS = 30
Span = tuple[int, int]
"""The first and the last day, as ordinals, on which two histories differ."""
_MORE_THAN_ONCE = 2


def days_of(months: Iterable[MemberMonth]) -> list[MemberDay]:
    """A member's days in order."""
    return sorted((day for month in months for day in month.days), key=lambda one: one.day)


def span_of(before: Sequence[MemberDay], after: Sequence[MemberDay]) -> Span | None:
    """From where to where two histories differ; None where they don't."""
    then, now = {one.day: one for one in before}, {one.day: one for one in after}
    changed = [day for day in then.keys() | now.keys() if then.get(day) != now.get(day)]
    return (min(changed).toordinal(), max(changed).toordinal()) if changed else None


def buys_of(days: Sequence[MemberDay]) -> Buys | None:
    """What models of customers need; None for who never bought."""
    bought = [one for one in days if one.purchases]
    if not bought:
        return None
    first, last = bought[0].day.toordinal(), bought[-1].day.toordinal()
    return Buys(first, last, len(bought) - 1, sum(one.spend for one in bought[1:]))


def count(subject: Subject, days: Sequence[MemberDay], terms: Terms, span: Span | None = None) -> Cells:
    """A member's part of all totals. With `span`, days far from it are left out: two histories that differ within it only have
    the same there."""
    cells: Cells = {}
    active = [one.day.toordinal() for one in days]
    bought = [one.day.toordinal() for one in days if one.purchases]
    for by in By:
        _periods(cells, by, days, span if by is By.DAY else None)
        if bought:
            _cell(cells, by, bought[0])["f"] = 1
        if subject.joined is not None:
            counts = _cell(cells, by, subject.joined)
            counts["j"] = counts.get("j", 0) + 1
    for name, width in (("w", WEEKLY_DAYS), ("m", MONTHLY_DAYS)):
        _windows(cells, name, width, active, span)
    for by in (By.WEEK, By.MONTH):
        if subject.joined is not None:
            _cohort(cells, "J", by, subject.joined, active, bought)
        if bought:
            _cohort(cells, "P", by, bought[0], active, bought)
    for before, day in pairwise(bought):
        _add(_cell(cells, By.MONTH, day), f"g.{day - before}")
    since = _since(subject, active)
    if since is not None:
        marks = bought if terms.by_purchase else active
        _stages(cells, terms.lifecycle, marks, since, subject.gone)
        for ladder, lowest in terms.ladders.items():
            _tiers(cells, ladder, lowest, subject.changes.get(ladder, ()), since, subject.gone, active)
    return cells


def _since(subject: Subject, active: Sequence[int]) -> int | None:
    """Since when somebody is a member: since they joined, or did something, as imported activity is older."""
    if subject.joined is None:
        return None
    return min(subject.joined, active[0]) if active else subject.joined


def _cell(cells: Cells, by: By, ordinal: int) -> Counts:
    return cells.setdefault(cell_of(by, index_of(by, ordinal)), {})


def _add(counts: Counts, name: str, amount: int = 1) -> None:
    counts[name] = counts.get(name, 0) + amount


def _periods(cells: Cells, by: By, days: Sequence[MemberDay], span: Span | None) -> None:
    """What is added up of each period, and whether the member was there in the one before."""
    active: set[int] = set()
    buying: dict[int, int] = {}
    for day in days:
        index = index_of(by, day.day.toordinal())
        active.add(index)
        if day.purchases:
            buying[index] = buying.get(index, 0) + day.purchases
        # Who comes the day after is there on two days in a row, or no more.
        if span is not None and not span[0] <= index <= span[1] + 1:
            continue
        counts = cells.setdefault(cell_of(by, index), {})
        _add(counts, "n", day.activities)
        _add(counts, "d")
        _add(counts, "p", day.purchases)
        _add(counts, "s", day.spend)
        for key, number in day.counts.items():
            _add(counts, f"t.{encoded(key)}", number)
    for index in active:
        if span is not None and not span[0] <= index <= span[1] + 1:
            continue
        counts = cells[cell_of(by, index)]
        counts["a"] = 1
        if index - 1 in active:
            counts["k"] = 1
        if index in buying:
            counts["b"] = 1
            if buying[index] >= _MORE_THAN_ONCE:
                counts["r"] = 1
            if index - 1 in buying:
                counts["kb"] = 1


def _windows(cells: Cells, name: str, width: int, active: Sequence[int], span: Span | None) -> None:
    """The days on which somebody was active within so many days."""
    for place, day in enumerate(active):
        end = min(day + width, active[place + 1]) if place + 1 < len(active) else day + width
        start = day
        if span is not None:
            start, end = max(start, span[0]), min(end, span[1] + width)
        for ordinal in range(start, end):
            cells.setdefault(cell_of(By.DAY, ordinal), {})[name] = 1


def _cohort(
    cells: Cells, kind: str, by: By, began: int, active: Sequence[int], bought: Sequence[int]
) -> None:
    first = index_of(by, began)
    counts = cells.setdefault(cohort_of(kind, by, first), {})
    counts["z"] = 1
    for name, marks in (("a", active), ("b", bought)):
        for index in {index_of(by, day) for day in marks}:
            if index >= first:
                counts[f"c.{index - first}.{name}"] = 1


def stages(
    lifecycle: Lifecycle, marks: Sequence[int], since: int, until: int | None
) -> list[tuple[int, Stage]]:
    """(day, stage from then on) from `since` to before `until`; `marks` are the days that the lifecycle goes by, in order."""
    back = [day for before, day in pairwise(marks) if day - before >= lifecycle.silent]
    bounds = {since}
    for mark in marks:
        bounds |= {mark, mark + lifecycle.at_risk, mark + lifecycle.silent}
    bounds |= {marks[0] + lifecycle.new} if marks else set()
    bounds |= {day + lifecycle.returned for day in back}
    found: list[tuple[int, Stage]] = []
    for day in sorted(bounds):
        if day < since or (until is not None and day >= until):
            continue
        stage = _stage_on(lifecycle, marks, back, day)
        if not found or found[-1][1] is not stage:
            found.append((day, stage))
    return found


def _stage_on(lifecycle: Lifecycle, marks: Sequence[int], back: Sequence[int], day: int) -> Stage:
    """The same as `segments.lifecycle.stage_of`, for each day of a history without reading it anew: a test compares them."""
    known = bisect_right(marks, day)
    if not known:
        return Stage.PROSPECT
    since = day - marks[known - 1]
    if since >= lifecycle.silent:
        return Stage.SILENT
    returns = bisect_right(back, day)
    if returns and day - back[returns - 1] < lifecycle.returned:
        return Stage.RETURNED
    if day - marks[0] < lifecycle.new:
        return Stage.NEW
    return Stage.AT_RISK if since >= lifecycle.at_risk else Stage.ACTIVE


def _stages(cells: Cells, lifecycle: Lifecycle, marks: Sequence[int], since: int, until: int | None) -> None:
    before: Stage | None = None
    for day, stage in [*stages(lifecycle, marks, since, until), *([(until, None)] if until else [])]:
        for by in By:
            counts = _cell(cells, by, day)
            if before is not None:
                _add(counts, f"st.{before.value}", -1)
            if stage is not None:
                _add(counts, f"st.{stage.value}")
        before = stage


def _tiers(
    cells: Cells,
    ladder: str,
    lowest: str,
    changes: Sequence[tuple[int, str]],
    since: int,
    until: int | None,
    active: Sequence[int],
) -> None:
    """The tier held as each month ends, from the month of the beginning to that before the end."""
    name = f"l.{encoded(ladder)}"
    begins = index_of(By.MONTH, since)
    ends = index_of(By.MONTH, until) if until is not None else None
    held: dict[int, str] = {begins: lowest}
    for day, tier in changes:  # of several in a month the last one counts
        held[max(index_of(By.MONTH, day), begins)] = tier
    course = sorted((month, tier) for month, tier in held.items() if ends is None or month < ends)
    before: str | None = None
    for month, tier in course:
        counts = cells.setdefault(cell_of(By.MONTH, month), {})
        if before is not None:
            _add(counts, f"{name}.{encoded(before)}.h", -1)
        _add(counts, f"{name}.{encoded(tier)}.h")
        before = tier
    if before is not None and ends is not None:
        _add(cells.setdefault(cell_of(By.MONTH, ends), {}), f"{name}.{encoded(before)}.h", -1)
    months = [month for month, _ in course]
    for month in {index_of(By.MONTH, day) for day in active}:
        place = bisect_right(months, month)
        if place and (ends is None or month < ends):
            _add(
                cells.setdefault(cell_of(By.MONTH, month), {}),
                f"{name}.{encoded(course[place - 1][1])}.a",
            )
