"""Who keeps something beside a comment, as which answer was accepted, hears of every change of it in the same transaction."""

from typing import Protocol

from community.comments.model import Comment
from community.posts.model import Post
from gamification.kit.actors import Actor
from gamification.settlement.unit import Unit


class CommentWatcher(Protocol):
    """Keeps something beside comments."""

    async def comment_kept(
        self, work: Unit, actor: Actor, post: Post, before: Comment | None, after: Comment
    ) -> None:
        """A comment was written, or changed; it is stored as it is after. Raises what forbids the change."""
