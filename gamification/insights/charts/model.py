"""What is to be drawn."""

import math
from collections.abc import Sequence

from gamification.insights.charts.figures import Language, Measure
from gamification.insights.charts.theme import SERIES_MAX
from gamification.kit.records import record

POINTS_MAX = 2_000
"""Values of a series."""
BARS_MAX = 60
WIDTH_MIN, WIDTH_MAX = 240, 4_000


@record(frozen=True, slots=True)
class Series:
    """Values under one name, one for each place on the axis; None where there is none."""

    name: str
    values: tuple[float | None, ...]


@record(frozen=True, slots=True)
class About:
    """What a chart says of itself. `unit` stands above the axis of values ("members", "元"). `description` is for who does not see the
    chart; what the figures are is added to it. Width and height are in pixels; what needs more height takes it.

    Raises: ValueError.
    """

    title: str
    description: str = ""
    unit: str = ""
    language: Language = Language.EN
    measure: Measure = Measure.NUMBER
    width: int = 720
    height: int = 320

    def __post_init__(self) -> None:
        if not WIDTH_MIN <= self.width <= WIDTH_MAX or not WIDTH_MIN * 2 // 3 <= self.height <= WIDTH_MAX:
            raise ValueError(f"a chart is {WIDTH_MIN} to {WIDTH_MAX} pixels wide")


def check_series(series: Sequence[Series], length: int, most: int) -> None:
    """Raises: ValueError where there are too many series or values, too few values for the axis, or one that is no number."""
    if not 1 <= len(series) <= SERIES_MAX:
        raise ValueError(f"a chart has 1 to {SERIES_MAX} series, not {len(series)}")
    if length > most:
        raise ValueError(f"a chart has at most {most} places, not {length}")
    for one in series:
        if len(one.values) != length:
            raise ValueError(f"{one.name!r} has {len(one.values)} values for {length} places")
        if any(value is not None and not math.isfinite(value) for value in one.values):
            raise ValueError(f"{one.name!r} has a value that is no number")


def known(series: Sequence[Series]) -> list[float]:
    """All values that are there."""
    return [value for one in series for value in one.values if value is not None]
