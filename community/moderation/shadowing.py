"""What a member had written before they were shadow-limited is hidden too, and shown again afterwards: in parts, each a
transaction in which the counts move as well."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from community.comments.repository import CommentRepository
from community.comments.work import CommentWork
from community.moderation.shadow_repository import Left, ShadowRepository
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.reactions.repository import ReactionRepository
from community.sanctions.model import Sanction, Sweep
from community.sanctions.repository import SanctionRepository
from gamification.kit.actors import system_actor
from gamification.kit.records import evolve
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

_PART = 100
_SETTLED = timedelta(seconds=15)
"""Longer than any transaction lasts: after that nothing is written any more by who was not limited yet."""


class Shadowing:
    """Idempotent: a part finds by itself what is left."""

    def __init__(
        self,
        settlement: SettlementService,
        sanctions: SanctionRepository,
        stored: ShadowRepository,
        post_store: PostRepository,
        comment_store: CommentRepository,
        reactions: ReactionRepository,
        posts: PostWork,
        comments: CommentWork,
    ) -> None:
        self._settlement = settlement
        self._sanctions = sanctions
        self._stored = stored
        self._post_store = post_store
        self._comment_store = comment_store
        self._reactions = reactions
        self._posts = posts
        self._comments = comments

    async def sweep(self, sanction: Sanction, parts: int = 1_000_000) -> None:
        """Hide or show what is left, as many parts as stated; done is done once nothing can come any more."""
        for _ in range(parts):
            if not await self._settlement.run(sanction.programme_id, self._part(sanction)):
                break
        else:
            return
        changed_at = sanction.ended_at or sanction.began_at
        if self._settlement.now() >= changed_at + _SETTLED:
            await self._settlement.run(sanction.programme_id, self._finished(sanction))

    def _part(self, sanction: Sanction) -> Callable[[Unit], Awaitable[bool]]:
        async def body(work: Unit) -> bool:
            left = await self._left(work, sanction)
            if left is None:
                return False
            found = [
                await self._posts_of(work, left),
                await self._comments_of(work, left),
                await self._reactions_of(work, left),
            ]
            return any(count == _PART for count in found)

        return body

    async def _posts_of(self, work: Unit, left: Left) -> int:
        found = await self._stored.posts(left, _PART, work.tx)
        system, hide = system_actor(work.space.catalogue.programme_id), left.sweep is Sweep.HIDE
        for post in found:
            await self._posts.keep(work, system, post, evolve(post, shadowed=hide))
        return len(found)

    async def _comments_of(self, work: Unit, left: Left) -> int:
        found = await self._stored.comments(left, _PART, work.tx)
        ids = sorted({one.post_id for one in found})
        programme_id, hide = work.space.catalogue.programme_id, left.sweep is Sweep.HIDE
        posts = await self._post_store.by_ids(programme_id, ids, work.tx) if ids else {}
        system = system_actor(programme_id)
        for one in found:
            after = evolve(one, shadowed=hide)
            await self._comments.keep(work, system, posts[one.post_id], one, after)
        await self._post_store.count_comments([one.post_id for one in found], -1 if hide else 1, work.tx)
        above = [ancestor for one in found for ancestor in one.ancestors]
        await self._comment_store.count_below(above, -1 if hide else 1, work.tx)
        return len(found)

    async def _reactions_of(self, work: Unit, left: Left) -> int:
        found = await self._stored.reactions(left, _PART, work.tx)
        for before in found:
            after = evolve(before, shadowed=left.sweep is Sweep.HIDE)
            await self._reactions.save(after, work.tx)
            await self._reactions.count(before.target, before.counted, after.counted, work.tx)
        return len(found)

    async def _left(self, work: Unit, sanction: Sanction) -> Left | None:
        """What is to be done; None where that is not wanted any more: another limit took its place, or it ended."""
        limits = await self._sanctions.limits_of(sanction.programme_id, sanction.member_id, work.tx)
        stored = next(one for one in limits if one.id == sanction.id)
        if stored.sweep is None or stored.sweep is not sanction.sweep:
            return None
        return Left(sanction.member_id, stored.sweep, [one for one in limits if one.ended_at is not None])

    def _finished(self, sanction: Sanction) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            stored = await self._sanctions.by_ids(sanction.programme_id, [sanction.id], work.tx)
            if stored[sanction.id].sweep is sanction.sweep:
                await self._sanctions.save([evolve(stored[sanction.id], sweep=None)], work.tx)

        return body
