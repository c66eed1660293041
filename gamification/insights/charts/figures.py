"""Numbers and dates as they are written on a chart, in zh and en, and where on an axis they stand. Pure."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from gamification.kit.records import record

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MONTH_STEPS = (1, 2, 3, 6)
_DAY_STEPS = (1, 2, 7, 14)
_YEAR_STEPS = (1, 2, 5, 10, 20, 50, 100)
_MONTHS = 12
_NOTHING = 1e-9
"""A range of less is one of nothing."""


class Language(StrEnum):
    """In which the chart's own words and figures are."""

    ZH = "zh"
    EN = "en"


class Measure(StrEnum):
    """How values are written."""

    NUMBER = "NUMBER"
    SHARE = "SHARE"
    """From 0 to 1, written as percent."""


_SHORTENED = {Language.EN: 1_000, Language.ZH: 10_000}
"""From where on the language has a word for the power of ten."""


@record(frozen=True, slots=True)
class DateTick:
    """A day on the axis with what is written there."""

    day: date
    label: str


def written(value: float, measure: Measure, language: Language) -> str:
    """A value in full: 12,345.67 or 12.3 %."""
    from babel.numbers import format_decimal, format_percent

    if measure is Measure.SHARE:
        return format_percent(value, format="#,##0.#%", locale=language.value)
    return format_decimal(value, format="#,##0.##" if abs(value) >= 1 else "0.####", locale=language.value)


def short(value: float, measure: Measure, language: Language) -> str:
    """A value for an axis: 12.3K, 1.2万, 12.5 %."""
    from babel.numbers import format_compact_decimal

    if measure is Measure.SHARE or abs(value) < _SHORTENED[language]:
        return written(value, measure, language)
    return format_compact_decimal(value, locale=language.value, fraction_digits=2)


def day_written(day: date, language: Language) -> str:
    """A day in full."""
    from babel.dates import format_skeleton

    return format_skeleton("yMMMd", day, locale=language.value)


def ticks(least: float, most: float, count: int) -> list[float]:
    """Round numbers that span from `least` to `most` and 0, about `count` steps of 1, 2, 2.5 or 5 times a power of ten. A range of
    nothing is from 0 to 1."""
    least, most = min(least, 0.0), max(most, 0.0)
    if most - least < _NOTHING:
        least, most = 0.0, 1.0
    rough = (most - least) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in _STEPS if power * one >= rough * (1 - 1e-9))
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def date_ticks(days: Sequence[date], most: int, language: Language) -> list[DateTick]:
    """At most so many days between the first and the last, evenly on the calendar: days, Mondays, months or years. Years are
    written where they begin."""
    first, last = days[0], days[-1]
    for candidates, skeleton in (*_by_day(first, last), *_by_month(first, last), *_by_year(first, last)):
        if len(candidates) <= max(most, 1):
            return _labelled(candidates or [first], skeleton, language)
    return _labelled([first], "y", language)


def _by_day(first: date, last: date) -> list[tuple[list[date], str]]:
    found = []
    for step in _DAY_STEPS:
        # Weeks begin on Mondays, whatever the first day is.
        start = first if step < 7 else first + timedelta(days=-first.weekday() % 7)
        count = (last - start).days // step + 1
        found.append(([start + timedelta(days=step * index) for index in range(max(count, 0))], "MMMd"))
    return found


def _by_month(first: date, last: date) -> list[tuple[list[date], str]]:
    found = []
    begin = first.year * _MONTHS + first.month - 1 + (first.day > 1)
    end = last.year * _MONTHS + last.month - 1
    for step in _MONTH_STEPS:
        months = range(begin + -begin % step, end + 1, step)
        found.append(([date(month // _MONTHS, month % _MONTHS + 1, 1) for month in months], "yMMM"))
    return found


def _by_year(first: date, last: date) -> list[tuple[list[date], str]]:
    found = []
    begin = first.year + (first.timetuple().tm_yday > 1)
    for step in _YEAR_STEPS:
        years = range(begin + -begin % step, last.year + 1, step)
        found.append(([date(year, 1, 1) for year in years], "y"))
    return found


def _labelled(days: Sequence[date], skeleton: str, language: Language) -> list[DateTick]:
    from babel.dates import format_skeleton

    found: list[DateTick] = []
    year = None
    for day in days:
        within = skeleton if skeleton != "MMMd" or day.year == year else "yMMMd"
        found.append(DateTick(day, format_skeleton(within, day, locale=language.value)))
        year = day.year
    return found
