"""Reading feeds, and counting how hot posts are."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog

from community.feeds.repository import HeatRepository
from community.following.service import FollowingService
from community.posts.heat import KEPT, heat_after
from community.posts.model import Post
from community.posts.reading import PostFilter, query_of
from community.posts.repository import LATEST, PostRepository
from community.spaces.service import Viewer
from gamification.kit.errors import InvalidInput
from storage.mongo import Contention, Mongo, Tx
from storage.paging import Page, Window

log = structlog.get_logger()
ROUND = timedelta(minutes=1)
"""A first page goes by the scores of the last whole minute,"""
LAG = timedelta(seconds=10)
"""which is so long ago at least that what was counted before it has been committed."""
_PATIENCE_S = 2.0
_EMPTY: Page[Post] = Page([], [], has_next=False, has_previous=False)


class FeedKind(StrEnum):
    """LATEST: published last first. FOLLOWING: of those, what is by members, in spaces or with tags that one follows. HOT: what
    most people took part in, newer before older."""

    LATEST = "latest"
    FOLLOWING = "following"
    HOT = "hot"


class FeedService:
    """For everyone, as far as they may see."""

    def __init__(
        self,
        mongo: Mongo,
        posts: PostRepository,
        heats: HeatRepository,
        following: FollowingService,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._posts = posts
        self._heats = heats
        self._following = following
        self._now = now

    async def page(self, viewer: Viewer, kind: FeedKind, space: str | None, window: Window) -> Page[Post]:
        """A page of a feed; of one space, or of all. Raises: InvalidInput for a page of hot posts that is too old."""
        shown = query_of(viewer, PostFilter(space=space))
        if shown is None:
            return _EMPTY
        if kind is FeedKind.HOT:
            return await self._hot(viewer, shown, window)
        if kind is FeedKind.FOLLOWING:
            followed = await self._following.followed(viewer)
            if followed.is_empty:
                return _EMPTY
            wanted = [
                {"author_id": {"$in": list(followed.members)}},
                {"space": {"$in": [key for key in followed.spaces if key in viewer.readable]}},
                {"written.tags": {"$in": list(followed.tags)}},
            ]
            shown = {"$and": [shown, {"$or": wanted}]}
        return await self._posts.page(viewer.actor.programme_id, shown, LATEST, window)

    async def count_due(self, limit: int = 100) -> int:
        """Count again how hot posts are that somebody reacted to or answered; how many. The worker calls it."""
        done = 0
        for programme_id, post_id in await self._heats.due(limit):
            try:
                await self._mongo.transaction(self._counted(post_id), patience_s=_PATIENCE_S)
                done += 1
            except Contention:
                log.warning("feeds.put_off", programme=programme_id, post=post_id.hex())
        return done

    async def recount(self, programme_id: str) -> int:
        """Count again how hot all posts of a programme are; how many."""
        done = await self._heats.make_due(programme_id)
        while await self.count_due():
            continue
        return done

    # -- within

    async def _hot(self, viewer: Viewer, shown: Mapping[str, Any], window: Window) -> Page[Post]:
        stated = window.after or window.before
        now = self._now()
        as_of: datetime = stated[0] if stated is not None else _minute_of(now - LAG)
        if as_of < now - KEPT:
            raise InvalidInput(
                "This page of hot posts is over an hour old: begin again.",
                path=["after" if window.after is not None else "before"],
            )
        # What comes after the minute of the first page is for those who begin later.
        known = {**shown, "published_at": {"$lte": as_of + ROUND + LAG}}
        return await self._heats.page(viewer.actor.programme_id, known, as_of, window)

    def _counted(self, post_id: bytes) -> Callable[[Tx], Any]:
        # Told before the transaction: its writes are of that moment however often it runs.
        now = self._now()

        async def body(tx: Tx) -> None:
            post = await self._heats.find(post_id, tx)
            if post is None:
                return
            heat = None
            if post.published_at is not None:
                people = len(await self._heats.people(post, tx))
                heat = heat_after(post.heat, people, post.published_at, now)
            await self._heats.save(post, heat, tx)

        return body


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
