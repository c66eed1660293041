"""Writing posts: each use case one transaction, with the activity that a published post is recorded as, or that is taken
back with it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from community.posts.access import is_author, may_edit, require_state, require_version
from community.posts.model import Post, PostState
from community.posts.work import PostWork, check_reason, text_of
from community.screening.model import Screened
from community.screening.service import Stage
from community.spaces.model import SpaceRights
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, DomainError, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve, record
from gamification.programmes.definitions import PostKind
from gamification.settlement.unit import Unit
from storage.mongo import Contention

_AHEAD_MAX_DAYS = 366
_PATIENCE_S = 2.0
_BEYOND_TRUST = (ErrorCode.POSTING_LIMIT, ErrorCode.TRUST_TOO_LOW)
log = structlog.get_logger()

Beside = Callable[[Unit, Post], Awaitable[None]]


@record(frozen=True, slots=True)
class NewPost:
    """A post as its author states it. `draft`: it is kept for them alone; `publish_at`: until then."""

    space: str
    kind: PostKind
    title: str
    body: str
    tags: tuple[str, ...] = ()
    draft: bool = False
    publish_at: datetime | None = None
    options: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class PostChange:
    """What becomes different; None leaves it as it is."""

    title: str | None = None
    body: str | None = None
    tags: tuple[str, ...] | None = None
    reason: str | None = None


class PostService(PostWork):
    """Members write for themselves, services for any member; who looks after a space changes what is written there."""

    async def create(
        self,
        actor: Actor,
        member_id: bytes | None,
        new: NewPost,
        key: str,
        beside: Beside | None = None,
        stated_beside: Sequence[Any] = (),
    ) -> tuple[Post, bool]:
        """Write a post; published at once where it is no draft and not scheduled. `beside` stores what stands beside it, which
        `stated_beside` says for the key.

        Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict.
        """

        async def body(work: Unit) -> dict[str, Any]:
            member, viewer = await self.author(work, actor, member_id)
            rights = viewer.rights.get(new.space)
            if rights is None:
                raise NotFound("There is no such space.", path=["space"])
            if not rights.writes:
                raise Forbidden("This takes being in the space.")
            _check_kind(rights, new.kind, "kind")
            now = work.space.now
            _check_time(new.publish_at, now)
            post = Post(
                id=new_id(),
                programme_id=actor.programme_id,
                space=new.space,
                author_id=member.id,
                kind=new.kind,
                state=PostState.DRAFT,
                version=1,
                written=await self.written(work, new.title, new.body, new.tags),
                created_at=now,
                options=new.options,
            )
            if beside is not None:
                await beside(work, post)
            if new.publish_at is not None:
                await self._screening.judge(work, viewer, post.id, text_of(post), Stage.PLANNED)
                post = evolve(post, state=PostState.SCHEDULED, publish_at=new.publish_at)
            elif not new.draft:
                post = await self.publish_screened(work, viewer, member, post, shadowed=viewer.limited)
            await self.keep(work, actor, None, post)
            return {"post": post.id}

        at = new.publish_at.isoformat() if new.publish_at else None
        stated: list[Any] = [
            member_id,
            new.space,
            new.kind,
            new.title,
            new.body,
            list(new.tags),
            new.draft,
            at,
        ]
        if beside is not None:
            stated.append([*new.options, *stated_beside])
        async with self._screening.noting():
            result, replayed = await self._settlement.run_once(
                actor, key, "createPost", {"input": stated}, body
            )
        found = await self._repository.by_ids(actor.programme_id, [result["post"]])
        return found[result["post"]], replayed

    async def edit(
        self, actor: Actor, member_id: bytes | None, post_id: bytes, version: int, change: PostChange
    ) -> Post:
        """Change what a post says. Raises: Forbidden, NotFound, InvalidInput, Conflict (STALE_VERSION, POST_STATE,
        POST_LOCKED)."""
        if change.reason is not None:
            check_reason(change.reason)

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            if not may_edit(viewer, post):
                raise Forbidden("Only its author changes a post, and who looks after the space.")
            require_version(post, version)
            require_state(post, PostState.DRAFT, PostState.SCHEDULED, PostState.PUBLISHED)
            if post.locked and not viewer.rights[post.space].moderates:
                raise Conflict("This post is locked.", code=ErrorCode.POST_LOCKED, path=["postId"])
            before = post.written
            written = await self.written(
                work,
                before.title if change.title is None else change.title,
                before.body if change.body is None else change.body,
                before.tags if change.tags is None else change.tags,
            )
            if written == before:
                return post
            edited = evolve(post, written=written, version=post.version + 1)
            if post.state is PostState.SCHEDULED:
                await self._screening.judge(work, viewer, post.id, text_of(edited), Stage.PLANNED)
            if post.state is PostState.PUBLISHED:
                edited = evolve(edited, edited_at=work.space.now)
                by = viewer.member.id if viewer.member is not None else None
                await self.keep_version(work, edited, by, change.reason)
                stage, text, said = Stage.EDITED, text_of(edited), text_of(post)
                judged = await self._screening.judge(work, viewer, post.id, text, stage, said)
                if judged.is_held:
                    edited = await self.hold(work, actor, edited)
            return edited

        return await self.change(actor, member_id, post_id, changed)

    async def publish(
        self, actor: Actor, member_id: bytes | None, post_id: bytes, version: int, at: datetime | None
    ) -> Post:
        """Publish a draft or what is scheduled, now or later. Raises: Forbidden, NotFound, InvalidInput, Conflict
        (STALE_VERSION, POST_STATE)."""

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            if not is_author(viewer, post) or viewer.member is None or not viewer.rights[post.space].writes:
                raise Forbidden("Only its author publishes a post, in a space where they write.")
            require_version(post, version)
            require_state(post, PostState.DRAFT, PostState.SCHEDULED)
            _check_kind(viewer.rights[post.space], post.kind, "postId")
            _check_time(at, work.space.now)
            if at is not None:
                await self._screening.judge(work, viewer, post.id, text_of(post), Stage.PLANNED)
                scheduled = evolve(post, state=PostState.SCHEDULED, publish_at=at)
                return evolve(scheduled, version=post.version + 1)
            viewer.require_voice()
            return await self.publish_screened(work, viewer, viewer.member, post, shadowed=viewer.limited)

        return await self.change(actor, member_id, post_id, changed)

    async def delete(self, actor: Actor, member_id: bytes | None, post_id: bytes) -> Post:
        """Take one's own post down; what it earned goes with it. Again is the same as once. A draft is forgotten, its text
        with it. Raises: Forbidden, NotFound, Conflict (POST_STATE)."""

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            if not is_author(viewer, post):
                raise Forbidden("Only its author deletes a post; who looks after the space removes it.")
            if post.state is PostState.DELETED:
                return post
            unpublished = (PostState.DRAFT, PostState.SCHEDULED, PostState.PENDING)
            require_state(post, *unpublished, PostState.PUBLISHED)
            return await self.take_down(work, actor, post, PostState.DELETED, None)

        return await self.change(actor, member_id, post_id, changed)

    async def restore(self, actor: Actor, member_id: bytes | None, post_id: bytes) -> Post:
        """Publish again what was taken down: its author what they deleted, while they may write there, who looks after the
        space whatever is gone of members with a lower role. It earns once more what it had earned; what waited for a moderator
        waits again. Raises: Forbidden, NotFound, Conflict (POST_STATE, MUTED)."""

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            rights, is_own = viewer.rights[post.space], is_author(viewer, post)
            if not is_own and not rights.moderates:
                raise Forbidden("Only its author restores a post, and who looks after the space.")
            if post.state is PostState.PUBLISHED:
                return post
            if is_own:
                viewer.require_voice()
                if not rights.writes:
                    raise Forbidden("Only who may write in the space restores their own posts.")
            else:
                await self.require_rank(work, viewer, post.space, post.author_id)
            require_state(post, PostState.DELETED, *([] if is_own else [PostState.REMOVED]))
            if not post.publications:
                raise Conflict("It was never published.", code=ErrorCode.POST_STATE, path=["postId"])
            back = evolve(post, taken_down=None)
            if is_own and post.taken_down is not None and post.taken_down.waited:
                return await self.hold(work, actor, back)
            author = await self.member(work, actor.programme_id, post.author_id)
            shadowed = post.shadowed or (viewer.limited and is_own)
            return await self.publish_now(work, author, back, shadowed=shadowed)

        return await self.change(actor, member_id, post_id, changed)

    async def publish_due(self, limit: int = 100) -> int:
        """Publish what was scheduled and whose time has come; how many. The scheduler calls it. Where the
        author may not write there any more, or a rule, their trust or anything else does not let them, it becomes a draft
        again."""
        done = 0
        for post in await self._repository.due(self._settlement.now(), limit):
            try:
                done += await self._publish(post)
            except Contention:
                log.warning("posts.put_off", programme=post.programme_id, post=post.id.hex())
        return done

    # -- within

    async def _publish(self, post: Post) -> int:
        try:
            await self._settlement.run(post.programme_id, self._due(post.id), patience_s=_PATIENCE_S)
        except DomainError as error:
            log.warning(
                "posts.not_published", programme=post.programme_id, post=post.id.hex(), error=str(error)
            )
            drafted = self._due(post.id, drafted=True)
            await self._settlement.run(post.programme_id, drafted, patience_s=_PATIENCE_S)
        return 1

    def _due(self, post_id: bytes, *, drafted: bool = False) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            programme_id = work.space.catalogue.programme_id
            post = (await self._repository.by_ids(programme_id, [post_id], work.tx)).get(post_id)
            if post is None or post.state is not PostState.SCHEDULED:
                return
            if post.publish_at is None or post.publish_at > work.space.now:
                return
            author = (await work.stores.members.by_ids(programme_id, [post.author_id], work.tx))[
                post.author_id
            ]
            viewer = await self._spaces.viewer_of(author, work.tx)
            rights = viewer.rights.get(post.space)
            changed = evolve(post, state=PostState.DRAFT, publish_at=None, version=post.version + 1)
            if rights is not None and rights.writes and not author.is_gone and not drafted:
                _check_kind(rights, post.kind, "postId")
                try:
                    changed = await self.publish_screened(work, viewer, author, post, shadowed=viewer.limited)
                except Screened as refused:
                    await self._screening.note(work, refused)
                except Conflict as refused:
                    if refused.code not in _BEYOND_TRUST:
                        raise
            await self.keep(work, viewer.actor, post, changed)

        return body


def _check_time(at: datetime | None, now: datetime) -> None:
    if at is not None and not 0 < (at - now).total_seconds() <= _AHEAD_MAX_DAYS * 86_400:
        raise InvalidInput(
            f"publishAt lies in the future, {_AHEAD_MAX_DAYS} days at most.",
            path=["publishAt"],
            limit=_AHEAD_MAX_DAYS,
        )


def _check_kind(rights: SpaceRights, kind: PostKind, path: str) -> None:
    """What a space takes, and who looks after it, may be other by the time that a draft is published."""
    if kind not in rights.space.kinds:
        raise InvalidInput(f"This space takes no {kind}.", path=[path])
    if kind is PostKind.ANNOUNCEMENT and not rights.moderates:
        raise Forbidden("Only who looks after the space announces there.")
