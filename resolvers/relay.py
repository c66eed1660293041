"""Relay: global ids, opaque cursors, connections and the arguments that page them."""

import base64
import binascii
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

import orjson
import strawberry

from gamification.kit.errors import InvalidInput, LimitExceeded
from gamification.kit.numbers import LONG_MAX
from resolvers.scalars import Long
from storage.paging import Page, Window

PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 20
_ID_LENGTH_MAX = 500
_CURSOR_LENGTH_MAX = 1000

T = TypeVar("T")
U = TypeVar("U")

First = Annotated[
    int | None,
    strawberry.argument(description="How many from the start: 1 to 100; 20 where neither first nor last is."),
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end: 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@dataclass(frozen=True, slots=True)
class Listing:
    """One kind of list: its cursors carry its name, so that another list's are refused, and values of `kinds`."""

    name: str
    kinds: tuple[type, ...]


@strawberry.interface(description="An object with a global id, to be fetched again by `node`.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and unique over all types.")


def global_id(type_name: str) -> Any:
    """The `id` of an object whose `model` has one: made when it is asked for."""

    def read(self: Any) -> strawberry.ID:
        return encode_id(type_name, self.model.id)

    return strawberry.field(resolver=read, description="Opaque and unique over all types.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after it.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before it.")
    start_cursor: str | None = strawberry.field(description="The first edge's cursor.")
    end_cursor: str | None = strawberry.field(description="The last edge's cursor.")


@strawberry.type(description="A row of a page with its cursor.")
class Edge(Generic[T]):
    listing: strawberry.Private[Listing]
    position: strawberry.Private[Sequence[Any]]
    node: T = strawberry.field(description="The row.")

    @strawberry.field(description="Opaque; stays good while the row exists.")
    def cursor(self) -> str:
        return encode_cursor(self.listing, self.position)


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    listing: strawberry.Private[Listing]
    positions: strawberry.Private[Sequence[Sequence[Any]]]
    has_next: strawberry.Private[bool]
    has_previous: strawberry.Private[bool]
    nodes: list[T] = strawberry.field(description="The page's rows, in the list's order.")
    counter: strawberry.Private[Callable[[], Awaitable[int]] | None] = None

    @strawberry.field(description="The same, each with its cursor.")
    def edges(self) -> list[Edge[T]]:
        return [
            Edge(listing=self.listing, position=position, node=node)
            for position, node in zip(self.positions, self.nodes, strict=True)
        ]

    @strawberry.field(description="Where the page lies.")
    def page_info(self) -> PageInfo:
        positions = self.positions
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=self.has_previous,
            start_cursor=encode_cursor(self.listing, positions[0]) if positions else None,
            end_cursor=encode_cursor(self.listing, positions[-1]) if positions else None,
        )

    @strawberry.field(description="How many rows the list has; null where counting is not cheap.")
    async def total_count(self) -> Long | None:
        return Long(await self.counter()) if self.counter else None


def connect(
    page: Page[U],
    build: Callable[[U], T],
    listing: Listing,
    counter: Callable[[], Awaitable[int]] | None = None,
) -> Connection[T]:
    """A page of domain rows as a connection of GraphQL objects."""
    return Connection(
        listing=listing,
        positions=page.positions,
        has_next=page.has_next,
        has_previous=page.has_previous,
        nodes=[build(row) for row in page.rows],
        counter=counter,
    )


def window(
    first: int | None,
    after: str | None,
    last: int | None = None,
    before: str | None = None,
    *,
    of: Listing,
) -> Window:
    """The window of a list that paging arguments state.

    Raises: InvalidInput, LimitExceeded naming the argument.
    """
    if first is not None and last is not None:
        raise InvalidInput("State first or last, not both.", path=["last"])
    for name, value in (("first", first), ("last", last)):
        check_page_size(name, value)
    return Window(
        size=first or last or PAGE_SIZE_DEFAULT,
        after=decode_cursor(after, "after", of) if after is not None else None,
        before=decode_cursor(before, "before", of) if before is not None else None,
        backward=last is not None,
    )


