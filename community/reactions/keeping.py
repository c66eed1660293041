"""What reactions count for while what they are to is there: gone, its author gives that back; there again, they earn it once
more. Marked in the transaction that takes down or restores, done by the worker: many may have reacted."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import groupby

import structlog

from community.comments.model import Comment, CommentState
from community.comments.repository import CommentRepository
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.reactions.model import Reaction, Target, TargetKind
from community.reactions.repository import ReactionRepository
from community.reactions.service import counts_as
from community.recording import Acts
from gamification.kit.actors import Actor, system_actor
from gamification.kit.errors import DomainError
from gamification.kit.records import evolve
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import Contention

log = structlog.get_logger()
REACTIONS_A_PART = 50
_ROUNDS = 50
_PATIENCE_S = 2.0


class ReactionMarking:
    """Watches posts and comments."""

    def __init__(self, reactions: ReactionRepository) -> None:
        self._reactions = reactions

    async def post_kept(self, work: Unit, _: Actor, before: Post | None, after: Post) -> None:
        """A post was taken down or restored."""
        if before is not None and _is_there(before) != _is_there(after) and after.reactions:
            await self._reactions.mark(Target(TargetKind.POST, after.id), work.tx)

    async def comment_kept(
        self, work: Unit, _: Actor, __: Post, before: Comment | None, after: Comment
    ) -> None:
        """A comment was."""
        if before is not None and _is_there(before) != _is_there(after) and after.reactions:
            await self._reactions.mark(Target(TargetKind.COMMENT, after.id), work.tx)


class ReactionKeeping:
    """Called by the scheduler. Idempotent: a part looks at what is there by then."""

    def __init__(
        self,
        settlement: SettlementService,
        reactions: ReactionRepository,
        posts: PostRepository,
        comments: CommentRepository,
        acts: Acts,
    ) -> None:
        self._settlement = settlement
        self._reactions = reactions
        self._posts = posts
        self._comments = comments
        self._acts = acts

    async def run_due(self) -> int:
        """Settle what is marked, part by part, for a while; how many. The scheduler calls it again."""
        done = 0
        for _ in range(_ROUNDS):
            count = await self._round()
            done += count
            if not count:
                break
        return done

    async def _round(self) -> int:
        done = 0
        found = await self._reactions.marked(REACTIONS_A_PART)
        for programme_id, part in groupby(found, lambda one: one.programme_id):
            ids = [one.id for one in part]
            try:
                await self._settle(programme_id, ids)
                done += len(ids)
            except Contention:
                log.warning("reactions.put_off", programme=programme_id, count=len(ids))
        return done

    async def _settle(self, programme_id: str, ids: Sequence[bytes]) -> None:
        try:
            await self._settlement.run(programme_id, self._part(ids), patience_s=_PATIENCE_S)
        except DomainError as error:
            if len(ids) > 1:
                for one in ids:
                    await self._settle(programme_id, [one])
                return
            # What the rules can't take holds up no other.
            log.warning("reactions.not_counted", programme=programme_id, id=ids[0].hex(), error=error.message)
            await self._settlement.run(programme_id, self._unmarked(ids), patience_s=_PATIENCE_S)

    def _unmarked(self, ids: Sequence[bytes]) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            found = await self._reactions.by_ids(ids, work.tx)
            await self._reactions.save_all([evolve(one, marked=False) for one in found.values()], work.tx)

        return body

    def _part(self, ids: Sequence[bytes]) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            found = await self._reactions.by_ids(ids, work.tx)
            posts, comments = await self._targets(work, list(found.values()))
            settled = [
                await self._settled(work, one, posts.get(one.post_id), comments.get(one.target.id))
                for one in found.values()
            ]
            await self._reactions.save_all(settled, work.tx)

        return body

    async def _targets(
        self, work: Unit, found: Sequence[Reaction]
    ) -> tuple[Mapping[bytes, Post], Mapping[bytes, Comment]]:
        programme_id = work.space.catalogue.programme_id
        under = sorted({one.target.id for one in found if one.target.kind is TargetKind.COMMENT})
        posts = await self._posts.by_ids(programme_id, sorted({one.post_id for one in found}), work.tx)
        comments = await self._comments.by_ids(programme_id, under, work.tx) if under else {}
        return posts, comments

    async def _settled(
        self, work: Unit, one: Reaction, post: Post | None, comment: Comment | None
    ) -> Reaction:
        target = post if one.target.kind is TargetKind.POST else comment
        after = evolve(one, marked=False)
        if one.activity_id is not None and (target is None or not _is_there(target)):
            system = system_actor(one.programme_id)
            await self._acts.take_back(work, system, one.activity_id, "what it was to is gone")
            return evolve(after, activity_id=None)
        if one.activity_id is None and one.counted and target is not None and _is_there(target) and post:
            after = evolve(after, times=one.times + 1)
            return evolve(after, activity_id=await counts_as(self._acts, work, after, post.space))
        return after


def _is_there(target: Post | Comment) -> bool:
    return target.state in (PostState.PUBLISHED, CommentState.PUBLISHED)
