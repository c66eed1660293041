"""A Stack Exchange data dump as members and activity.

Order: time, then file (users, posts, comments, votes), then id in that file, then author before asker.
A vote's date is a whole day. It takes effect at the start of that day, or, on the day its post was made, at
the moment the post was made: no vote comes before its post, and none leaves its day. Ids break the ties.

A vote has no voter in the dump, so it is an activity of the post's author; an acceptance is one of the
answer's author and one of the asker. What any of this is worth is the programme file's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from gamification.activity.model import NewActivity
from gamification.importers import dump
from gamification.importers.dump import MalformedRowError, Row
from gamification.importers.model import ImportedMember, ImportReport
from gamification.importers.ordering import ActivitySorter

SOURCE = "stackexchange"
USERS, POSTS, COMMENTS, VOTES = "Users.xml", "Posts.xml", "Comments.xml", "Votes.xml"

_RANKS = {USERS: 0, POSTS: 1, COMMENTS: 2, VOTES: 3}
_KINDS = {1: "question", 2: "answer"}
_ACCEPTED = 1
_VOTES = {2: "post.upvoted", 3: "post.downvoted"}

COMMUNITY_USER = "community user"
MALFORMED = "malformed"
NO_OWNER = "no owner"
NO_SUCH_POST = "post not in the dump"
NOT_COUNTED = "vote type not counted"
OTHER_KIND = "neither question nor answer"
UNKNOWN_MEMBER = "owner not in the dump"


class Post(NamedTuple):
    """What later rows need of a post; `kind` is None for tag wikis and the like."""

    kind: str | None
    owner: int | None
    wiki: bool
    parent: int | None
    created: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an activity stands in the order: milliseconds since 1970, and the row that it comes from."""

    milliseconds: int
    file: str
    row: int


