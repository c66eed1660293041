"""Answers as lines of CSV (RFC 4180): pure.

Source: OWASP, "CSV Injection": what begins with `=`, `+`, `-`, `@`, a tab or the end of a line may be run as a formula by the
programs that such files are opened with. Such texts get an apostrophe before them; numbers of ours stay numbers.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from community.surveys.model import Value
from gamification.programmes.definitions import SurveyQuestion

_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Number(str):
    """A number with decimals, as it is written: no text of anybody's."""

    __slots__ = ()


def line(cells: Iterable[str | int]) -> str:
    """One line, with its end."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(
        [one if isinstance(one, int | Number) else harmless(one) for one in cells]
    )
    return written.getvalue()


def harmless(text: str) -> str:
    """A text that no program takes for a formula: where it begins like one, with an apostrophe before it."""
    return f"'{text}" if text.lstrip(" \u3000").startswith(_BEGINS) else text


def cell(question: SurveyQuestion, value: Value | None) -> str | int:
    """An answer in one cell: several options parted by semicolons; nothing for none."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, int) and question.decimals:
        whole, part = divmod(abs(value), 10**question.decimals)
        return Number(f"{'-' if value < 0 else ''}{whole}.{part:0{question.decimals}d}")
    return value


def header(first: Sequence[str], questions: Iterable[SurveyQuestion]) -> str:
    """The names of the columns: of a question its key."""
    return line([*first, *(question.key for question in questions)])
