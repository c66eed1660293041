"""Lists of definitions: held whole, paged by key."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from gamification.programmes.definitions import Definition
from resolvers.context import Info
from resolvers.relay import Connection, Listing, connect, page_of_list, window
from storage.paging import Page

D = TypeVar("D", bound=Definition)
T = TypeVar("T")


async def list_definitions(
    info: Info,
    definitions: Sequence[D],
    build: Callable[[Info, D], Awaitable[T]],
    listing: Listing,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Connection[T]:
    """A page of definitions in file order, with their total count."""
    page = page_of_list(
        definitions, lambda definition: definition.key, window(first, after, last, before, of=listing)
    )
    built = Page(
        [await build(info, row) for row in page.rows], page.positions, page.has_next, page.has_previous
    )

    async def count() -> int:
        return len(definitions)

    return connect(built, lambda row: row, listing, count)
