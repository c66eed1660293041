"""Bars: single, in groups, or stacked; upright where the labels have room below, else lying. Pure."""

from collections.abc import Sequence

from gamification.insights.charts.figures import Language, short, ticks, written
from gamification.insights.charts.layout import (
    GAP,
    MARGIN,
    SIZE,
    Box,
    Scale,
    drawing,
    empty,
    joined,
    label,
    legend,
    rule,
    spread,
    unit_label,
    value_axis,
)
from gamification.insights.charts.marks import element, text
from gamification.insights.charts.model import BARS_MAX, About, Series, check_series, known
from gamification.insights.charts.theme import LIGHT
from gamification.insights.charts.writing import clean, fitted, width
from gamification.kit.records import record

TOLD_MAX = 20
"""Bars that the description tells of."""
_AXIS_HEIGHT = 22.0
_LYING_BAND = 26.0
_LABEL_PART = 0.35
"""Of the width, for the labels of lying bars at most."""
_TICK_WIDTH = 72.0
_FILLED = 0.72
"""Of a band, the part that is bars."""


@record(frozen=True, slots=True)
class _Bar:
    """A piece: its place along the axis of labels, its series, and from which value to which."""

    place: int
    series: int
    low: float
    high: float


def bar_chart(about: About, labels: Sequence[str], series: Sequence[Series], *, stacked: bool = False) -> str:
    """One to six series over up to 60 labels; each label's bars side by side, or stacked.

    Raises: ValueError where series do not go with the labels, or a stacked value is below 0.
    """
    check_series(series, len(labels), BARS_MAX)
    values = known(series)
    if not values:
        return empty(about)
    if stacked and min(values) < 0:
        raise ValueError("what is stacked is 0 or more")
    bars = _stacked(series) if stacked else _side_by_side(series)
    reach = [bar.low for bar in bars] + [bar.high for bar in bars]
    names, top = legend(about, [one.name for one in series], lines=False)
    unit, top = unit_label(about, top)
    columns = 1 if stacked else len(series)
    shown = [clean(each) for each in labels]
    told = _told(about, shown, series)
    upright = _upright(about, shown, series, bars, reach, columns, top + GAP)
    if upright is not None:
        return drawing(about, about.height, told, names, unit, upright)
    body, height = _lying(about, shown, series, bars, reach, columns, top)
    return drawing(about, height, told, names, unit, body)


def _stacked(series: Sequence[Series]) -> list[_Bar]:
    found: list[_Bar] = []
    for place in range(len(series[0].values)):
        reached = 0.0
        for index, one in enumerate(series):
            value = one.values[place]
            if value:
                found.append(_Bar(place, index, reached, reached + value))
                reached += value
    return found or [_Bar(0, 0, 0.0, 0.0)]


def _side_by_side(series: Sequence[Series]) -> list[_Bar]:
    return [
        _Bar(place, index, min(value, 0.0), max(value, 0.0))
        for index, one in enumerate(series)
        for place, value in enumerate(one.values)
        if value is not None
    ]


def _upright(
    about: About,
    labels: Sequence[str],
    series: Sequence[Series],
    bars: Sequence[_Bar],
    reach: Sequence[float],
    columns: int,
    top: float,
) -> str | None:
    """The bars standing, or None where the labels have no room below them."""
    bottom = about.height - MARGIN - _AXIS_HEIGHT
    figures = _figures(about, labels, series, bars)
    # Figures stand over bars, and under those that hang.
    foot = bottom - (SIZE + GAP if figures and min(reach) < 0 else 0)
    axis, scale, left = value_axis(about, reach, top + (SIZE if figures else 0), foot)
    box = Box(left, top, about.width - MARGIN, bottom)
    band = box.width / len(labels)
    if any(width(each, SIZE) > band - GAP / 2 for each in labels):
        return None
    thick = band * _FILLED / columns
    found = [axis]
    for bar in bars:
        x = (
            box.left
            + band * bar.place
            + band * (1 - _FILLED) / 2
            + (thick * bar.series if columns > 1 else 0)
        )
        y = scale.at(bar.high)
        shape = (x, y, thick - (1 if columns > 1 else 0), scale.at(bar.low) - y)
        found.append(_drawn(about, labels, series, bar, *shape))
    for place, each in enumerate(labels):
        found.append(label(each, box.left + band * (place + 0.5), bottom + _AXIS_HEIGHT - 4, anchor="middle"))
    if all(width(figure, SIZE) < band for _, _, figure in figures):
        for place, value, figure in figures:
            y = scale.at(value) - 5 if value >= 0 else scale.at(value) + SIZE + 3
            found.append(label(figure, box.left + band * (place + 0.5), y, anchor="middle", kind="ink"))
    return "".join(found)


