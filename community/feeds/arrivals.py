"""What comes into feeds while somebody watches them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from community.feeds.service import FeedKind
from community.following.model import Followed
from community.following.service import FollowingService
from community.looking_back import looked_back
from community.posts.access import may_read
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.spaces.service import Viewer
from gamification.kit.errors import InvalidInput
from storage.batching import Batcher

READ_MAX = 1000
"""Of more that were published since, only the newest are told."""


class Arrivals:
    """For everyone, as far as they may see."""

    def __init__(
        self, posts: PostRepository, following: FollowingService, now: Callable[[], datetime]
    ) -> None:
        self._posts = posts
        self._following = following
        self._now = now
        self._lately: Batcher[tuple[str, datetime], None, Sequence[Post]] = Batcher(self._read_since)

    def watch(self, kind: FeedKind, space: str | None) -> "Watched":
        """Begin to watch a feed. Raises: InvalidInput for one that isn't in order of time."""
        if kind is FeedKind.HOT:
            raise InvalidInput("What is hot doesn't come in: ask for its feed anew.", path=["kind"])
        return Watched(self, kind, space, self._now())

    async def since(self, programme_id: str, at: datetime) -> Sequence[Post]:
        """What was published in a programme since then, whoever may see it, the oldest first. All who ask at once for the same
        are one read."""
        return await self._lately.ask((programme_id, at), [None])

    async def followed(self, viewer: Viewer) -> Followed:
        """Whose posts, and which, the viewer's feed has."""
        return await self._following.followed(viewer)

    async def _read_since(self, which: tuple[str, datetime], _: Sequence[None]) -> Sequence[Post]:
        programme_id, at = which
        return await self._posts.published_since(programme_id, at, READ_MAX)


class Watched:
    """One feed that somebody watches, and how far they have been told of it."""

    def __init__(self, arrivals: Arrivals, kind: FeedKind, space: str | None, at: datetime) -> None:
        self._arrivals = arrivals
        self._kind = kind
        self._space = space
        self._at = at
        self._known: dict[bytes, datetime] | None = None

    async def next(self, viewer: Viewer) -> list[Post]:
        """What has come in since the last call, the oldest first; at the first call nothing."""
        since = looked_back(self._at)
        found = await self._arrivals.since(viewer.actor.programme_id, since)
        known = {one.id: one.published_at or since for one in found} if self._known is None else self._known
        new = [one for one in found if one.id not in known]
        known |= {one.id: one.published_at or since for one in new}
        self._at = max([self._at, *known.values()])
        kept_from = looked_back(self._at)
        self._known = {key: at for key, at in known.items() if at >= kept_from}
        return await self._shown(viewer, new)

    async def _shown(self, viewer: Viewer, posts: Sequence[Post]) -> list[Post]:
        shown = [
            one
            for one in posts
            if one.state is PostState.PUBLISHED and self._space in (None, one.space) and may_read(viewer, one)
        ]
        if not shown or self._kind is not FeedKind.FOLLOWING:
            return shown
        followed = await self._arrivals.followed(viewer)
        return [one for one in shown if followed.has(one.author_id, one.space, one.written.tags)]
