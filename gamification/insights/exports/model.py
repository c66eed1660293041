"""A table: columns that say what they hold, and rows that come one after the other."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from enum import StrEnum

from gamification.kit.records import record


class Kind(StrEnum):
    """What a column holds; any of it may be missing."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    DAY = "day"
    TRUTH = "truth"


@record(frozen=True, slots=True)
class Column:
    """A column, by the name that its head has."""

    name: str
    kind: Kind


Cell = str | int | float | date | bool | None
Row = tuple[Cell, ...]


@record(frozen=True, slots=True)
class Table:
    """`name` is that of its file, without an ending."""

    name: str
    columns: tuple[Column, ...]
    rows: AsyncIterator[Row]


def columns(**kinds: Kind) -> tuple[Column, ...]:
    """Columns by name, in order."""
    return tuple(Column(name, kind) for name, kind in kinds.items())


async def those(rows: Iterable[Row]) -> AsyncIterator[Row]:
    """Rows that are there already."""
    for row in rows:
        yield row
