"""What somebody who watches a post has not been told of yet.

Ids tell when a comment was begun, not when others could see it: one may be committed after another that was begun later, or
by a process whose clock is behind, and what waited for a moderator is seen hours after. So whoever watches looks back a
while, and remembers what they were told within it.
"""

from collections.abc import Sequence
from datetime import datetime

from community.comments.access import sees_text
from community.comments.model import Comment, CommentState
from community.comments.reading import SINCE_MAX, CommentReading
from community.looking_back import LOOKED_BACK, looked_back
from community.posts.model import Post
from community.spaces.service import Viewer
from gamification.kit.identifiers import id_made_at, new_id


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
        since = looked_back(self._at)
        found = await self._reading.since(self._post_id, since)
        if self._told is None:
            self._told = {one.id: _seen_at(one) for one in found if self._is_known(one)}
        told = self._told
        new = [one for one in found if one.id not in told and _is_told(viewer, post, one)][:limit]
        told |= {one.id: _seen_at(one) for one in new}
        if len(new) == limit:
            # Only the last tells how far this has come: one that was approved lately is among the first.
            reached = id_made_at(new[-1].id)
        elif len(found) == SINCE_MAX:
            reached = id_made_at(found[-1].id) + LOOKED_BACK
        else:
            reached = max((_seen_at(one) for one in found), default=self._at)
        self._at = max(self._at, reached)
        kept_from = looked_back(self._at)
        self._told = {key: at for key, at in told.items() if at >= kept_from}
        return new

    def _is_known(self, comment: Comment) -> bool:
        """Whether who begins knows of it: what waits now is told once it is approved."""
        if self._after is None:
            return comment.state is not CommentState.PENDING
        return comment.id <= self._after and comment.approved_at is None


def _is_told(viewer: Viewer, post: Post, comment: Comment) -> bool:
    there = comment.state in (CommentState.PUBLISHED, CommentState.PENDING)
    return there and sees_text(viewer, post, comment)


def _seen_at(comment: Comment) -> datetime:
    """From when others could see it, about."""
    made_at = id_made_at(comment.id)
    return max(made_at, comment.approved_at) if comment.approved_at is not None else made_at
