"""Bookmarks and what the caller follows."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.bookmarks import model as domain
from community.comments.access import sees_text
from community.following.model import FollowedPost, Reader
from community.reactions.model import TargetKind
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.comments import Comment
from resolvers.types.posts import Post
from resolvers.types.spaces import Space, space_of
from storage.paging import Page

FOLLOWED_POSTS = Listing("followed posts", (datetime, bytes))
BOOKMARKS = Listing("bookmarks", (datetime, bytes))
BookmarkTarget = Annotated[
    Post | Comment, strawberry.union("BookmarkTarget", description="What a bookmark is of.")
]


async def _targets(bookmarks: "list[Bookmark]", info: Info) -> list[Post | Comment | None]:
    loaders, viewer = info.context.loaders, await info.context.viewer()
    ids = {
        kind: [one.model.target.id for one in bookmarks if one.model.target.kind is kind]
        for kind in TargetKind
    }
    posts = await loaders.posts.load_many(ids[TargetKind.POST])
    comments = await loaders.comments.load_many(ids[TargetKind.COMMENT])
    above = await loaders.posts.load_many({one.post_id for one in comments.values()})
    found: list[Post | Comment | None] = []
    for bookmark in bookmarks:
        target = bookmark.model.target
        post, comment = posts.get(target.id), comments.get(target.id)
        if comment is not None and sees_text(viewer, above[comment.post_id], comment):
            found.append(Comment.of(comment))
        else:
            found.append(Post.of(post) if post is not None else None)
    return found


@strawberry.type(description="Something that the caller wants to find again. Nobody else sees it.")
class Bookmark:
    model: strawberry.Private[domain.Bookmark]
    note: str | None = of_model("note", description="What they noted.")
    at: datetime = of_model("at", description="Since when.")
    target: BookmarkTarget | None = batched(
        _targets, description="What it is of; null while it is not there to be read."
    )


@strawberry.type(description="What the caller follows. Nobody else sees it.")
class Following:
    reader: strawberry.Private[Reader | None]

    @strawberry.field(description="Spaces that are there for them, latest first; at most 200.")
    async def spaces(self, info: Info) -> list[Space]:
        viewer = await info.context.viewer()
        keys = reversed(list(self.reader.spaces)) if self.reader is not None else ()
        found = [await space_of(info, viewer, key) for key in keys]
        return [space for space in found if space is not None]

    @strawberry.field(description="Tags, latest first; at most 200.")
    def tags(self) -> list[str]:
        return list(reversed(list(self.reader.tags))) if self.reader is not None else []

    @strawberry.field(description="Posts, latest first; those that are not there to be read are left out.")
    async def posts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Post]:
        page = await info.context.services.following.page(
            await info.context.viewer(), window(first, after, last, before, of=FOLLOWED_POSTS)
        )
        return connect(await _there(info, page), lambda row: row, FOLLOWED_POSTS)


async def _there(info: Info, page: Page[FollowedPost]) -> Page[Post]:
    found = await info.context.loaders.posts.load_many([row.post_id for row in page.rows])
    kept = [
        (Post.of(found[row.post_id]), position)
        for row, position in zip(page.rows, page.positions, strict=True)
        if row.post_id in found
    ]
    return Page([row for row, _ in kept], [at for _, at in kept], page.has_next, page.has_previous)
