"""`space`, `spaces`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, page_of_list, window
from resolvers.types.spaces import Space, build_space, space_of
from storage.paging import Page

SPACES = Listing("spaces", (str,))


@strawberry.input(description="Which spaces to list.")
class SpaceFilter:
    joined: bool | None = strawberry.field(
        default=None, description="Only those that the caller is in, or is not."
    )


@strawberry.type
class SpaceQueries:
    @strawberry.field(description="A space by key; null where it is not there for the caller.")
    async def space(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Space | None:
        return await space_of(info, await info.context.viewer(), key)

    @strawberry.field(
        description="Every space that is there for the caller, in file order; archived ones too."
    )
    async def spaces(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            SpaceFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[Space]:
        joined = filter.joined if filter else None
        viewer = await info.context.viewer()
        found = [one for one in viewer.rights.values() if joined in (None, one.role is not None)]
        page = page_of_list(found, lambda one: one.space.key, window(first, after, last, before, of=SPACES))
        built = Page(
            [await build_space(info, one) for one in page.rows],
            page.positions,
            page.has_next,
            page.has_previous,
        )

        async def count() -> int:
            return len(found)

        return connect(built, lambda row: row, SPACES, count)
