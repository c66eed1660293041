"""Notes, in the transaction that publishes a text, that somebody may be told of it; who, is found out later."""

from enum import StrEnum

from community.comments.model import Comment
from community.posts.model import Post
from gamification.kit.actors import Actor
from gamification.settlement.unit import Unit

CONSUMER = "notifications"


class News(StrEnum):
    """What is left in the backlog beside the feeds of members; each with an id."""

    POST = "post"
    COMMENT = "comment"
    REACTION = "reaction"
    FOLLOW = "follow"
    REPORT = "report"


class NewsWatcher:
    """Watches posts and comments."""

    async def post_kept(self, work: Unit, _: Actor, before: Post | None, after: Post) -> None:
        """A post came to be seen by others, or names others than before."""
        was = before.written.mentions if before is not None and before.counts else None
        if after.counts and (was is None or set(after.written.mentions) - set(was)):
            work.followup.news.append((News.POST.value, after.id))

    async def comment_kept(
        self, work: Unit, _: Actor, __: Post, before: Comment | None, after: Comment
    ) -> None:
        """A comment did, or is seen by others no more."""
        was = before.written.mentions if before is not None and before.counts else None
        is_over = was is not None and not after.counts
        if is_over or (after.counts and (was is None or set(after.written.mentions) - set(was))):
            work.followup.news.append((News.COMMENT.value, after.id))
