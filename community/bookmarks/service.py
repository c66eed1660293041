"""Keeping bookmarks: one's own, of what one may read. Each use case is one transaction."""

from collections.abc import Mapping, Sequence

from community.bookmarks.model import Bookmark, bookmark_id
from community.bookmarks.repository import BookmarkRepository
from community.comments.access import sees_text
from community.comments.repository import CommentRepository
from community.posts.access import may_read
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.reactions.model import Target, TargetKind
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import LimitExceeded, NotFound
from gamification.kit.records import evolve
from gamification.members.profile import check_text
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

NOTE_MAX = 200
BOOKMARKS_MAX = 10_000
_NONE: Page[Bookmark] = Page([], [], has_next=False, has_previous=False)


class BookmarkService:
    """Members keep their own, services any member's. Nobody else learns of them."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: BookmarkRepository,
        posts: PostRepository,
        comments: CommentRepository,
        work: PostWork,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._comments = comments
        self._work = work

    async def add(
        self, actor: Actor, member_id: bytes | None, target: Target, note: str | None
    ) -> tuple[Bookmark, bool]:
        """Keep a thing, with a note or without; of what is kept the note is replaced. Whether it was not kept before. Raises:
        Forbidden, NotFound, InvalidInput, LimitExceeded."""
        if note is not None:
            check_text(note, "note", NOTE_MAX)

        async def body(work: Unit) -> tuple[Bookmark, bool]:
            member, viewer = await self._work.acting(work, actor, member_id)
            await self._require_seen(work, viewer, target)
            known = (await self._repository.of(member.id, [target], work.tx)).get(target)
            # Two at once may go one over it: it bounds what is kept, and nothing hangs on the number.
            if known is None and await self._repository.count(member.id, work.tx) >= BOOKMARKS_MAX:
                raise LimitExceeded(f"At most {BOOKMARKS_MAX} bookmarks are kept.", limit=BOOKMARKS_MAX)
            if known is None:
                found = bookmark_id(member.id, target)
                kept = Bookmark(found, member.programme_id, member.id, target, note, work.space.now)
            else:
                kept = evolve(known, note=note)
            if kept != known:
                await self._repository.save(kept, work.tx)
            return kept, known is None

        return await self._settlement.run(actor.programme_id, body)

    async def remove(self, actor: Actor, member_id: bytes | None, target: Target) -> bool:
        """Keep a thing no more, whether it is there to be read or not; False where it was not kept. Raises: Forbidden,
        NotFound."""

        async def body(work: Unit) -> bool:
            member, _ = await self._work.acting(work, actor, member_id)
            return await self._repository.delete(bookmark_id(member.id, target), work.tx)

        return await self._settlement.run(actor.programme_id, body)

    async def of_viewer(self, viewer: Viewer, targets: Sequence[Target]) -> Mapping[Target, Bookmark]:
        """The viewer's own of these things, by the thing."""
        return await self._repository.of(viewer.member.id, targets) if viewer.member is not None else {}

    async def page(self, viewer: Viewer, window: Window) -> Page[Bookmark]:
        """The viewer's own, latest first."""
        return await self._repository.page(viewer.member.id, window) if viewer.member is not None else _NONE

    async def _require_seen(self, work: Unit, viewer: Viewer, target: Target) -> None:
        programme_id, post_id = viewer.actor.programme_id, target.id
        comment = None
        if target.kind is TargetKind.COMMENT:
            comment = (await self._comments.by_ids(programme_id, [target.id], work.tx)).get(target.id)
            post_id = comment.post_id if comment is not None else b""
        post = (await self._posts.by_ids(programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound(f"There is no such {target.kind}.", path=["targetId"])
        if comment is not None and not sees_text(viewer, post, comment):
            raise NotFound("There is no such comment.", path=["targetId"])
