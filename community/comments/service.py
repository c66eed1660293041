"""Writing comments: each use case one transaction, in which the counts above it move as well."""

from typing import Any

from community.comments.access import is_author, require_open, require_version, sees
from community.comments.model import Comment, CommentState
from community.comments.threads import ancestors_of
from community.comments.work import CommentWork, require_state, text_of
from community.posts.model import Post
from community.posts.work import check_reason
from community.screening.service import Stage
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit


class CommentService(CommentWork):
    """Members answer for themselves, services for any member; who looks after a space removes what is written there."""

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
            member, viewer = await self._posts.author(work, actor, member_id)
            post = await self.post(work, viewer, post_id)
            if not viewer.rights[post.space].writes:
                raise Forbidden("This takes being in the space.")
            require_open(viewer, post)
            parent = await self._parent(work, viewer, post, parent_id) if parent_id is not None else None
            # What answers what others don't see is not seen by them either.
            shadowed = viewer.limited or post.shadowed or (parent is not None and parent.shadowed)
            depth = work.space.catalogue.settings.community.comment_depth
            comment = Comment(
                id=new_id(),
                programme_id=actor.programme_id,
                post_id=post.id,
                author_id=member.id,
                ancestors=ancestors_of(parent, depth),
                state=CommentState.PUBLISHED,
                version=1,
                written=await self.written(work, body),
                created_at=work.space.now,
                shadowed=shadowed,
            )
            judged = await self._screening.judge(work, viewer, comment.id, text_of(post, comment), Stage.NEW)
            if judged.is_held:
                comment = evolve(comment, state=CommentState.PENDING, publications=0)
            else:
                comment = await self.recorded(work, member, post, comment)
            await self.keep(work, actor, post, None, comment)
            if not judged.is_held:
                await self.count(work, post, comment, 1)
            return {"comment": comment.id}

        stated = [member_id, post_id, parent_id, body]
        async with self._screening.noting():
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
            require_state(comment, CommentState.PUBLISHED)
            written = await self.written(work, body)
            if written == comment.written:
                return comment
            edited = evolve(comment, written=written, version=comment.version + 1, edited_at=work.space.now)
            text, before = text_of(post, edited), text_of(post, comment)
            judged = await self._screening.judge(work, viewer, comment.id, text, Stage.EDITED, before)
            return await self.hold(work, actor, post, edited) if judged.is_held else edited

        return await self.change(actor, member_id, comment_id, changed)

    async def delete(self, actor: Actor, member_id: bytes | None, comment_id: bytes) -> Comment:
        """Take one's own comment down; again is the same as once. Raises: Forbidden, NotFound, Conflict."""

        async def changed(work: Unit, viewer: Viewer, post: Post, comment: Comment) -> Comment:
            if not is_author(viewer, comment):
                raise Forbidden("Only its author deletes a comment; who looks after the space removes it.")
            if comment.state is CommentState.DELETED:
                return comment
            require_state(comment, CommentState.PUBLISHED, CommentState.PENDING)
            return await self.take_down(work, actor, post, comment, CommentState.DELETED, None)

        return await self.change(actor, member_id, comment_id, changed)

    async def remove(self, actor: Actor, comment_id: bytes, reason: str) -> Comment:
        """Take a comment down as who looks after the space; again is the same as once. Raises: Forbidden, NotFound,
        InvalidInput."""
        check_reason(reason)

        async def changed(work: Unit, viewer: Viewer, post: Post, comment: Comment) -> Comment:
            if not viewer.rights[post.space].moderates:
                raise Forbidden("This is for those who look after the space.")
            if comment.state is CommentState.REMOVED:
                return comment
            if not is_author(viewer, comment):
                await self._posts.require_rank(work, viewer, post.space, comment.author_id)
            return await self.take_down(work, actor, post, comment, CommentState.REMOVED, reason)

        return await self.change(actor, None, comment_id, changed)

    async def restore(self, actor: Actor, member_id: bytes | None, comment_id: bytes) -> Comment:
        """Publish again what was taken down: its author what they deleted, while they may answer there, who looks after the
        space whatever is gone of members with a lower role. What waited for a moderator waits again. Raises: Forbidden, NotFound,
        Conflict (COMMENT_STATE, POST_STATE, POST_LOCKED, MUTED)."""

        async def changed(work: Unit, viewer: Viewer, post: Post, comment: Comment) -> Comment:
            rights, is_own = viewer.rights[post.space], is_author(viewer, comment)
            if not is_own and not rights.moderates:
                raise Forbidden("Only its author restores a comment, and who looks after the space.")
            if comment.state is CommentState.PUBLISHED:
                return comment
            if is_own:
                viewer.require_voice()
                if not rights.writes:
                    raise Forbidden("Only who may write in the space restores their own comments.")
                require_open(viewer, post)
            else:
                await self._posts.require_rank(work, viewer, post.space, comment.author_id)
            require_state(comment, CommentState.DELETED, *([] if is_own else [CommentState.REMOVED]))
            if not comment.publications:
                raise Conflict("It was never published.", code=ErrorCode.COMMENT_STATE, path=["commentId"])
            if is_own and comment.taken_down is not None and comment.taken_down.waited:
                return evolve(comment, state=CommentState.PENDING, taken_down=None)
            shadowed = comment.shadowed or (viewer.limited and is_own)
            author = await self._posts.member(work, actor.programme_id, comment.author_id)
            return await self.publish_again(work, author, post, comment, shadowed=shadowed)

        return await self.change(actor, member_id, comment_id, changed)

    # -- within

    async def _parent(self, work: Unit, viewer: Viewer, post: Post, parent_id: bytes) -> Comment:
        found = await self._repository.by_ids(post.programme_id, [parent_id], work.tx)
        parent = found.get(parent_id)
        if parent is None or parent.post_id != post.id or not sees(viewer, post, parent):
            raise NotFound("There is no such comment.", path=["parentId"])
        require_state(parent, CommentState.PUBLISHED)
        return parent
