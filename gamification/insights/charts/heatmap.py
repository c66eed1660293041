"""Retention and its like: rows of cells, the fuller the more. Pure."""

import math
from collections.abc import Callable, Sequence

from gamification.insights.charts.figures import Language, Measure, short, written
from gamification.insights.charts.layout import (
    GAP,
    MARGIN,
    SIZE,
    TITLE_SIZE,
    drawing,
    empty,
    joined,
    kept_inside,
    label,
    unit_label,
)
from gamification.insights.charts.marks import element, text
from gamification.insights.charts.model import About
from gamification.insights.charts.theme import LEVELS, LIGHT
from gamification.insights.charts.writing import clean, fitted, width
from gamification.kit.records import record

ROWS_MAX = 60
COLUMNS_MAX = 60
_ROW = 26.0
_KEY_CELL = 18.0
_LABEL_PART = 0.3
_TOLD_MAX = 12
Writer = Callable[[float], str]
_SIZE_HEAD = {Language.EN: "Members", Language.ZH: "人数"}


@record(frozen=True, slots=True)
class Row:
    """A cohort: its name, how many members it has (None for none to show), and a value for each column; None where there is none
    yet."""

    label: str
    size: int | None
    values: tuple[float | None, ...]


def heat_map(about: About, columns: Sequence[str], rows: Sequence[Row], full: float | None = None) -> str:
    """A row of cells for each cohort. Colours run from 0 to `full`, what is more is as dark; unless said, `full` is the largest value
    below 1 of shares (so that a first column of 100 % does not take all colours), and else the largest.

    Raises: ValueError for too many rows or columns, or values that are below 0, no number, or too few for the columns.
    """
    _check(columns, rows)
    values = [value for row in rows for value in row.values if value is not None]
    if not values:
        return empty(about)
    below = [value for value in values if value < 1] if about.measure is Measure.SHARE else values
    most = full if full is not None else max(below, default=1.0)
    most = most if most > 0 else 1.0
    unit, top = unit_label(about, MARGIN + TITLE_SIZE + GAP)
    names = [fitted(clean(row.label), SIZE, about.width * _LABEL_PART) for row in rows]
    sizes = ["" if row.size is None else written(row.size, Measure.NUMBER, about.language) for row in rows]
    left = MARGIN + max(width(name, SIZE) for name in names) + GAP
    if any(sizes):
        head = _SIZE_HEAD[about.language]
        left += max(width(each, SIZE) for each in (*sizes, head)) + GAP
    wide = (about.width - MARGIN - left) / len(columns)
    parts = [unit, _heads(columns, left, wide, top)]
    if any(sizes):
        parts.append(label(_SIZE_HEAD[about.language], left - GAP, top + SIZE + 2, anchor="end"))
    top += _ROW
    writer = _figures(about, rows, wide - 2)
    for place, row in enumerate(rows):
        y = top + _ROW * place
        parts += [
            label(names[place], MARGIN, y + _ROW / 2 + SIZE / 3, kind="ink"),
            label(sizes[place], left - GAP, y + _ROW / 2 + SIZE / 3, anchor="end") if sizes[place] else "",
        ]
        parts += _cells(about, columns, row, most, writer, left, wide, y)
    bottom = top + _ROW * len(rows)
    parts.append(_key(about, most, bottom + GAP))
    return drawing(about, bottom + GAP + _KEY_CELL + MARGIN, _told(about, columns, rows), *parts)


def level(value: float, full: float) -> int:
    """Which colour a value has, from 0 to 9."""
    return min(int(value / full * LEVELS), LEVELS - 1)


def _heads(columns: Sequence[str], left: float, wide: float, top: float) -> str:
    """Every column's name, or each second, third, …, so that they keep apart."""
    shown = [clean(each) for each in columns]
    widest = max(width(each, SIZE) for each in shown)
    step = max(1, math.ceil((widest + GAP) / wide))
    right = left + wide * len(columns)
    found, free = [], left
    for place in range(0, len(shown), step):
        name = fitted(shown[place], SIZE, right - left)
        each = width(name, SIZE)
        x = kept_inside(left + wide * (place + 0.5), each, left, right)
        # At the edges a name leaves its column.
        if x - each / 2 >= free:
            found.append(label(name, x, top + SIZE + 2, anchor="middle"))
            free = x + each / 2 + GAP / 2
    return "".join(found)


def _figures(about: About, rows: Sequence[Row], room: float) -> Writer | None:
    """How the cells are written: exactly, or to whole percents, or not at all, so that all have room."""
    values = [value for row in rows for value in row.values if value is not None]

    def exact(value: float) -> str:
        return short(value, about.measure, about.language)

    def whole(value: float) -> str:
        return written(round(value, 2), about.measure, about.language)

    ways = (exact, whole) if about.measure is Measure.SHARE else (exact,)
    return next((way for way in ways if all(width(way(value), SIZE) <= room for value in values)), None)


def _cells(
    about: About,
    columns: Sequence[str],
    row: Row,
    full: float,
    writer: Writer | None,
    left: float,
    wide: float,
    y: float,
) -> list[str]:
    found = []
    for place, value in enumerate(row.values):
        if value is None:
            continue
        at, x = level(value, full), left + wide * place
        figure = written(value, about.measure, about.language)
        cell = element(
            "rect",
            x=x + 0.5,
            y=y + 0.5,
            width=max(wide - 1, 0.5),
            height=_ROW - 1,
            rx=2,
            class_=f"h{at}",
            fill=LIGHT.heat[at],
        )
        inside = ""
        if writer is not None:
            inside = element(
                "text",
                text(writer(value)),
                x=x + wide / 2,
                y=y + _ROW / 2 + SIZE / 3,
                text_anchor="middle",
                class_=f"i{at}",
                fill=LIGHT.heat_ink[at],
            )
        says = f"{clean(row.label)}, {clean(columns[place])}: {figure}"
        found.append(element("g", element("title", text(says)), cell, inside))
    return found


def _key(about: About, full: float, y: float) -> str:
    """What the colours mean."""
    least, most = short(0.0, about.measure, about.language), short(full, about.measure, about.language)
    x = MARGIN
    found = [label(least, x, y + SIZE)]
    x += width(least, SIZE) + GAP
    for at in range(LEVELS):
        found.append(
            element("rect", x=x, y=y + 1, width=_KEY_CELL, height=12, class_=f"h{at}", fill=LIGHT.heat[at])
        )
        x += _KEY_CELL
    found.append(label(most, x + GAP, y + SIZE))
    return "".join(found)


def _told(about: About, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """The last figure of each row in words."""
    found = []
    for row in rows[:_TOLD_MAX]:
        there = [(columns[place], value) for place, value in enumerate(row.values) if value is not None]
        if there:
            name, value = there[-1]
            figure = written(value, about.measure, about.language)
            if about.language is Language.ZH:
                found.append(f"{clean(row.label)}:{clean(name)} {figure}。")
            else:
                found.append(f"{clean(row.label)}: {figure} at {clean(name)}.")
    return joined(found, about.language)


def _check(columns: Sequence[str], rows: Sequence[Row]) -> None:
    if len(rows) > ROWS_MAX or not 1 <= len(columns) <= COLUMNS_MAX:
        raise ValueError(f"a heat map has up to {ROWS_MAX} rows and 1 to {COLUMNS_MAX} columns")
    for row in rows:
        if len(row.values) != len(columns):
            raise ValueError(f"{row.label!r} has {len(row.values)} values for {len(columns)} columns")
        if any(value is not None and not (math.isfinite(value) and value >= 0) for value in row.values):
            raise ValueError(f"{row.label!r} has a value that is no share")
