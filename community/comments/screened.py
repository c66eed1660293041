"""What screening asks of what is written: how much a member published, and the latest of it."""

from community.comments.repository import CommentRepository
from community.posts.model import PostState
from community.posts.repository import LATEST, PostRepository
from community.posts.work import text_of
from community.screening.comparing import PublishedBy
from community.screening.model import Text
from community.screening.rehearsal import LatestPosts
from storage.mongo import Tx
from storage.paging import Window


def published_by(posts: PostRepository, comments: CommentRepository) -> PublishedBy:
    """What counts the texts of a member that others see, up to a limit."""

    async def count(author_id: bytes, limit: int, tx: Tx | None) -> int:
        found = await posts.published_by(author_id, limit, tx)
        return found if found >= limit else found + await comments.published_by(author_id, limit - found, tx)

    return count


def latest_posts(posts: PostRepository) -> LatestPosts:
    """What reads the latest published posts."""

    async def read(programme_id: str, limit: int) -> list[tuple[bytes, Text]]:
        query = {"state": PostState.PUBLISHED.value}
        page = await posts.page(programme_id, query, LATEST, Window(limit))
        return [(post.id, text_of(post)) for post in page.rows]

    return read
