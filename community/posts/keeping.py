"""What who looks after a space does with posts in it: remove, pin, lock, move. Each is one transaction."""

from community.posts.access import is_author, require_state
from community.posts.model import Post, PostState
from community.posts.work import PostWork, check_reason
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit

PINNED_MAX = 10
"""So many posts stand at the head of a space at most."""


class PostKeeping(PostWork):
    """For moderators and operators, and those who look after the space, on what members with a lower role there wrote."""

    async def remove(self, actor: Actor, post_id: bytes, reason: str) -> Post:
        """Take a post down as who looks after the space; again is the same as once. Raises: Forbidden, NotFound,
        InvalidInput, Conflict (POST_STATE)."""
        check_reason(reason)

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            await self._require_moderator(work, viewer, post)
            if post.state is PostState.REMOVED:
                return post
            hidden = (PostState.PENDING, PostState.HIDDEN)
            require_state(post, PostState.PUBLISHED, PostState.DELETED, *hidden)
            return await self.take_down(work, actor, post, PostState.REMOVED, reason)

        return await self.change(actor, None, post_id, changed)

    async def set_pinned(self, actor: Actor, post_id: bytes, *, pinned: bool) -> Post:
        """Put a post at the head of its space, or no more. Raises: Forbidden, NotFound, Conflict (POST_STATE)."""

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            await self._require_moderator(work, viewer, post)
            require_state(post, PostState.PUBLISHED)
            if (post.pinned_at is not None) == pinned:
                return post
            if pinned and await self._repository.pinned(post.programme_id, post.space, work.tx) >= PINNED_MAX:
                raise InvalidInput(
                    f"At most {PINNED_MAX} posts are pinned in a space.", path=["postId"], limit=PINNED_MAX
                )
            return evolve(post, pinned_at=work.space.now if pinned else None)

        return await self.change(actor, None, post_id, changed)

    async def set_locked(self, actor: Actor, post_id: bytes, *, locked: bool) -> Post:
        """Let nobody but who looks after the space change a post or answer it, or let them again. Raises: Forbidden,
        NotFound, Conflict (POST_STATE)."""

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            await self._require_moderator(work, viewer, post)
            require_state(post, PostState.PUBLISHED)
            return evolve(post, locked=locked)

        return await self.change(actor, None, post_id, changed)

    async def move(self, actor: Actor, post_id: bytes, space: str) -> Post:
        """Put a post into another space, which takes its kind. Raises: Forbidden, NotFound, InvalidInput."""

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            await self._require_moderator(work, viewer, post)
            target = viewer.rights.get(space)
            if target is None:
                raise NotFound("There is no such space.", path=["space"])
            if not target.moderates:
                raise Forbidden("This is for those who look after both spaces.")
            if post.kind not in target.space.kinds:
                raise InvalidInput(f"That space takes no {post.kind}.", path=["space"])
            return evolve(post, space=space, pinned_at=None if space != post.space else post.pinned_at)

        return await self.change(actor, None, post_id, changed)

    async def _require_moderator(self, work: Unit, viewer: Viewer, post: Post) -> None:
        if not viewer.rights[post.space].moderates:
            raise Forbidden("This is for those who look after the space.")
        if not is_author(viewer, post):
            await self.require_rank(work, viewer, post.space, post.author_id)
