"""What was written on a Stack Exchange site, thread by thread: each question with its answers, comments and votes.

A dump's files are ordered by id, and a thread lies all over them, so they are laid out in a private temporary database first:
memory holds one thread at a time, whatever the dump's size.
"""

import json
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gamification.importers import dump
from gamification.importers.dump import MalformedRowError, Row
from gamification.importers.model import ImportReport
from gamification.importers.stackexchange import (
    COMMENTS,
    MALFORMED,
    NO_SUCH_POST,
    OTHER_KIND,
    POSTS,
    VOTES,
)

NOT_CONTENT = "vote type that is no content"
TOO_LONG = "longer than any text"
FUTURE = "dated in the future"
TEXT_MAX = 500_000
"""A longer text is none that somebody wrote, and would not go into one document with all that is made of it."""
SCORE_MAX = 10_000
"""Each point of a comment's score becomes a vote."""
_QUESTION, _ANSWER = 1, 2
_ACCEPTED, _UP, _FAVOURITE = 1, 2, 5
_ROWS_AT_ONCE = 1000
_TABLES = """
    CREATE TABLE posts (id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, row TEXT NOT NULL);
    CREATE TABLE comments (id INTEGER PRIMARY KEY, post INTEGER NOT NULL, row TEXT NOT NULL);
    CREATE TABLE votes
        (id INTEGER PRIMARY KEY, post INTEGER NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL, user INTEGER);
"""
_INDEXES = """
    CREATE INDEX posts_by_thread ON posts (thread, id);
    CREATE INDEX comments_by_post ON comments (post, id);
    CREATE INDEX votes_by_post ON votes (post, id);
"""


@dataclass(frozen=True, slots=True)
class SourceVote:
    """An up-vote; nobody knows whose. Times are milliseconds since 1970, as in all of these."""

    number: int
    at: int


@dataclass(frozen=True, slots=True)
class SourceFavourite:
    """That a user kept a post among their favourites."""

    user: int
    at: int


@dataclass(frozen=True, slots=True)
class SourceComment:
    """A comment on the post of that number, as its author wrote it. `score`: how many up-votes it has."""

    number: int
    post: int
    owner: int | None
    at: int
    text: str
    score: int


