"""What a member follows, and how far they have read."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


@record(frozen=True, slots=True)
class Reader:
    """A member as a reader: since when they follow which spaces (by key) and tags, latest last; up to when they have read
    which spaces."""

    member_id: bytes
    programme_id: str
    spaces: Mapping[str, datetime]
    tags: Mapping[str, datetime]
    read: Mapping[str, datetime]


@record(frozen=True, slots=True)
class Followed:
    """Whose and which posts a member follows: members by id, spaces by key, tags."""

    members: tuple[bytes, ...]
    spaces: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it is none."""
        return not (self.members or self.spaces or self.tags)

    def has(self, author_id: bytes, space: str, tags: Iterable[str]) -> bool:
        """Whether what that member wrote there with these tags is followed."""
        return author_id in self.members or space in self.spaces or not set(self.tags).isdisjoint(tags)


@record(frozen=True, slots=True)
class FollowedPost:
    """One member follows one post since `at`, and has read its thread up to `read_at`."""

    programme_id: str
    member_id: bytes
    post_id: bytes
    at: datetime
    read_at: datetime

    @property
    def id(self) -> bytes:
        """There can be one of a pair."""
        return followed_id(self.member_id, self.post_id)


def followed_id(member_id: bytes, post_id: bytes) -> bytes:
    """The id of what says that they follow it."""
    return derived_id("followed_post", member_id, post_id)


def new_reader(programme_id: str, member_id: bytes) -> Reader:
    """Of somebody who follows nothing."""
    return Reader(member_id, programme_id, {}, {}, {})