def _lying(
    about: About,
    labels: Sequence[str],
    series: Sequence[Series],
    bars: Sequence[_Bar],
    reach: Sequence[float],
    columns: int,
    top: float,
) -> tuple[str, float]:
    """The bars lying, one label below the other, and how high that is."""
    band = _LYING_BAND + 10.0 * (columns - 1)
    room = about.width * _LABEL_PART
    shown = [fitted(each, SIZE, room) for each in labels]
    left = MARGIN + max(width(each, SIZE) for each in shown) + GAP
    figures = _figures(about, labels, series, bars)
    beside = max((width(figure, SIZE) for _, _, figure in figures), default=0.0) + GAP
    below = beside if min(reach) < 0 else 0.0
    box = Box(left + below, top + GAP, about.width - MARGIN - beside, top + GAP + band * len(labels))
    axis, scale = _axis_below(about, reach, box)
    found = [axis]
    thick = band * _FILLED / columns
    for bar in bars:
        y = box.top + band * bar.place + band * (1 - _FILLED) / 2 + (thick * bar.series if columns > 1 else 0)
        x = scale.at(bar.low)
        shape = (x, y, scale.at(bar.high) - x, thick - (1 if columns > 1 else 0))
        found.append(_drawn(about, labels, series, bar, *shape))
    for place, (each, whole) in enumerate(zip(shown, labels, strict=True)):
        y = box.top + band * (place + 0.5) + SIZE / 3
        cut = element("title", text(whole)) if each != whole else ""
        found.append(element("g", cut, label(each, left - GAP, y, anchor="end", kind="ink")))
    for place, value, figure in figures:
        y = box.top + band * (place + 0.5) + SIZE / 3
        x = scale.at(value) + (5 if value >= 0 else -5)
        found.append(label(figure, x, y, anchor="start" if value >= 0 else "end", kind="ink"))
    return "".join(found), box.bottom + _AXIS_HEIGHT + MARGIN


def _axis_below(about: About, reach: Sequence[float], box: Box) -> tuple[str, Scale]:
    """Lines from top to bottom with their values below, as many as keep apart."""
    count = max(2, int(box.width / _TICK_WIDTH))
    while True:
        marks = ticks(min(reach), max(reach), count)
        scale = Scale(marks[0], marks[-1], box.left, box.right)
        names = [short(mark, about.measure, about.language) for mark in marks]
        places = [scale.at(mark) for mark in marks]
        count -= 1
        if not count or spread(places, [width(name, SIZE) for name in names]):
            break
    found, free = [], 0.0
    for mark, name, x in zip(marks, names, places, strict=True):
        found.append(rule(x, box.top, x, box.bottom, strong=mark == 0))
        half = width(name, SIZE) / 2
        if x - half >= free and x + half <= about.width:
            found.append(label(name, x, box.bottom + SIZE + 5, anchor="middle"))
            free = x + half + GAP / 2
    return "".join(found), scale


def _drawn(
    about: About,
    labels: Sequence[str],
    series: Sequence[Series],
    bar: _Bar,
    x: float,
    y: float,
    wide: float,
    high: float,
) -> str:
    """A piece with its figure for who points at it."""
    value = series[bar.series].values[bar.place]
    figure = written(value or 0.0, about.measure, about.language)
    named = f"{clean(series[bar.series].name)}, " if len(series) > 1 else ""
    return element(
        "rect",
        element("title", text(f"{named}{labels[bar.place]}: {figure}")),
        x=x,
        y=y,
        width=max(wide, 0.5),
        height=max(high, 0.5),
        class_=f"f{bar.series}",
        fill=LIGHT.series[bar.series],
    )


def _figures(
    about: About, labels: Sequence[str], series: Sequence[Series], bars: Sequence[_Bar]
) -> list[tuple[int, float, str]]:
    """What is written at the end of each label's bar, where there is one bar: place, where it ends, figure."""
    if len(series) > 1 and len({(bar.place, bar.series) for bar in bars}) > len({bar.place for bar in bars}):
        stacked = all(bar.low >= 0 for bar in bars) and any(bar.low > 0 for bar in bars)
        if not stacked:
            return []
    ends: dict[int, float] = {}
    for bar in bars:
        ends[bar.place] = bar.low if bar.low < 0 else max(bar.high, ends.get(bar.place, 0.0))
    return [
        (place, end, short(end, about.measure, about.language))
        for place, end in sorted(ends.items())
        if place < len(labels)
    ]


def _told(about: About, labels: Sequence[str], series: Sequence[Series]) -> str:
    """The figures in words."""
    found = []
    for place, each in enumerate(labels[:TOLD_MAX]):
        stated = [
            (f"{clean(one.name)} " if len(series) > 1 else "") + written(value, about.measure, about.language)
            for one in series
            if (value := one.values[place]) is not None
        ]
        between = "、" if about.language is Language.ZH else ", "
        if stated:
            colon, stop = (":", "。") if about.language is Language.ZH else (": ", ".")
            found.append(f"{each}{colon}{between.join(stated)}{stop}")
    left = len(labels) - TOLD_MAX
    if left > 0:
        found.append(f"另有 {left} 项。" if about.language is Language.ZH else f"And {left} more.")
    return joined(found, about.language)
