"""Following spaces, tags and posts, and saying how far one has read. Each use case is one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from community.following.model import Followed, FollowedPost, Reader, new_reader
from community.following.repository import FollowingRepository
from community.posts.access import may_read
from community.posts.model import Post
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.spaces.service import Viewer
from community.writing.limits import TAG_MAX, normal_tag
from gamification.kit.actors import Actor
from gamification.kit.errors import LimitExceeded, NotFound
from gamification.kit.records import evolve, record
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

TOPICS_MAX = 200
"""So many spaces a member follows, and so many tags."""
POSTS_MAX = 1000
_NONE: Page[FollowedPost] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class Topic:
    """What is followed: exactly one of a space by key, a tag, and a post."""

    space: str | None = None
    tag: str | None = None
    post_id: bytes | None = None


@record(frozen=True, slots=True)
class Changed:
    """What is followed or not from now on, and whether that is new."""

    topic: Topic
    viewer: Viewer
    post: Post | None
    changed: bool


class FollowingService:
    """Members follow for themselves, services for any member."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: FollowingRepository,
        posts: PostRepository,
        work: PostWork,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._work = work

    async def follow(self, actor: Actor, member_id: bytes | None, topic: Topic) -> Changed:
        """Follow something that one reads; twice is the same as once. Raises: Forbidden, NotFound, InvalidInput,
        LimitExceeded."""

        async def body(work: Unit) -> Changed:
            member, viewer = await self._work.acting(work, actor, member_id)
            stated = _checked(topic)
            post = await self._seen(work, viewer, stated)
            if post is not None:
                return Changed(stated, viewer, post, await self._follow_post(work, member, post))
            return Changed(stated, viewer, None, await self._follow_topic(work, member, stated))

        return await self._settlement.run(actor.programme_id, body)

    async def unfollow(self, actor: Actor, member_id: bytes | None, topic: Topic) -> Changed:
        """Follow it no more; twice is the same as once. Raises: Forbidden, NotFound, InvalidInput."""

        async def body(work: Unit) -> Changed:
            member, viewer = await self._work.acting(work, actor, member_id)
            stated = _checked(topic)
            post = None
            if stated.post_id is not None:
                changed = await self._repository.delete_post(member.id, stated.post_id, work.tx)
                found = await self._posts.by_ids(actor.programme_id, [stated.post_id], work.tx)
                post = next((one for one in found.values() if may_read(viewer, one)), None)
                return Changed(stated, viewer, post, changed)
            reader = await self._reader(member, work)
            spaces = {key: at for key, at in reader.spaces.items() if key != stated.space}
            tags = {key: at for key, at in reader.tags.items() if key != stated.tag}
            changed = (spaces, tags) != (reader.spaces, reader.tags)
            if changed:
                await self._repository.save_reader(evolve(reader, spaces=spaces, tags=tags), work.tx)
            return Changed(stated, viewer, post, changed)

        return await self._settlement.run(actor.programme_id, body)

    async def mark_read(
        self, actor: Actor, member_id: bytes | None, topic: Topic, at: datetime | None
    ) -> Changed:
        """Say that one has read a space, or the thread of a followed post, up to a moment, or now; what was read stays read.
        Raises: Forbidden, NotFound, InvalidInput."""

        async def body(work: Unit) -> Changed:
            member, viewer = await self._work.acting(work, actor, member_id)
            until = min(at, work.space.now) if at is not None else work.space.now
            post = await self._seen(work, viewer, topic)
            if post is not None:
                known = (await self._repository.posts(member.id, [post.id], work.tx)).get(post.id)
                if known is None:
                    raise NotFound("This post is not followed.", path=["postId"])
                if until > known.read_at:
                    await self._repository.save_post(evolve(known, read_at=until), work.tx)
                return Changed(topic, viewer, post, until > known.read_at)
            assert topic.space is not None  # noqa: S101 - tags are not read
            reader = await self._reader(member, work)
            before = reader.read.get(topic.space)
            if before is None or until > before:
                read = {**_there(work, reader.read), topic.space: until}
                await self._repository.save_reader(evolve(reader, read=read), work.tx)
            return Changed(topic, viewer, None, before is None or until > before)

        return await self._settlement.run(actor.programme_id, body)

    async def reader(self, viewer: Viewer) -> Reader | None:
        """What the viewer follows and has read; None for who is no member."""
        if viewer.member is None:
            return None
        found = await self._repository.reader(viewer.member.id)
        return found or new_reader(viewer.actor.programme_id, viewer.member.id)

    async def followed(self, viewer: Viewer) -> Followed:
        """Whose posts, and which, the viewer's feed has."""
        if viewer.member is None:
            return Followed((), (), ())
        return await self._repository.followed(viewer.member.id)

    async def posts(self, viewer: Viewer, post_ids: Sequence[bytes]) -> Mapping[bytes, FollowedPost]:
        """Which of these posts the viewer follows, by the post's id."""
        return await self._repository.posts(viewer.member.id, post_ids) if viewer.member is not None else {}

    async def page(self, viewer: Viewer, window: Window) -> Page[FollowedPost]:
        """The posts that the viewer follows, latest first."""
        return await self._repository.page(viewer.member.id, window) if viewer.member is not None else _NONE

    # -- within

    async def _follow_topic(self, work: Unit, member: Member, topic: Topic) -> bool:
        reader = await self._reader(member, work)
        spaces, tags = _there(work, reader.spaces), dict(reader.tags)
        held, key = (spaces, topic.space) if topic.space is not None else (tags, topic.tag)
        assert key is not None  # noqa: S101 - one of the three is stated
        if key in held:
            return False
        if len(held) >= TOPICS_MAX:
            what = "space" if topic.space is not None else "tag"
            raise LimitExceeded(f"At most {TOPICS_MAX} {what}s are followed.", path=[what], limit=TOPICS_MAX)
        held[key] = work.space.now
        await self._repository.save_reader(evolve(reader, spaces=spaces, tags=tags), work.tx)
        return True

    async def _follow_post(self, work: Unit, member: Member, post: Post) -> bool:
        if post.id in await self._repository.posts(member.id, [post.id], work.tx):
            return False
        # Two at once may go one over it: it bounds what is kept, and nothing hangs on the number.
        if await self._repository.count_posts(member.id, work.tx) >= POSTS_MAX:
            raise LimitExceeded(f"At most {POSTS_MAX} posts are followed.", path=["postId"], limit=POSTS_MAX)
        now = work.space.now
        await self._repository.save_post(
            FollowedPost(member.programme_id, member.id, post.id, now, now), work.tx
        )
        return True

    async def _reader(self, member: Member, work: Unit) -> Reader:
        found = await self._repository.reader(member.id, work.tx)
        return found or new_reader(member.programme_id, member.id)

    async def _seen(self, work: Unit, viewer: Viewer, topic: Topic) -> Post | None:
        """The post that it is about, if it is about one. Raises: NotFound where it is not there to be read."""
        if topic.space is not None and topic.space not in viewer.readable:
            raise NotFound("There is no such space.", path=["space"])
        if topic.post_id is None:
            return None
        found = await self._posts.by_ids(viewer.actor.programme_id, [topic.post_id], work.tx)
        post = found.get(topic.post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound("There is no such post.", path=["postId"])
        return post


def _checked(topic: Topic) -> Topic:
    """With the tag in its one spelling. Raises: InvalidInput."""
    if topic.tag is None:
        return topic
    tag = normal_tag(topic.tag)
    check_text(tag, "tag", TAG_MAX)
    return evolve(topic, tag=tag)


def _there(work: Unit, spaces: Mapping[str, datetime]) -> dict[str, datetime]:
    """Without what the programme's file has no more."""
    return {key: at for key, at in spaces.items() if key in work.space.catalogue.spaces}
