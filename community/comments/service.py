"""Writing comments: each use case one transaction, in which the counts above it move as well."""

from collections.abc import Awaitable, Callable
from typing import Any

from community.comments.access import is_author, require_open, require_version, sees, sees_text
from community.comments.model import Comment, CommentState
from community.comments.repository import CommentRepository
from community.comments.threads import ancestors_of
from community.posts.access import may_read
from community.posts.model import Post, TakenDown, Written
from community.posts.repository import PostRepository
from community.posts.work import PostWork, check_reason
from community.recording import Acts
from community.spaces.service import Viewer
from community.writing.limits import check_body
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve
from gamification.members.model import Member, Standing
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

ACT = "comment"
BODY_MAX = 5_000
Change = Callable[[Unit, Viewer, Post, Comment], Awaitable[Comment]]


class CommentService:
    """Members answer for themselves, services for any member; who looks after a space removes what is written there."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: CommentRepository,
        posts: PostRepository,
        work: PostWork,
        acts: Acts,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._work = work
        self._acts = acts

    async def create(
        self,
        actor: Actor,
        member_id: bytes | None,
        post_id: bytes,
        parent_id: bytes | None,
        body: str,
        key: str,
    ) -> tuple[Comment, bool]:
        """Answer a post, or one of its comments.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE, POST_LOCKED), IdempotencyConflict.
        """

        async def once(work: Unit) -> dict[str, Any]:
            member, viewer = await self._work.author(work, actor, member_id)
            post = await self._post(work, viewer, post_id)
            if not viewer.rights[post.space].writes:
                raise Forbidden("This takes being in the space.")
            require_open(viewer, post)
            parent = await self._parent(work, viewer, post, parent_id) if parent_id is not None else None
            depth = work.space.catalogue.settings.community.comment_depth
            comment = Comment(
                id=new_id(),
                programme_id=actor.programme_id,
                post_id=post.id,
                author_id=member.id,
                ancestors=ancestors_of(parent, depth),
                state=CommentState.PUBLISHED,
                version=1,
                written=await self._written(work, body),
                created_at=work.space.now,
            )
            comment = await self._recorded(work, member, post, comment)
            await self._repository.save([comment], work.tx)
            await self._count(work, post, comment, 1)
            return {"comment": comment.id}

        stated = [member_id, post_id, parent_id, body]
        result, replayed = await self._settlement.run_once(
            actor, key, "createComment", {"input": stated}, once
        )
        found = await self._repository.by_ids(actor.programme_id, [result["comment"]])
        return found[result["comment"]], replayed

    async def edit(
        self, actor: Actor, member_id: bytes | None, comment_id: bytes, version: int, body: str
    ) -> Comment:
        """Change what a comment says. Raises: Forbidden, NotFound, InvalidInput, Conflict (STALE_VERSION, COMMENT_STATE,
        POST_STATE, POST_LOCKED)."""

        async def changed(work: Unit, viewer: Viewer, post: Post, comment: Comment) -> Comment:
            if not is_author(viewer, comment) or not viewer.rights[post.space].writes:
                raise Forbidden("Only its author changes a comment.")
            require_open(viewer, post)
            require_version(comment, version)
            _require_state(comment, CommentState.PUBLISHED)
            written = await self._written(work, body)
            if written == comment.written:
                return comment
            return evolve(comment, written=written, version=comment.version + 1, edited_at=work.space.now)

        return await self._change(actor, member_id, comment_id, changed)

    async def delete(self, actor: Actor, member_id: bytes | None, comment_id: bytes) -> Comment:
        """Take one's own comment down; again is the same as once. Raises: Forbidden, NotFound, Conflict."""

        async def changed(work: Unit, viewer: Viewer, post: Post, comment: Comment) -> Comment:
            if not is_author(viewer, comment):
                raise Forbidden("Only its author deletes a comment; who looks after the space removes it.")
            if comment.state is CommentState.DELETED:
                return comment
            _require_state(comment, CommentState.PUBLISHED)
            return await self._take_down(work, actor, post, comment, CommentState.DELETED, None)

        return await self._change(actor, member_id, comment_id, changed)

    async def remove(self, actor: Actor, comment_id: bytes, reason: str) -> Comment:
        """Take a comment down as who looks after the space; again is the same as once. Raises: Forbidden, NotFound,
        InvalidInput."""
        check_reason(reason)

        async def changed(work: Unit, viewer: Viewer, post: Post, comment: Comment) -> Comment:
            if not viewer.rights[post.space].moderates:
                raise Forbidden("This is for those who look after the space.")
            if comment.state is CommentState.REMOVED:
                return comment
            return await self._take_down(work, actor, post, comment, CommentState.REMOVED, reason)

        return await self._change(actor, None, comment_id, changed)

    async def restore(self, actor: Actor, member_id: bytes | None, comment_id: bytes) -> Comment:
        """Publish again what was taken down: its author what they deleted, who looks after the space whatever is gone.
        Raises: Forbidden, NotFound, Conflict (COMMENT_STATE)."""

        async def changed(work: Unit, viewer: Viewer, post: Post, comment: Comment) -> Comment:
            moderates = viewer.rights[post.space].moderates
            if not moderates and not is_author(viewer, comment):
                raise Forbidden("Only its author restores a comment, and who looks after the space.")
            if comment.state is CommentState.PUBLISHED:
                return comment
            _require_state(comment, CommentState.DELETED, *([CommentState.REMOVED] if moderates else []))
            author = await self._work.member(work, actor.programme_id, comment.author_id)
            back = evolve(
                comment,
                state=CommentState.PUBLISHED,
                taken_down=None,
                publications=comment.publications + 1,
                version=comment.version + 1,
            )
            await self._count(work, post, back, 1)
            return await self._recorded(work, author, post, back)

        return await self._change(actor, member_id, comment_id, changed)

    # -- within

    async def _change(
        self, actor: Actor, member_id: bytes | None, comment_id: bytes, change: Change
    ) -> Comment:
        async def body(work: Unit) -> Comment:
            viewer = await self._work.viewer(work, actor, member_id)
            found = await self._repository.by_ids(actor.programme_id, [comment_id], work.tx)
            comment = found.get(comment_id)
            post = None
            if comment is not None:
                posts = await self._posts.by_ids(actor.programme_id, [comment.post_id], work.tx)
                post = posts.get(comment.post_id)
            if comment is None or post is None or not sees_text(viewer, post, comment):
                raise NotFound("There is no such comment.", path=["commentId"])
            changed = await change(work, viewer, post, comment)
            if changed != comment:
                await self._repository.save([changed], work.tx)
            return changed

        return await self._settlement.run(actor.programme_id, body)

    async def _post(self, work: Unit, viewer: Viewer, post_id: bytes) -> Post:
        programme_id = work.space.catalogue.programme_id
        post = (await self._posts.by_ids(programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound("There is no such post.", path=["postId"])
        return post

    async def _parent(self, work: Unit, viewer: Viewer, post: Post, parent_id: bytes) -> Comment:
        found = await self._repository.by_ids(post.programme_id, [parent_id], work.tx)
        parent = found.get(parent_id)
        if parent is None or parent.post_id != post.id or not sees(viewer, post, parent):
            raise NotFound("There is no such comment.", path=["parentId"])
        _require_state(parent, CommentState.PUBLISHED)
        return parent

    async def _recorded(self, work: Unit, author: Member, post: Post, comment: Comment) -> Comment:
        if author.standing is Standing.BANNED:
            return comment
        facts = {"space": post.space, "post": post.id.hex(), "own_post": post.author_id == comment.author_id}
        activity = await self._acts.record(work, author, ACT, comment.id, comment.publications, facts)
        return evolve(comment, activity_id=activity)

    async def _take_down(
        self,
        work: Unit,
        actor: Actor,
        post: Post,
        comment: Comment,
        state: CommentState,
        reason: str | None,
    ) -> Comment:
        if comment.state is CommentState.PUBLISHED:
            await self._count(work, post, comment, -1)
            if comment.activity_id is not None:
                why = reason or f"the comment was {state}"
                await self._acts.take_back(work, actor, comment.activity_id, why)
        down = TakenDown(work.space.now, f"{actor.role}:{actor.subject}", reason)
        return evolve(comment, state=state, taken_down=down, activity_id=None, version=comment.version + 1)

    async def _count(self, work: Unit, post: Post, comment: Comment, by: int) -> None:
        """Move the counts of the post and of what the comment is under."""
        await self._posts.count_comments([post.id], by, work.tx)
        await self._repository.count_below(comment.ancestors, by, work.tx)

    async def _written(self, work: Unit, body: str) -> Written:
        return await self._work.rendered(work, check_body(body, length_max=BODY_MAX))


def _require_state(comment: Comment, *states: CommentState) -> None:
    if comment.state not in states:
        raise Conflict(f"This comment is {comment.state}.", code=ErrorCode.COMMENT_STATE, path=["commentId"])
