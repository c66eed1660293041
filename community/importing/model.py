"""Votes of nobody known, and what an import did."""

from dataclasses import dataclass
from datetime import datetime

from community.reactions.model import Target
from gamification.kit.identifiers import NEW_ID_BYTES, derived_id
from gamification.kit.records import record

SOURCE = "stackexchange"


@record(frozen=True, slots=True)
class ImportedVote:
    """A vote that came with what it is for, and of which is only known that it was given: it counts there as a reaction of
    that `key` does."""

    id: bytes
    programme_id: str
    target: Target
    post_id: bytes
    key: str
    at: datetime


@dataclass(slots=True)
class ImportedContent:
    """What an import of content did. `threads` were looked at, `known` of them had been there before and were left as they
    are; the rest counts what was written."""

    threads: int = 0
    known: int = 0
    questions: int = 0
    answers: int = 0
    comments: int = 0
    accepted: int = 0
    votes: int = 0
    bookmarks: int = 0
    nobodys: int = 0

    def as_dict(self) -> dict[str, int]:
        """As plain data, for JSON."""
        return {
            "threads": self.threads,
            "known": self.known,
            "questions": self.questions,
            "answers": self.answers,
            "comments": self.comments,
            "accepted": self.accepted,
            "votes": self.votes,
            "bookmarks": self.bookmarks,
            "ofDeletedUsers": self.nobodys,
        }

    def add(self, other: "ImportedContent") -> None:
        """Count a part."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def imported_id(programme_id: str, name: str, milliseconds: int) -> bytes:
    """The id of what `name` became: always the same, and ordered by time among all others."""
    time_bytes = 6
    digest = derived_id("imported", programme_id, SOURCE, name)
    return milliseconds.to_bytes(time_bytes, "big") + digest[: NEW_ID_BYTES - time_bytes]


def vote_id(programme_id: str, name: str) -> bytes:
    """The id of the vote of that name: there can be one."""
    return derived_id("imported vote", programme_id, SOURCE, name)
