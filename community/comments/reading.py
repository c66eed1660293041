"""Reading comments: what a viewer may see of them, thread by thread."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from community.comments.access import sees
from community.comments.model import Comment, CommentOrder, CommentState
from community.comments.repository import CommentRepository
from community.posts.model import Post
from community.posts.reading import PostReading
from community.spaces.service import Viewer
from storage.batching import Batcher
from storage.paging import Page, Window

SINCE_MAX = 1000


class CommentReading:
    """For everyone, as far as they may see."""

    def __init__(self, repository: CommentRepository, posts: PostReading) -> None:
        self._repository = repository
        self._posts = posts
        self._lately: Batcher[tuple[bytes, datetime], None, Sequence[Comment]] = Batcher(self._read_since)

    async def by_ids(self, viewer: Viewer, ids: Sequence[bytes]) -> dict[bytes, Comment]:
        """Comments by id; what the viewer may not see is absent like what there is not."""
        found = await self._repository.by_ids(viewer.actor.programme_id, ids)
        posts = await self._posts.by_ids(viewer, sorted({one.post_id for one in found.values()}))
        return {
            key: one
            for key, one in found.items()
            if one.post_id in posts and sees(viewer, posts[one.post_id], one)
        }

    async def page(
        self, viewer: Viewer, post: Post, parent_id: bytes | None, order: CommentOrder, window: Window
    ) -> Page[Comment]:
        """What answers a post that the viewer has been shown, or one of its comments, directly."""
        return await self._repository.page(post.id, parent_id, shown_to(viewer, [post]), order, window)

    async def since(self, post_id: bytes, at: datetime) -> Sequence[Comment]:
        """What was begun under a post since then, or approved, whoever may see it, the oldest first; of more than `SINCE_MAX`
        those. All who ask at once for the same are one read."""
        return await self._lately.ask((post_id, at), [None])

    async def heads(
        self, viewer: Viewer, posts: Sequence[Post], order: CommentOrder, count: int
    ) -> dict[bytes, list[Comment]]:
        """The first comments of each of these posts that the viewer has been shown."""
        ids = [post.id for post in posts if post.comments or viewer.limited or post.shadowed]
        return await self._repository.heads(ids, shown_to(viewer, posts), order, count) if ids else {}

    async def _read_since(self, which: tuple[bytes, datetime], _: Sequence[None]) -> Sequence[Comment]:
        post_id, at = which
        return await self._repository.since(post_id, at, SINCE_MAX)


def shown_to(viewer: Viewer, posts: Sequence[Post]) -> dict[str, Any]:
    """What of a query leaves the comments under these posts that are there for the viewer: what they read, and the places
    that what they don't read keeps while others answer it."""
    rights = [viewer.rights.get(post.space) for post in posts]
    published, pending = CommentState.PUBLISHED.value, CommentState.PENDING.value
    if all(one is not None and one.moderates for one in rights):
        return {"$or": [{"state": {"$in": [published, pending]}}, {"below": {"$gt": 0}}]}
    own = [{"author_id": viewer.member.id}] if viewer.member is not None else []
    waiting = [{"state": pending, **one} for one in own]
    shown: list[dict[str, Any]] = [
        {"$or": [{"state": published}, {"below": {"$gt": 0}}, *waiting]},
        {"$or": [{"shadowed": None}, {"below": {"$gt": 0}}, *own]},
    ]
    if viewer.hidden:
        shown.append({"$or": [{"author_id": {"$nin": list(viewer.hidden)}}, {"below": {"$gt": 0}}]})
    return {"$and": shown}
