"""What all charts have in common: the drawing, its title and description, the legend, axes. Pure."""

from collections.abc import Sequence
from hashlib import blake2b

from gamification.insights.charts.figures import Language, short, ticks
from gamification.insights.charts.marks import element, text
from gamification.insights.charts.model import About
from gamification.insights.charts.theme import DASHES, LIGHT, style
from gamification.insights.charts.writing import FONTS, clean, fitted, width
from gamification.kit.records import record

SIZE, TITLE_SIZE = 12.0, 15.0
MARGIN = 16.0
GAP = 8.0
_LINE = 18.0
_SWATCH = 22.0
_NO_DATA = {Language.EN: "No data", Language.ZH: "暂无数据"}
_STEP_HEIGHT = 48.0


@record(frozen=True, slots=True)
class Box:
    """The area in which values are drawn, in pixels from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Of the area."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Of the area."""
        return self.bottom - self.top


@record(frozen=True, slots=True)
class Scale:
    """From values to pixels: `low` is at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value is."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def label(
    content: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    kind: str = "quiet",
    size: float = SIZE,
    bold: bool = False,
) -> str:
    """A line of text whose baseline is at y."""
    colour = LIGHT.ink if kind == "ink" else LIGHT.quiet
    return element(
        "text",
        text(content),
        x=x,
        y=y,
        text_anchor=anchor if anchor != "start" else "",
        font_size="" if size == SIZE else size,
        font_weight="600" if bold else "",
        class_=kind,
        fill=colour,
    )


def drawing(about: About, height: float, told: str, *parts: str) -> str:
    """The whole chart. `told` says its figures in words."""
    title, described = clean(about.title), " ".join(filter(None, (clean(about.description), told)))
    body = "".join(parts)
    # Several charts in one page need ids of their own, and the same chart the same ones.
    own = blake2b(f"{title}\n{described}\n{body}".encode(), digest_size=6).hexdigest()
    heading = fitted(title, TITLE_SIZE * 1.06, about.width - 2 * MARGIN)
    return element(
        "svg",
        element("title", text(title), id=f"t{own}"),
        element("desc", text(described), id=f"d{own}"),
        element("style", style()),
        element("rect", width=about.width, height=height, class_="ground", fill=LIGHT.ground),
        label(heading, MARGIN, MARGIN + TITLE_SIZE - 2, kind="ink", size=TITLE_SIZE, bold=True),
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {about.width} {height:g}",
        width=about.width,
        height=height,
        role="img",
        lang="zh-CN" if about.language is Language.ZH else "en",
        aria_labelledby=f"t{own} d{own}",
        class_="sg-chart",
        font_family=FONTS,
        font_size=SIZE,
    )


def legend(about: About, names: Sequence[str], *, lines: bool) -> tuple[str, float]:
    """Names of the series beside their colours, and where the legend ends. One series needs none."""
    y = MARGIN + TITLE_SIZE + GAP
    if len(names) < 2:
        return "", y
    found: list[str] = []
    x, room = MARGIN, about.width - 2 * MARGIN
    for index, name in enumerate(names):
        shown = fitted(clean(name), SIZE, room - _SWATCH)
        wide = _SWATCH + width(shown, SIZE) + 2 * GAP
        if x > MARGIN and x + wide > about.width:
            x, y = MARGIN, y + _LINE
        found += [swatch(index, x, y + 5, lines=lines), label(shown, x + _SWATCH, y + 13, kind="ink")]
        x += wide
    return "".join(found), y + _LINE


def swatch(index: int, x: float, y: float, *, lines: bool) -> str:
    """The colour of a series, and for lines the dash."""
    colour = LIGHT.series[index]
    if not lines:
        return element("rect", x=x, y=y - 1, width=14, height=10, rx=2, class_=f"f{index}", fill=colour)
    return element(
        "path",
        d=f"M{x:g} {y + 4:g}h18",
        class_=f"s{index}",
        stroke=colour,
        stroke_width=2.5,
        stroke_dasharray=DASHES[index],
        fill="none",
    )


def value_axis(about: About, values: Sequence[float], top: float, bottom: float) -> tuple[str, Scale, float]:
    """Lines across the chart with their values to the left; the scale, and where the area begins."""
    marks = ticks(min(values), max(values), max(2, int((bottom - top) / _STEP_HEIGHT)))
    names = [short(mark, about.measure, about.language) for mark in marks]
    left = MARGIN + max(width(name, SIZE) for name in names) + GAP
    scale = Scale(marks[0], marks[-1], bottom, top)
    found = []
    for mark, name in zip(marks, names, strict=True):
        y = scale.at(mark)
        found += [
            rule(left, y, about.width - MARGIN, y, strong=mark == 0),
            label(name, left - GAP, y + 4, anchor="end"),
        ]
    return "".join(found), scale, left


def unit_label(about: About, y: float) -> tuple[str, float]:
    """The unit above the axis of values, and where it ends."""
    unit = fitted(clean(about.unit), SIZE, about.width - 2 * MARGIN)
    return (label(unit, MARGIN, y + 13), y + _LINE + GAP / 2) if unit else ("", y)


def rule(x1: float, y1: float, x2: float, y2: float, *, strong: bool) -> str:
    """A line of the grid, or an axis."""
    colour = LIGHT.quiet if strong else LIGHT.grid
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="axis" if strong else "grid", stroke=colour)


def empty(about: About) -> str:
    """A chart of nothing says so."""
    says = _NO_DATA[about.language]
    middle = about.height / 2
    return drawing(about, about.height, says, label(says, about.width / 2, middle, anchor="middle"))


def spread(places: Sequence[float], wide: Sequence[float]) -> bool:
    """Whether labels of these widths, centred at these places in order, keep apart."""
    ends = zip(places[:-1], places[1:], wide[:-1], wide[1:], strict=True)
    return all(two - one >= (of_one + of_two) / 2 + GAP for one, two, of_one, of_two in ends)


def kept_inside(x: float, wide: float, least: float, most: float) -> float:
    """Where the middle of a label is when it must not leave the drawing."""
    return min(max(x, least + wide / 2), most - wide / 2)


def joined(parts: Sequence[str], language: Language) -> str:
    """Sentences one after the other."""
    return ("" if language is Language.ZH else " ").join(parts)
