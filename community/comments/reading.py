"""Reading comments: what a viewer may see of them, thread by thread."""

from collections.abc import Sequence

from community.comments.access import sees
from community.comments.model import Comment, CommentOrder
from community.comments.repository import CommentRepository
from community.posts.model import Post
from community.posts.reading import PostReading
from community.spaces.service import Viewer
from storage.paging import Page, Window


class CommentReading:
    """For everyone, as far as they may see."""

    def __init__(self, repository: CommentRepository, posts: PostReading) -> None:
        self._repository = repository
        self._posts = posts

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
        self, post: Post, parent_id: bytes | None, order: CommentOrder, window: Window
    ) -> Page[Comment]:
        """What answers a post that the caller has been shown, or one of its comments, directly."""
        return await self._repository.page(post.id, parent_id, order, window)

    async def heads(
        self, posts: Sequence[Post], order: CommentOrder, count: int
    ) -> dict[bytes, list[Comment]]:
        """The first comments of each of these posts that the caller has been shown."""
        return await self._repository.heads([post.id for post in posts], order, count)