@dataclass(frozen=True, slots=True)
class SourcePost:
    """A question or an answer; `body` is HTML. `accepted` is the number of the answer that a question accepted, and
    `accepted_at` of an answer when it was. `closed`: nobody answers any more."""

    number: int
    owner: int | None
    at: int
    edited_at: int | None
    editor: int | None
    title: str
    tags: tuple[str, ...]
    body: str
    accepted: int | None
    accepted_at: int | None
    closed: bool
    votes: tuple[SourceVote, ...]
    favourites: tuple[SourceFavourite, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceThread:
    """A question, its answers, and the comments on any of them, each in the order of their numbers."""

    question: SourcePost
    answers: tuple[SourcePost, ...]
    comments: tuple[SourceComment, ...]

    @property
    def size(self) -> int:
        """How many texts and votes it has."""
        posts = (self.question, *self.answers)
        votes = sum(len(post.votes) for post in posts) + sum(one.score for one in self.comments)
        return len(posts) + len(self.comments) + votes


class _LeftOutError(ValueError):
    """A row that is as it should be, and can't be content: why, as a report counts it."""


class ThreadReader:
    """Reads one site's dump, what was written there until `now`. `report` is about the last reading: what was read, and what
    was left out and why."""

    def __init__(self, directory: Path, now: datetime | None = None) -> None:
        self._directory = directory
        self._until = int((now or datetime.now(UTC)).timestamp() * 1000)
        self.report = ImportReport()
        self.count = 0

    def threads(self) -> Iterator[SourceThread]:
        """Every thread, in the order of the questions' numbers; `count` is known with the first. Raises: SourceUnreadable."""
        self.report = ImportReport()
        with (
            tempfile.TemporaryDirectory(prefix="starguild-import-") as folder,
            closing(sqlite3.connect(Path(folder) / "threads.sqlite")) as database,
        ):
            self._lay_out(database)
            (self.count,) = database.execute("SELECT count(*) FROM posts WHERE id = thread").fetchone()
            for number, row in database.execute("SELECT id, row FROM posts WHERE id = thread ORDER BY id"):
                yield _thread(database, number, json.loads(row))

    def _lay_out(self, database: sqlite3.Connection) -> None:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(_TABLES)
        for file, take in ((POSTS, self._post), (COMMENTS, self._comment), (VOTES, self._vote)):
            for number, row in enumerate(dump.rows(self._directory / file), 1):
                self.report.read[file] += 1
                try:
                    take(database, row)
                except _LeftOutError as left_out:
                    self.report.skip(file, str(left_out))
                except MalformedRowError:
                    self.report.skip(file, MALFORMED)
                if number % _ROWS_AT_ONCE == 0:
                    database.commit()
        database.executescript(_INDEXES)
        self._leave_out(database)
        database.commit()

    def _post(self, database: sqlite3.Connection, row: Row) -> None:
        number, kind = dump.whole(row, "Id"), dump.whole(row, "PostTypeId")
        if kind not in (_QUESTION, _ANSWER):
            self.report.skip(POSTS, OTHER_KIND)
            return
        self._time(row)
        _check_text(row, "Body")
        thread = number if kind == _QUESTION else dump.whole(row, "ParentId")
        if kind == _QUESTION:
            dump.text(row, "Title")
        elif thread == number:
            raise MalformedRowError("it answers itself")
        database.execute("INSERT OR IGNORE INTO posts VALUES (?, ?, ?)", (number, thread, json.dumps(row)))

    def _comment(self, database: sqlite3.Connection, row: Row) -> None:
        number, post = dump.whole(row, "Id"), dump.whole(row, "PostId")
        self._time(row)
        _check_text(row, "Text")
        if _score(row) > SCORE_MAX:
            raise MalformedRowError("its Score is beyond belief")
        database.execute("INSERT OR IGNORE INTO comments VALUES (?, ?, ?)", (number, post, json.dumps(row)))

    def _vote(self, database: sqlite3.Connection, row: Row) -> None:
        number, kind, post = (dump.whole(row, name) for name in ("Id", "VoteTypeId", "PostId"))
        at = self._time(row)
        user = dump.optional_whole(row, "UserId")
        if kind not in (_ACCEPTED, _UP, _FAVOURITE) or (kind == _FAVOURITE and user is None):
            self.report.skip(VOTES, NOT_CONTENT)
            return
        database.execute("INSERT OR IGNORE INTO votes VALUES (?, ?, ?, ?, ?)", (number, post, kind, at, user))

    def _time(self, row: Row) -> int:
        at = dump.milliseconds(row, "CreationDate")
        if at > self._until:
            raise _LeftOutError(FUTURE)
        return at

    def _leave_out(self, database: sqlite3.Connection) -> None:
        """What hangs on nothing that is there."""
        orphans = "id != thread AND thread NOT IN (SELECT id FROM posts WHERE id = thread)"
        for file, table, where in (
            (POSTS, "posts", orphans),
            (COMMENTS, "comments", "post NOT IN (SELECT id FROM posts)"),
            (VOTES, "votes", "post NOT IN (SELECT id FROM posts)"),
        ):
            # Both are of this module alone; nothing of the dump is in the statement.
            gone = database.execute(f"DELETE FROM {table} WHERE {where}").rowcount  # noqa: S608
            if gone:
                self.report.skipped[file, NO_SUCH_POST] += gone


def _thread(database: sqlite3.Connection, number: int, row: Row) -> SourceThread:
    answers = database.execute(
        "SELECT id, row FROM posts WHERE thread = ? AND id != thread ORDER BY id", (number,)
    ).fetchall()
    rows = {number: row, **{found: json.loads(text) for found, text in answers}}
    votes: dict[int, list[SourceVote]] = defaultdict(list)
    favourites: dict[int, list[SourceFavourite]] = defaultdict(list)
    accepted_at: dict[int, int] = {}
    comments: list[SourceComment] = []
    for post in rows:
        for vote, kind, at, user in database.execute(
            "SELECT id, kind, at, user FROM votes WHERE post = ? ORDER BY id", (post,)
        ):
            if kind == _UP:
                votes[post].append(SourceVote(vote, at))
            elif kind == _FAVOURITE:
                favourites[post].append(SourceFavourite(user, at))
            else:
                accepted_at[post] = at
        for (text,) in database.execute("SELECT row FROM comments WHERE post = ? ORDER BY id", (post,)):
            comments.append(_comment_of(json.loads(text)))
    posts = [
        _post_of(found, votes[key], favourites[key], accepted_at.get(key)) for key, found in rows.items()
    ]
    comments.sort(key=lambda one: one.number)
    return SourceThread(posts[0], tuple(posts[1:]), tuple(comments))


def _post_of(
    row: Row, votes: list[SourceVote], favourites: list[SourceFavourite], accepted_at: int | None
) -> SourcePost:
    tags = row.get("Tags", "").replace("|", "><").strip("<>")
    return SourcePost(
        number=dump.whole(row, "Id"),
        owner=_optional(row, "OwnerUserId"),
        at=dump.milliseconds(row, "CreationDate"),
        edited_at=_edited(row),
        editor=_optional(row, "LastEditorUserId"),
        title=row.get("Title", ""),
        tags=tuple(one for one in tags.split("><") if one),
        body=row["Body"],
        accepted=_optional(row, "AcceptedAnswerId"),
        accepted_at=accepted_at,
        closed="ClosedDate" in row or "LockedDate" in row,
        votes=tuple(votes),
        favourites=tuple(favourites),
    )


def _comment_of(row: Row) -> SourceComment:
    return SourceComment(
        number=dump.whole(row, "Id"),
        post=dump.whole(row, "PostId"),
        owner=_optional(row, "UserId"),
        at=dump.milliseconds(row, "CreationDate"),
        text=row["Text"],
        score=_score(row),
    )


def _check_text(row: Row, name: str) -> None:
    if len(dump.text(row, name)) > TEXT_MAX:
        raise _LeftOutError(TOO_LONG)


def _score(row: Row) -> int:
    return max(_optional(row, "Score") or 0, 0)


def _edited(row: Row) -> int | None:
    try:
        return dump.milliseconds(row, "LastEditDate") if "LastEditDate" in row else None
    except MalformedRowError:
        return None


def _optional(row: Row, name: str) -> int | None:
    try:
        return dump.optional_whole(row, name)
    except MalformedRowError:
        return None
