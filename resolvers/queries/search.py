"""`search`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.search import model
from community.search.query import parse
from resolvers.context import Info
from resolvers.mutations.members import member_id
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.search import SearchHit, SearchKind, build_hits
from storage.paging import Page

SEARCH = Listing("search", (datetime, int, int, bytes))


@strawberry.input(
    description="What is looked through. With any of these, members and spaces are not looked for."
)
class SearchFilter:
    space: str | None = strawberry.field(default=None, description="Only in the space of this key.")
    tag: str | None = strawberry.field(default=None, description="Only posts with this tag, and under them.")
    author_id: strawberry.ID | None = strawberry.field(default=None, description="Only by this member.")
    since: datetime | None = strawberry.field(default=None, description="Only what came then or later.")
    until: datetime | None = strawberry.field(default=None, description="Only what came then or earlier.")


@strawberry.type
class SearchQueries:
    @strawberry.field(
        description="Published posts and comments, members by display name, and spaces, as far as the caller may see them, "
        "that have all the words looked for; best first. Quotation marks are for words that stand together, a minus "
        "before a word leaves out what has it."
    )
    async def search(
        self,
        info: Info,
        query: Annotated[
            str,
            strawberry.argument(
                description="What to look for, at most 200 characters, in Chinese and English."
            ),
        ],
        kinds: Annotated[
            list[SearchKind] | None,
            strawberry.argument(description="Only these kinds; all when not given."),
        ] = None,
        filter: Annotated[
            SearchFilter | None, strawberry.argument(description="Everything when not given.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SearchHit]:
        stated = filter or SearchFilter()
        wanted = model.SearchFilter(
            frozenset(kinds or ()),
            stated.space,
            stated.tag,
            member_id(stated.author_id) if stated.author_id is not None else None,
            stated.since,
            stated.until,
        )
        page = await info.context.services.search.search(
            await info.context.viewer(), query, wanted, window(first, after, last, before, of=SEARCH)
        )
        built = await build_hits(info, parse(query), page.rows)
        there = [
            (built[hit], position)
            for hit, position in zip(page.rows, page.positions, strict=True)
            if hit in built
        ]
        shown = Page(
            [row for row, _ in there], [position for _, position in there], page.has_next, page.has_previous
        )
        return connect(shown, lambda row: row, SEARCH)