class StackExchangeDump:
    """One site's dump, a folder of XML files.

    `members` and `activities` each stream the files anew. In memory are one small tuple a post, one number a
    user and at most one run of the sorter; `report` counts what `activities` read and left out.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._members: set[int] = set()
        self._posts: dict[int, Post] = {}
        self._sorter = ActivitySorter()
        self.report = ImportReport()

    def members(self) -> Iterator[ImportedMember]:
        """Members in order of id; the site's own background user (-1) is none. Raises: SourceUnreadable."""
        for row in dump.rows(self._directory / USERS):
            try:
                member = _member(row)
            except MalformedRowError:
                # `activities` reads the same row, and counts it there once.
                continue
            if member is not None:
                yield member

    def activities(self) -> ActivitySorter:
        """All activity in order, to iterate once or again; its `len` is known. Raises: SourceUnreadable."""
        self._members, self._posts = set(), {}
        self._sorter, self.report = ActivitySorter(), ImportReport()
        for file, translate in (
            (USERS, self._user),
            (POSTS, self._post),
            (COMMENTS, self._comment),
            (VOTES, self._vote),
        ):
            for row in dump.rows(self._directory / file):
                self.report.read[file] += 1
                try:
                    translate(row)
                except MalformedRowError:
                    self.report.skip(file, MALFORMED)
        return self._sorter

    def _user(self, row: Row) -> None:
        member = _member(row)
        if member is None:
            self.report.skip(USERS, COMMUNITY_USER)
            return
        user = int(member.external_id)
        self._members.add(user)
        place = _Place(dump.milliseconds(row, "CreationDate"), USERS, user)
        self._add(place, "account.registered", user, f"user:{user}", None, {})

    def _post(self, row: Row) -> None:
        number = dump.whole(row, "Id")
        post = Post(
            kind=_KINDS.get(dump.whole(row, "PostTypeId")),
            owner=dump.optional_whole(row, "OwnerUserId"),
            wiki="CommunityOwnedDate" in row,
            parent=dump.optional_whole(row, "ParentId"),
            created=dump.milliseconds(row, "CreationDate"),
        )
        self._posts[number] = post
        if post.kind is None:
            self.report.skip(POSTS, OTHER_KIND)
            return
        place = _Place(post.created, POSTS, number)
        properties = {"kind": post.kind, "wiki": post.wiki}
        self._add(place, "post.created", post.owner, f"post:{number}", f"post:{number}", properties)

    def _comment(self, row: Row) -> None:
        number = dump.whole(row, "Id")
        owner = dump.optional_whole(row, "UserId")
        subject = f"post:{dump.whole(row, 'PostId')}"
        place = _Place(dump.milliseconds(row, "CreationDate"), COMMENTS, number)
        self._add(place, "comment.left", owner, f"comment:{number}", subject, {})

    def _vote(self, row: Row) -> None:
        number = dump.whole(row, "Id")
        kind = dump.whole(row, "VoteTypeId")
        post_number = dump.whole(row, "PostId")
        day = dump.milliseconds(row, "CreationDate")
        if kind != _ACCEPTED and kind not in _VOTES:
            self.report.skip(VOTES, NOT_COUNTED)
            return
        post = self._posts.get(post_number)
        if post is None:
            self.report.skip(VOTES, NO_SUCH_POST)
            return
        if post.kind is None:
            self.report.skip(VOTES, OTHER_KIND)
            return
        place = _Place(max(day, post.created), VOTES, number)
        if kind == _ACCEPTED:
            self._acceptance(place, post_number, post)
            return
        properties = {"kind": post.kind, "wiki": post.wiki, "self_answer": self._self_answer(post)}
        self._add(place, _VOTES[kind], post.owner, f"vote:{number}", f"post:{post_number}", properties)

    def _acceptance(self, place: _Place, answer_number: int, answer: Post) -> None:
        question = self._posts.get(answer.parent) if answer.parent is not None else None
        properties: dict[str, Any] = {"wiki": answer.wiki, "self_answer": self._self_answer(answer)}
        row, subject = f"vote:{place.row}", f"post:{answer_number}"
        self._add(place, "answer.accepted", answer.owner, row, subject, properties)
        if question is None:
            self.report.skip(VOTES, NO_SUCH_POST)
            return
        given = {
            "answer": str(answer_number),
            "wiki": answer.wiki or question.wiki,
            "self_answer": properties["self_answer"],
        }
        subject = f"post:{answer.parent}"
        self._add(place, "answer.chosen", question.owner, f"{row}:asker", subject, given, part=1)

    def _self_answer(self, post: Post) -> bool:
        question = self._posts.get(post.parent) if post.parent is not None else None
        return question is not None and post.owner is not None and question.owner == post.owner

    def _add(
        self,
        place: _Place,
        type_: str,
        owner: int | None,
        source_id: str,
        subject: str | None,
        properties: dict[str, Any],
        *,
        part: int = 0,
    ) -> None:
        reason = self._unattributable(owner)
        if reason is not None:
            self.report.skip(place.file, reason)
            return
        activity = NewActivity(
            type=type_,
            source=SOURCE,
            source_id=source_id,
            member_external_id=str(owner),
            occurred_at=dump.moment(place.milliseconds),
            subject=subject,
            properties=properties,
        )
        self._sorter.add((place.milliseconds, _RANKS[place.file], place.row, part), activity)

    def _unattributable(self, owner: int | None) -> str | None:
        if owner is None:
            return NO_OWNER
        if owner < 0:
            return COMMUNITY_USER
        return None if owner in self._members else UNKNOWN_MEMBER


def _member(row: Row) -> ImportedMember | None:
    number = dump.whole(row, "Id")
    joined_at = dump.moment(dump.milliseconds(row, "CreationDate"))
    if number < 0:
        return None
    return ImportedMember(
        external_id=str(number),
        display_name=row.get("DisplayName", "").strip() or f"user{number}",
        joined_at=joined_at,
        avatar_url=row.get("ProfileImageUrl"),
    )
