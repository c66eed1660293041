"""What somebody who watches a post has not been told of yet.

Ids tell when a comment was begun, not when others could see it: one may be committed after another that was begun later, or
by a process whose clock is behind, and what waited for a moderator is seen hours after. So whoever watches looks back a
while, and remembers what they were told within it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from community.comments.model import Comment
from community.comments.reading import CommentReading
from community.posts.model import Post
from community.spaces.service import Viewer
from gamification.kit.identifiers import first_id_at, id_made_at, new_id

LOOKED_BACK = timedelta(seconds=15)
"""Longer than any transaction lasts, and than clocks differ."""


class CatchingUp:
    """How far one subscription to a post's comments has come."""

    def __init__(self, reading: CommentReading, post_id: bytes, after: bytes | None = None) -> None:
        """Begin after that comment, or after all that are there."""
        self._reading = reading
        self._post_id = post_id
        self._after = after
        self._at = id_made_at(after or new_id())
        self._told: dict[bytes, datetime] | None = None

    async def next(self, viewer: Viewer, post: Post, limit: int) -> Sequence[Comment]:
        """At most so many comments that were not given before, the oldest first. The viewer must have been shown the post."""
        since = self._at - LOOKED_BACK
        if self._told is None:
            seen = await self._reading.seen_since(self._post_id, first_id_at(since), since)
            self._told = {
                one.id: _seen_at(one)
                for one in seen
                if self._after is None or (one.id <= self._after and one.approved_at is None)
            }
        told = self._told
        found = await self._reading.since(viewer, post, first_id_at(since), since, list(told), limit)
        told |= {one.id: _seen_at(one) for one in found}
        # Of a full page only the last tells how far this has come: one that was approved lately is among the first.
        reached = [id_made_at(found[-1].id)] if len(found) == limit else [_seen_at(one) for one in found]
        self._at = max([self._at, *reached])
        kept_from = self._at - LOOKED_BACK
        self._told = {key: at for key, at in told.items() if at > kept_from}
        return found


def _seen_at(comment: Comment) -> datetime:
    """From when others could see it, about."""
    made_at = id_made_at(comment.id)
    return max(made_at, comment.approved_at) if comment.approved_at is not None else made_at
