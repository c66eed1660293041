"""A post that is a poll is published with what is voted on, while it can be voted on."""

from community.polls.repository import PollRepository
from community.posts.model import Post, PostState
from gamification.kit.actors import Actor
from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import PostKind
from gamification.settlement.unit import Unit

_BEGUN = (None, PostState.DRAFT, PostState.SCHEDULED)
_GOES_OUT = (PostState.SCHEDULED, PostState.PENDING, PostState.PUBLISHED)


class PollKeeper:
    """Watches posts."""

    def __init__(self, repository: PollRepository) -> None:
        self._repository = repository

    async def post_kept(self, work: Unit, _: Actor, before: Post | None, after: Post) -> None:
        """Raises: InvalidInput where a poll goes out without options, or closed."""
        if after.kind is not PostKind.POLL or after.state not in _GOES_OUT:
            return
        if (before.state if before is not None else None) not in _BEGUN:
            return
        if not after.options:
            raise InvalidInput("A poll is published with its options.", path=["poll"])
        poll = (await self._repository.by_ids([after.id], work.tx)).get(after.id)
        if poll is not None and poll.is_closed(after.publish_at or work.space.now):
            raise InvalidInput("A poll closes after it is published.", path=["poll"])
