"""Keeping proposals in step with their posts, and telling supporters what became of them."""

from collections.abc import Awaitable, Callable

import structlog

from community.posts.model import Post
from community.proposals.model import Proposal
from community.proposals.repository import ProposalRepository
from gamification.kit.actors import Actor
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.programmes.definitions import PostKind
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import Contention

_TOLD_A_PART = 200
_PATIENCE_S = 2.0
log = structlog.get_logger()


class ProposalKeeper:
    """Watches posts."""

    def __init__(self, repository: ProposalRepository) -> None:
        self._repository = repository

    async def of_post(self, work: Unit, post: Post) -> Proposal:
        """What is beside a proposal's post."""
        found = (await self._repository.by_ids([post.id], work.tx)).get(post.id)
        return found or Proposal(post.id, post.programme_id, post.space, post.author_id, post.counts)

    async def post_kept(self, work: Unit, _: Actor, before: Post | None, after: Post) -> None:
        """A proposal came, went or moved."""
        if after.kind is not PostKind.PROPOSAL or after.published_at is None:
            return
        was_seen = before is not None and before.counts
        if was_seen == after.counts and before is not None and before.space == after.space:
            return
        proposal = await self.of_post(work, after)
        await self._repository.save(evolve(proposal, stands=after.counts, space=after.space), work.tx)


class ProposalTelling:
    """The worker's part: supporters hear of it, some in each transaction."""

    def __init__(self, settlement: SettlementService, repository: ProposalRepository) -> None:
        self._settlement = settlement
        self._repository = repository

    async def tell_due(self, limit: int = 50) -> int:
        """Tell some of those who are still to be told; how many parts were done. The worker calls it until it gives 0."""
        done = 0
        for proposal in await self._repository.untold(limit):
            try:
                await self._settlement.run(
                    proposal.programme_id, self._part(proposal.id), patience_s=_PATIENCE_S
                )
                done += 1
            except Contention:
                log.warning("proposal.put_off", programme=proposal.programme_id, post=proposal.id.hex())
        return done

    def _part(self, post_id: bytes) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            proposal = (await self._repository.by_ids([post_id], work.tx))[post_id]
            if not proposal.untold:
                return
            waiting = await self._repository.to_tell(proposal, _TOLD_A_PART, work.tx)
            members = await work.stores.members.by_ids(
                proposal.programme_id, [one.member_id for one in waiting], work.tx
            )
            for one in waiting:
                member = members.get(one.member_id)
                if proposal.stands and member is not None and not member.is_gone:
                    told = {"post": proposal.id, "state": proposal.state.value}
                    work.space.tell(member.id, FeedKind.PROPOSAL_CHANGED, told)
            await self._repository.save_supports(
                [evolve(one, turn=proposal.turn) for one in waiting], work.tx
            )
            if len(waiting) < _TOLD_A_PART:
                await self._repository.save(evolve(proposal, untold=False), work.tx)

        return body
