"""Who keeps something beside a post, as its question, poll or proposal, hears of every change of it in the same transaction."""

from typing import Protocol

from community.posts.model import Post
from gamification.kit.actors import Actor
from gamification.settlement.unit import Unit


class PostWatcher(Protocol):
    """Keeps something beside posts."""

    async def post_kept(self, work: Unit, actor: Actor, before: Post | None, after: Post) -> None:
        """A post was written, or changed; it is stored as it is after. Raises what forbids the change."""
