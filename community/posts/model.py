"""A post and its versions."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from community.posts.heat import Heat
from community.writing.markup import Link
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions import PostKind


class PostState(StrEnum):
    """DRAFT, SCHEDULED: its author's alone. PENDING: it waits for a moderator before it is published. PUBLISHED: for who
    reads the space. HIDDEN by reports until a moderator decides, DELETED by its author, REMOVED by who looks after the space:
    seen by author and moderators, and by nobody else."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PENDING = "pending"
    PUBLISHED = "published"
    HIDDEN = "hidden"
    DELETED = "deleted"
    REMOVED = "removed"

    @property
    def is_gone(self) -> bool:
        """Whether it was published and is not any more."""
        return self in (PostState.HIDDEN, PostState.DELETED, PostState.REMOVED)


@record(frozen=True, slots=True)
class Written:
    """A text as its author wrote it, and as it is shown: `html` is clean, `text` is what of it is read. `mentions` are
    members, `links` and `images` its addresses."""

    title: str
    body: str
    tags: tuple[str, ...]
    html: str
    text: str
    links: tuple[Link, ...]
    images: tuple[str, ...]
    mentions: tuple[bytes, ...]


NOTHING_WRITTEN = Written("", "", (), "", "", (), (), ())
"""What is left of a text that was forgotten."""


@record(frozen=True, slots=True)
class TakenDown:
    """Since when a post is gone, by whom, and why: in words, and by the `rule` or reason of reports that led to it. `waited`: it
    waited for a moderator when its author took it down, and does so again once they restore it."""

    at: datetime
    by: str
    reason: str | None
    rule: str | None = None
    waited: bool = False


@record(frozen=True, slots=True)
class Post:
    """`version` counts what is published of it, from 1, and before that each change; `publications` how often it came to be
    published, which restoring counts in; `activity_id` is the activity that it was recorded as, while it is published.
    `publish_at`: when a scheduled one comes. `shadowed`: it is published for its author alone, who is shadow-limited. Counts
    are of what others see."""

    id: bytes
    programme_id: str
    space: str
    author_id: bytes
    kind: PostKind
    state: PostState
    version: int
    written: Written
    created_at: datetime
    published_at: datetime | None = None
    publish_at: datetime | None = None
    edited_at: datetime | None = None
    locked: bool = False
    pinned_at: datetime | None = None
    taken_down: TakenDown | None = None
    publications: int = 0
    activity_id: bytes | None = None
    comments: int = 0
    reactions: Mapping[str, int] | None = None
    shadowed: bool = False
    options: tuple[str, ...] = ()
    """What a poll is about."""
    heat: Heat | None = None
    """As it was counted last; None before the first time."""
    heat_due: bool = False
    """Whether it is to be counted again."""
    marks: tuple[str, ...] = ()
    """What lists find it by, as that a question has no answer: kept by what is beside the post."""

    @property
    def counts(self) -> bool:
        """Whether others see it."""
        return self.state is PostState.PUBLISHED and not self.shadowed


@record(frozen=True, slots=True)
class Revision:
    """One published version of a post: what it said, since when, and by whom it was changed; None is staff."""

    id: bytes
    programme_id: str
    post_id: bytes
    author_id: bytes
    version: int
    title: str
    body: str
    tags: tuple[str, ...]
    at: datetime
    by: bytes | None
    reason: str | None


def revision_id(post_id: bytes, version: int) -> bytes:
    """There can be one of a version."""
    return derived_id("post_revision", post_id, version)
