"""A comment."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from community.posts.model import TakenDown, Written
from gamification.kit.records import record


class CommentState(StrEnum):
    """PENDING: it waits for a moderator before it is published. PUBLISHED: for who reads the post. HIDDEN by reports until a
    moderator decides, DELETED by its author, REMOVED by who looks after the space."""

    PENDING = "pending"
    PUBLISHED = "published"
    HIDDEN = "hidden"
    DELETED = "deleted"
    REMOVED = "removed"


class CommentOrder(StrEnum):
    """BEST: those with most reactions first; of as many, the older."""

    NEWEST = "newest"
    OLDEST = "oldest"
    BEST = "best"


@record(frozen=True, slots=True)
class Comment:
    """`ancestors` are the comments that it answers, the outermost first; none where it answers the post. `below`: how many
    published comments that others see are under it, at any depth. `reacted`: how many reactions there are in all. `publications` and
    `activity_id` as of a post. `approved_at`: when a moderator published what had waited, so that others saw it then."""

    id: bytes
    programme_id: str
    post_id: bytes
    author_id: bytes
    ancestors: tuple[bytes, ...]
    state: CommentState
    version: int
    written: Written
    created_at: datetime
    edited_at: datetime | None = None
    approved_at: datetime | None = None
    taken_down: TakenDown | None = None
    publications: int = 1
    activity_id: bytes | None = None
    below: int = 0
    reacted: int = 0
    reactions: Mapping[str, int] | None = None
    shadowed: bool = False
    remark: bool = False
    """It is about the post, and no answer to what that asks."""

    @property
    def is_answer(self) -> bool:
        """Whether it answers the post directly."""
        return not self.ancestors and not self.remark

    @property
    def counts(self) -> bool:
        """Whether it counts in what it is under."""
        return self.state is CommentState.PUBLISHED and not self.shadowed

    @property
    def parent_id(self) -> bytes | None:
        """The comment that it answers; None where it answers the post."""
        return self.ancestors[-1] if self.ancestors else None
