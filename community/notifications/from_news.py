"""Whom what was published, reacted to, followed and decided concerns: those are told of it, as far as they may see it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from community.comments.model import Comment
from community.comments.repository import CommentRepository
from community.moderation.repository import ReportRepository
from community.notifications.model import Notice
from community.notifications.watching import News
from community.posts.model import Post
from community.posts.repository import PostRepository
from community.reactions.model import TargetKind
from community.reactions.repository import ReactionRepository
from community.spaces.model import SpaceState
from community.spaces.repository import SpaceMembershipRepository
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.members.follows import FollowRepository
from gamification.programmes.definitions import PostKind
from gamification.programmes.definitions.notifications import NotificationKind
from storage.paging import Position, Window

T = TypeVar("T")
MEMBERS_A_PART = 500


@record(frozen=True, slots=True)
class Piece:
    """What happened: news of an id, and when."""

    what: News
    id: bytes
    at: datetime


@record(frozen=True, slots=True)
class Found:
    """Whom to tell, and by the ids of happenings what is not so any more."""

    notices: Sequence[Notice] = ()
    over: Sequence[bytes] = ()


class NewsReading:
    """Looks at what is there by now; what is gone concerns nobody any more."""

    def __init__(
        self,
        posts: PostRepository,
        comments: CommentRepository,
        reactions: ReactionRepository,
        follows: FollowRepository,
        reports: ReportRepository,
        memberships: SpaceMembershipRepository,
    ) -> None:
        self._posts = posts
        self._comments = comments
        self._reactions = reactions
        self._follows = follows
        self._reports = reports
        self._memberships = memberships

    async def found(self, programme_id: str, news: Sequence[Piece]) -> AsyncIterator[Found]:
        """Part by part: an announcement may concern many."""
        of: dict[News, dict[bytes, Piece]] = {}
        for piece in news:
            of.setdefault(piece.what, {})[piece.id] = piece
        if pieces := of.get(News.COMMENT):
            yield await self._comments_found(programme_id, pieces)
        if pieces := of.get(News.REACTION):
            yield await self._reactions_found(pieces)
        if pieces := of.get(News.FOLLOW):
            yield await self._follows_found(pieces)
        if pieces := of.get(News.REPORT):
            yield await self._reports_found(pieces)
        if pieces := of.get(News.POST):
            posts = await self._posts.by_ids(programme_id, sorted(pieces))
            for post in posts.values():
                async for found in self._post_found(post, pieces[post.id].at):
                    yield found

    async def _post_found(self, post: Post, at: datetime) -> AsyncIterator[Found]:
        if not post.counts:
            return
        base = _about_post(post, at)
        yield Found([_to(base, member, NotificationKind.MENTIONED) for member in post.written.mentions])
        if post.kind is not PostKind.ANNOUNCEMENT:
            return
        after: Position | None = None
        while True:
            page = await self._memberships.page(
                post.programme_id, post.space, SpaceState.ACTIVE, (), Window(MEMBERS_A_PART, after=after)
            )
            members = [one.member_id for one in page.rows if one.member_id not in post.written.mentions]
            yield Found([_to(base, member, NotificationKind.ANNOUNCEMENT) for member in members])
            if not page.has_next:
                return
            after = page.positions[-1]

    async def _comments_found(self, programme_id: str, pieces: Mapping[bytes, Piece]) -> Found:
        comments = await self._comments.by_ids(programme_id, sorted(pieces))
        parents = await self._comments.by_ids(
            programme_id, sorted({one.parent_id for one in comments.values() if one.parent_id is not None})
        )
        posts = await self._posts.by_ids(programme_id, sorted({one.post_id for one in comments.values()}))
        notices: list[Notice] = []
        over: list[bytes] = []
        for comment in _in_order(pieces, comments):
            post = posts.get(comment.post_id)
            if post is None:
                continue
            parent = parents.get(comment.parent_id) if comment.parent_id is not None else None
            told = list(_of_comment(post, parent, comment, pieces[comment.id].at))
            if comment.counts:
                notices += told
            else:
                over += [one.id for one in told]
        return Found(notices, over)

    async def _reactions_found(self, pieces: Mapping[bytes, Piece]) -> Found:
        reactions = await self._reactions.by_ids(sorted(pieces))
        notices: list[Notice] = []
        over: list[bytes] = []
        for one in _in_order(pieces, reactions):
            found = derived_id("notice", "reaction", one.id)
            if one.counted is None:
                over.append(found)
                continue
            is_comment = one.target.kind is TargetKind.COMMENT
            notices.append(
                Notice(
                    id=found,
                    programme_id=one.programme_id,
                    member_id=one.author_id,
                    kind=NotificationKind.REACTED,
                    at=pieces[one.id].at,
                    group=f"reacted|{one.target.kind}|{one.target.id.hex()}",
                    actor_id=one.member_id,
                    post_id=one.post_id,
                    comment_id=one.target.id if is_comment else None,
                    facts={"to": one.target.kind.value},
                )
            )
        return Found(notices, over)

    async def _follows_found(self, pieces: Mapping[bytes, Piece]) -> Found:
        follows = await self._follows.by_ids(sorted(pieces))
        notices = [
            Notice(
                id=derived_id("notice", "follow", one.id),
                programme_id=one.programme_id,
                member_id=one.followed,
                kind=NotificationKind.FOLLOWED,
                at=pieces[one.id].at,
                group="followed",
                actor_id=one.follower,
            )
            for one in _in_order(pieces, follows)
        ]
        return Found(notices, [derived_id("notice", "follow", one) for one in pieces if one not in follows])

    async def _reports_found(self, pieces: Mapping[bytes, Piece]) -> Found:
        reports = await self._reports.by_ids(sorted(pieces))
        return Found(
            [
                Notice(
                    id=derived_id("notice", "report", one.id),
                    programme_id=one.programme_id,
                    member_id=one.reporter_id,
                    kind=NotificationKind.REPORT_DECIDED,
                    at=pieces[one.id].at,
                    facts={"state": one.verdict.value, "reason": one.reason},
                )
                for one in reports.values()
                if one.verdict is not None
            ]
        )


def _in_order(pieces: Mapping[bytes, Piece], found: Mapping[bytes, T]) -> list[T]:
    """What was found, in the order in which it happened."""
    return [found[one] for one in pieces if one in found]


def _of_comment(post: Post, parent: Comment | None, comment: Comment, at: datetime) -> Iterable[Notice]:
    """Each concerned is told once: as who is answered, whose post it is, or who is named."""
    told = {comment.author_id}
    base = _about_post(post, at, comment)
    if parent is not None and parent.author_id not in told:
        told.add(parent.author_id)
        yield _to(base, parent.author_id, NotificationKind.COMMENT_REPLIED, f"replied|{parent.id.hex()}")
    if post.author_id not in told:
        told.add(post.author_id)
        answers = post.kind is PostKind.QUESTION and comment.is_answer
        kind = NotificationKind.QUESTION_ANSWERED if answers else NotificationKind.POST_COMMENTED
        yield _to(base, post.author_id, kind, f"{kind}|{post.id.hex()}")
    for member in comment.written.mentions:
        if member not in told:
            told.add(member)
            yield _to(base, member, NotificationKind.MENTIONED)


@record(frozen=True, slots=True)
class _About:
    post: Post
    comment: Comment | None
    at: datetime


def _about_post(post: Post, at: datetime, comment: Comment | None = None) -> _About:
    return _About(post, comment, at)


def _to(about: _About, member_id: bytes, kind: NotificationKind, group: str | None = None) -> Notice:
    text = about.comment or about.post
    what = "comment" if about.comment is not None else "post"
    return Notice(
        id=derived_id("notice", what, text.id, member_id),
        programme_id=text.programme_id,
        member_id=member_id,
        kind=kind,
        at=about.at,
        group=group,
        actor_id=text.author_id,
        post_id=about.post.id,
        comment_id=about.comment.id if about.comment is not None else None,
    )
