"""Posts that the member may read and has had nothing to do with."""

import asyncio
from collections.abc import Mapping, Sequence

from community.bookmarks.repository import BookmarkRepository
from community.comments.repository import COLLECTION as COMMENTS
from community.following.repository import FollowingRepository
from community.posts.access import may_read
from community.posts.model import Post
from community.posts.repository import PostRepository
from community.questions.model import QuestionMark
from community.reactions.model import Target, TargetKind
from community.reactions.repository import ReactionRepository
from community.recommendations.model import Code, Kind
from community.recommendations.popularity import FRESH_FOR
from community.recommendations.sources import Offer, Person
from community.recommendations.wording import Reason
from community.sanctions.repository import SanctionRepository
from gamification.members.model import Standing
from gamification.members.repository import MemberRepository
from storage.mongo import Mongo

TITLE_MAX = 60


class PostSource:
    """Of what was stored for the member, or is popular."""

    kind = Kind.POST

    def __init__(
        self,
        mongo: Mongo,
        posts: PostRepository,
        reactions: ReactionRepository,
        following: FollowingRepository,
        bookmarks: BookmarkRepository,
        sanctions: SanctionRepository,
        members: MemberRepository,
    ) -> None:
        self._comments = mongo.collection(COMMENTS)
        self._posts = posts
        self._reactions = reactions
        self._following = following
        self._bookmarks = bookmarks
        self._sanctions = sanctions
        self._members = members

    async def offers(self, person: Person, items: Sequence[str]) -> Mapping[str, Offer]:
        """Those that others see, by others, in spaces that the member reads, and that they have not read, answered, reacted to,
        followed or kept. What moderators alone see, and what is locked, is not recommended to moderators either."""
        seen = await self._readable(person, items)
        if not seen:
            return {}
        ids, member = list(seen), person.member.id
        authors = sorted({one.author_id for one in seen.values()})
        reacted, answered, followed, kept = await asyncio.gather(
            self._reactions.of_member(member, ids),
            self._answered(member, ids),
            self._following.posts(member, ids),
            self._bookmarks.of(member, [Target(TargetKind.POST, one) for one in ids]),
        )
        reader, limited, people = await asyncio.gather(
            self._following.reader(member),
            self._sanctions.limited_among(person.catalogue.programme_id, authors),
            self._members.by_ids(person.catalogue.programme_id, authors),
        )
        read = reader.read if reader is not None else {}
        bookmarked = {one.id for one in kept}
        found = {}
        for key, post in seen.items():
            had = key in answered or key in followed or key in bookmarked or bool(reacted[key])
            is_read = (
                post.space in read and post.published_at is not None and post.published_at <= read[post.space]
            )
            author = people.get(post.author_id)
            gone = author is None or author.is_gone or author.standing is Standing.BANNED
            if not (had or is_read or gone or post.author_id in limited):
                found[key.hex()] = _offer(person, post)
        return found

    async def names(self, person: Person, items: Sequence[str]) -> Mapping[str, str]:
        """The titles, shortened, of those that the member reads."""
        ids = [raw for one in items if (raw := _raw(one)) is not None]
        found = await self._posts.by_ids(person.catalogue.programme_id, ids)
        return {
            key.hex(): _short(post.written.title)
            for key, post in found.items()
            if post.counts and post.written.title and may_read(person.viewer, post)
        }

    async def _readable(self, person: Person, items: Sequence[str]) -> dict[bytes, Post]:
        ids = [raw for one in items if (raw := _raw(one)) is not None]
        found = await self._posts.by_ids(person.catalogue.programme_id, ids)
        viewer = person.viewer
        return {
            key: post
            for key, post in found.items()
            if post.counts
            and not post.locked
            and may_read(viewer, post)
            and post.author_id != person.member.id
            and post.author_id not in viewer.hidden
        }

    async def _answered(self, member_id: bytes, ids: Sequence[bytes]) -> set[bytes]:
        rows = self._comments.find({"author_id": member_id, "post_id": {"$in": list(ids)}}, ["post_id"])
        return {row["post_id"] for row in await rows.to_list(None)}


def _offer(person: Person, post: Post) -> Offer:
    is_new = post.published_at is not None and person.now - post.published_at < FRESH_FOR
    return Offer(
        post,
        plain=Reason(Code.FRESH, {}) if is_new else None,
        group=post.author_id.hex(),
        still=QuestionMark.UNANSWERED.value in post.marks,
    )


def _short(title: str) -> str:
    return title if len(title) <= TITLE_MAX else f"{title[: TITLE_MAX - 1].rstrip()}…"


def _raw(item: str) -> bytes | None:
    try:
        return bytes.fromhex(item)
    except ValueError:
        return None