def check_page_size(name: str, value: int | None, least: int = 1) -> None:
    """Raises: LimitExceeded naming the argument and the bound."""
    if value is not None and not least <= value <= PAGE_SIZE_MAX:
        raise LimitExceeded(
            f"{name} must be {least} to {PAGE_SIZE_MAX}, not {value}.",
            path=[name],
            limit=least if value < least else PAGE_SIZE_MAX,
        )


def page_of_list(rows: Sequence[U], key: Callable[[U], str], wanted: Window) -> Page[U]:
    """A page of a short list that is held whole: definitions in file order. Cursors are keys.

    Raises: InvalidInput for a cursor of a row that the list does not have.
    """
    keys = [key(row) for row in rows]
    start = _place(keys, wanted.after[0], "after") + 1 if wanted.after is not None else 0
    end = _place(keys, wanted.before[0], "before") if wanted.before is not None else len(rows)
    if wanted.backward:
        start = max(start, end - wanted.size)
    else:
        end = min(end, start + wanted.size)
    end = max(start, end)
    return Page(list(rows[start:end]), [(k,) for k in keys[start:end]], end < len(rows), start > 0)


def _place(keys: list[str], wanted: str, name: str) -> int:
    if wanted not in keys:
        raise _no_cursor(name)
    return keys.index(wanted)


@lru_cache(maxsize=20_000)
def encode_id(type_name: str, raw: bytes | str) -> strawberry.ID:
    """The global id of an object."""
    text = raw if isinstance(raw, str) else raw.hex()
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{text}".encode()).decode().rstrip("="))


def decode_id(global_id: str) -> tuple[str, str] | None:
    """(type name, raw id) of a global id; None for what is none."""
    if not 0 < len(global_id) <= _ID_LENGTH_MAX:
        return None
    try:
        text = base64.urlsafe_b64decode(global_id + "=" * (-len(global_id) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    type_name, colon, raw = text.partition(":")
    return (type_name, raw) if colon else None


def member_of(text: str) -> bytes | None:
    """The member whose global id that is; None where it is no member's."""
    return decode_bytes_id(text, "Member")


def decode_bytes_id(global_id: str, type_name: str) -> bytes | None:
    """The id's bytes when it is one of that type; None else."""
    decoded = decode_id(global_id)
    if decoded is None or decoded[0] != type_name:
        return None
    try:
        return bytes.fromhex(decoded[1])
    except ValueError:
        return None


def encode_cursor(listing: Listing, position: Sequence[Any]) -> str:
    """An opaque text for a position in such a list."""
    plain = [listing.name, *(_plain(value) for value in position)]
    return base64.urlsafe_b64encode(orjson.dumps(plain)).decode().rstrip("=")


def decode_cursor(cursor: str, name: str, listing: Listing) -> tuple[Any, ...]:
    """The position behind a cursor. Raises: InvalidInput naming the argument."""
    values: object = None
    if len(cursor) <= _CURSOR_LENGTH_MAX:
        with contextlib.suppress(binascii.Error, ValueError):
            values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if not isinstance(values, list) or len(values) != len(listing.kinds) + 1 or values[0] != listing.name:
        raise _no_cursor(name)
    try:
        position = tuple(_unplain(value) for value in values[1:])
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise _no_cursor(name) from error
    if tuple(type(value) for value in position) != listing.kinds:
        raise _no_cursor(name)
    return position


def _no_cursor(name: str) -> InvalidInput:
    return InvalidInput(f"{name} is not a cursor of this list.", path=[name])


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b": value.hex()}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    return value


def _unplain(value: Any) -> Any:
    if isinstance(value, dict):
        if "b" in value:
            return bytes.fromhex(value["b"])
        parsed = datetime.fromisoformat(value["t"])
        if parsed.tzinfo is None:
            raise ValueError(value)
        return parsed.astimezone(UTC)
    if isinstance(value, int) and abs(value) > LONG_MAX:
        raise ValueError(value)
    return value
