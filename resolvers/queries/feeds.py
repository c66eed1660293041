"""`feed`, `following`, `bookmarks`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.feeds import service
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.bookmarks import BOOKMARKS, Bookmark, Following
from resolvers.types.posts import Post

FeedKind = service.FeedKind
strawberry.enum(
    FeedKind,
    name="FeedKind",
    description="LATEST: published last first. FOLLOWING: of those, what is by members, in spaces or with tags that the caller "
    "follows. HOT: what most people took part in, newer before older.",
)
LISTINGS = {
    service.FeedKind.LATEST: Listing("latest feed", (datetime, bytes)),
    service.FeedKind.FOLLOWING: Listing("followed feed", (datetime, bytes)),
    service.FeedKind.HOT: Listing("hot feed", (datetime, float, bytes)),
}


@strawberry.type
class FeedQueries:
    @strawberry.field(
        description="Published posts that the caller may read. Pages neither repeat nor skip while posts arrive or become "
        "hotter; those of hot posts are good for an hour."
    )
    async def feed(
        self,
        info: Info,
        kind: Annotated[
            FeedKind, strawberry.argument(description="Which, and in which order.")
        ] = FeedKind.LATEST,
        space: Annotated[
            str | None, strawberry.argument(description="Only in the space of this key.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Post]:
        listing = LISTINGS[kind]
        page = await info.context.services.feeds.page(
            await info.context.viewer(), kind, space, window(first, after, last, before, of=listing)
        )
        info.context.loaders.posts.hold({post.id: post for post in page.rows})
        return connect(page, Post.of, listing)

    @strawberry.field(description="What the caller follows in the community.")
    async def following(self, info: Info) -> Following:
        caller = info.context.caller
        return Following(reader=await info.context.loaders.readers.load(caller.subject))

    @strawberry.field(description="The caller's bookmarks, latest first.")
    async def bookmarks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Bookmark]:
        page = await info.context.services.bookmarks.page(
            await info.context.viewer(), window(first, after, last, before, of=BOOKMARKS)
        )
        return connect(page, lambda one: Bookmark(model=one), BOOKMARKS)
