"""What is found."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.records import record


class SearchKind(StrEnum):
    """What can be found; of equal rank, in this order."""

    SPACE = "space"
    MEMBER = "member"
    POST = "post"
    COMMENT = "comment"

    @property
    def place(self) -> int:
        """Which comes first of what ranks alike."""
        return list(SearchKind).index(self)


@record(frozen=True, slots=True)
class Hit:
    """Something that was found. `key`: its id, of a space its key. `score`: the greater, the earlier."""

    kind: SearchKind
    key: bytes
    score: int


@record(frozen=True, slots=True)
class SearchFilter:
    """What is looked through: `kinds`, all of them where none is named; the rest leaves out members and spaces, and is of
    posts, and of comments under such posts; `author_id`, `since` and `until` are of the comments themselves."""

    kinds: frozenset[SearchKind] = frozenset()
    space: str | None = None
    tag: str | None = None
    author_id: bytes | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, kind: SearchKind) -> bool:
        """Whether that kind is looked for."""
        if self.kinds and kind not in self.kinds:
            return False
        texts_only = (self.space, self.tag, self.author_id, self.since, self.until) != (None,) * 5
        return not texts_only or kind in (SearchKind.POST, SearchKind.COMMENT)
