"""Keyset pages: a page goes on after a document's sort values, so rows that come or go don't shift it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from storage.mongo import Collection, Document

T = TypeVar("T")
Position = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for: `size` rows after, or before, a position; backward takes the last ones."""

    size: int
    after: Position | None = None
    before: Position | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in the list's order, each with its position, and whether there are more either way."""

    rows: list[T]
    positions: list[Position]
    has_next: bool
    has_previous: bool


async def find_page(
    collection: Collection,
    query: Mapping[str, Any],
    order: Sequence[tuple[str, int]],
    window: Window,
    *,
    without: Sequence[str] = (),
) -> Page[Document]:
    """One page of the documents that match, in `order`: (field, 1 or -1) pairs whose values are unique together. Fields
    `without` which they come are none of the order's."""
    conditions: list[Mapping[str, Any]] = [query]
    if window.after is not None:
        conditions.append(_beyond(order, window.after, forward=True))
    if window.before is not None:
        conditions.append(_beyond(order, window.before, forward=False))
    sign = -1 if window.backward else 1
    cursor = (
        collection.find(
            {"$and": conditions} if len(conditions) > 1 else query, dict.fromkeys(without, 0) or None
        )
        .sort([(field, direction * sign) for field, direction in order])
        .limit(window.size + 1)
    )
    rows = await cursor.to_list(None)
    more = len(rows) > window.size
    rows = rows[: window.size]
    if window.backward:
        rows.reverse()
    return Page(
        rows=rows,
        positions=[tuple(row.get(field) for field, _ in order) for row in rows],
        has_next=window.before is not None if window.backward else more,
        has_previous=more if window.backward else window.after is not None,
    )


def _beyond(order: Sequence[tuple[str, int]], position: Position, *, forward: bool) -> dict[str, Any]:
    """Rows strictly after (or before) the position, in lexicographic order of the sort fields."""
    branches: list[dict[str, Any]] = []
    for index, (field, direction) in enumerate(order):
        operator = "$gt" if (direction > 0) == forward else "$lt"
        equal = {name: value for (name, _), value in zip(order[:index], position[:index], strict=True)}
        branches.append({**equal, field: {operator: position[index]}})
    return {"$or": branches}
