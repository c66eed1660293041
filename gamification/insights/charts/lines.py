"""Time series as lines. Pure."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from gamification.insights.charts.figures import (
    DateTick,
    Language,
    date_ticks,
    day_written,
    written,
)
from gamification.insights.charts.layout import (
    GAP,
    MARGIN,
    SIZE,
    Scale,
    drawing,
    empty,
    joined,
    kept_inside,
    label,
    legend,
    rule,
    spread,
    unit_label,
    value_axis,
)
from gamification.insights.charts.marks import element, path, text
from gamification.insights.charts.model import POINTS_MAX, About, Series, check_series, known
from gamification.insights.charts.theme import DASHES, LIGHT
from gamification.insights.charts.writing import clean, width

HINTS_MAX = 400
"""Points up to which each shows its figure to who points at it."""
_AXIS_HEIGHT = 22.0
_NARROWEST = 36.0


def line_chart(about: About, days: Sequence[date], series: Sequence[Series]) -> str:
    """One to six series over days in ascending order; a None breaks the line. The axis of values begins at 0.

    Raises: ValueError where days are not ascending, or series do not go with them.
    """
    check_series(series, len(days), POINTS_MAX)
    if any(one >= two for one, two in pairwise(days)):
        raise ValueError("days must ascend")
    values = known(series)
    if not values:
        return empty(about)
    names, top = legend(about, [one.name for one in series], lines=True)
    unit, top = unit_label(about, top)
    bottom = about.height - MARGIN - _AXIS_HEIGHT
    axis, scale, left = value_axis(about, values, top + GAP, bottom)
    first, last = days[0].toordinal(), days[-1].toordinal()
    across = Scale(first, last, left + GAP, about.width - MARGIN - GAP)
    if first == last:
        across = Scale(first - 1, first + 1, across.start, across.end)
    parts = [names, unit, axis, _days(about, days, across, bottom)]
    # The first series is the one that matters most: it is drawn over the others.
    parts += [_line(days, series[index], index, across, scale) for index in reversed(range(len(series)))]
    if len(values) <= HINTS_MAX:
        parts += [
            _hint(about, series[index], day, place, across, scale)
            for index in range(len(series))
            for place, day in enumerate(days)
            if series[index].values[place] is not None
        ]
    return drawing(about, about.height, _told(about, days, series), *parts)


def _days(about: About, days: Sequence[date], across: Scale, bottom: float) -> str:
    """As many dates as keep apart."""
    chosen: list[DateTick] = []
    for most in range(max(1, int((across.end - across.start) / _NARROWEST)), 0, -1):
        chosen = date_ticks(days, most, about.language)
        places, wide = _placed(about, chosen, across)
        if spread(places, wide):
            break
    places, _ = _placed(about, chosen, across)
    found = []
    for tick, place in zip(chosen, places, strict=True):
        x = across.at(tick.day.toordinal())
        found += [
            rule(x, bottom, x, bottom + 4, strong=True),
            label(tick.label, place, bottom + _AXIS_HEIGHT - 4, anchor="middle"),
        ]
    return "".join(found)


def _placed(about: About, chosen: Sequence[DateTick], across: Scale) -> tuple[list[float], list[float]]:
    wide = [width(tick.label, SIZE) for tick in chosen]
    places = [
        kept_inside(across.at(tick.day.toordinal()), each, GAP, about.width - GAP)
        for tick, each in zip(chosen, wide, strict=True)
    ]
    return places, wide


def _line(days: Sequence[date], one: Series, index: int, across: Scale, scale: Scale) -> str:
    """The series' unbroken stretches; a point alone is a dot."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for day, value in zip(days, one.values, strict=True):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append((across.at(day.toordinal()), scale.at(value)))
    colour, found = LIGHT.series[index], []
    for points in stretches:
        if len(points) == 1:
            x, y = points[0]
            found.append(element("circle", cx=x, cy=y, r=3.5, class_=f"f{index}", fill=colour))
        elif points:
            found.append(
                element(
                    "path",
                    d=path(points),
                    class_=f"s{index}",
                    stroke=colour,
                    stroke_width=2,
                    stroke_linejoin="round",
                    stroke_linecap="butt" if DASHES[index] else "round",
                    stroke_dasharray=DASHES[index],
                    fill="none",
                )
            )
    return "".join(found)


def _hint(about: About, one: Series, day: date, place: int, across: Scale, scale: Scale) -> str:
    """What a point is, where the pointer rests on it."""
    value = one.values[place]
    assert value is not None  # noqa: S101 - the caller has left those out
    figure = written(value, about.measure, about.language)
    says = f"{clean(one.name)}, {day_written(day, about.language)}: {figure}"
    return element(
        "circle",
        element("title", text(says)),
        cx=across.at(day.toordinal()),
        cy=scale.at(value),
        r=6,
        fill="transparent",
    )


def _told(about: About, days: Sequence[date], series: Sequence[Series]) -> str:
    """The course of each series in words."""
    found = []
    for one in series:
        there = [(day, value) for day, value in zip(days, one.values, strict=True) if value is not None]
        if not there:
            continue
        (first, begin), (last, end) = there[0], there[-1]
        figures = (begin, end, min(value for _, value in there), max(value for _, value in there))
        a, b, least, most = (written(value, about.measure, about.language) for value in figures)
        since, until = day_written(first, about.language), day_written(last, about.language)
        if about.language is Language.ZH:
            found.append(f"{clean(one.name)}:{since}为 {a},{until}为 {b},最低 {least},最高 {most}。")
        else:
            found.append(f"{clean(one.name)}: {a} on {since}, {b} on {until}, least {least}, most {most}.")
    return joined(found, about.language)
