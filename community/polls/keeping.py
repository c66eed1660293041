"""A post that is a poll is published with what is voted on."""

from community.posts.model import Post, PostState
from gamification.kit.actors import Actor
from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import PostKind
from gamification.settlement.unit import Unit

_BEGUN = (None, PostState.DRAFT)
_GOES_OUT = (PostState.SCHEDULED, PostState.PENDING, PostState.PUBLISHED)


class PollKeeper:
    """Watches posts."""

    async def post_kept(self, work: Unit, _: Actor, before: Post | None, after: Post) -> None:
        """Raises: InvalidInput where a poll goes out without options."""
        if after.kind is not PostKind.POLL or after.state not in _GOES_OUT:
            return
        if (before.state if before is not None else None) not in _BEGUN or after.options:
            return
        raise InvalidInput("A poll is published with its options.", path=["poll"])
