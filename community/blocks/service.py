"""Blocking: neither sees anything of the other in the community, and neither follows the other."""

from datetime import datetime

from community.acting import acting
from community.blocks.repository import BlockRepository
from gamification.kit.actors import Actor
from gamification.kit.errors import InvalidInput, LimitExceeded, NotFound
from gamification.members.follows import Follow, FollowRepository
from gamification.members.model import Member
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

BLOCKED_MAX = 1000
"""So many a member blocks at most: all are read whenever they look."""


class BlockService:
    """Members block for themselves, services for any member. Whom one blocks is nobody else's to know."""

    def __init__(
        self, settlement: SettlementService, repository: BlockRepository, follows: FollowRepository
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._follows = follows

    async def block(self, actor: Actor, member_id: bytes | None, blocked: bytes) -> Member:
        """See nothing of a member any more, nor they of one; again is the same as once. Raises: Forbidden, NotFound,
        InvalidInput, LimitExceeded."""

        async def body(work: Unit) -> Member:
            own, other = await self._both(work, actor, member_id, blocked)
            if own.id == other.id:
                raise InvalidInput("Nobody blocks themselves.", path=["blockedId"])
            if await self._repository.count(own.id, work.tx) >= BLOCKED_MAX:
                raise LimitExceeded(f"At most {BLOCKED_MAX} members are blocked.", limit=BLOCKED_MAX)
            now = work.space.now
            await self._repository.add(actor.programme_id, own.id, other.id, now, work.tx)
            for follower, followed in ((own.id, other.id), (other.id, own.id)):
                await self._follows.remove(Follow(actor.programme_id, follower, followed, now), work.tx)
            return other

        return await self._settlement.run(actor.programme_id, body)

    async def unblock(self, actor: Actor, member_id: bytes | None, blocked: bytes) -> Member:
        """See them again; again is the same as once. Raises: Forbidden, NotFound."""

        async def body(work: Unit) -> Member:
            own, other = await self._both(work, actor, member_id, blocked)
            await self._repository.remove(own.id, other.id, work.tx)
            return other

        return await self._settlement.run(actor.programme_id, body)

    async def page(self, member: Member, window: Window) -> Page[tuple[bytes, datetime]]:
        """Whom the member, who asks themselves, blocks and since when, latest first."""
        return await self._repository.page(member.id, window)

    async def _both(
        self, work: Unit, actor: Actor, member_id: bytes | None, other_id: bytes
    ) -> tuple[Member, Member]:
        own = await acting(self._settlement, work, actor, member_id)
        other = (await work.stores.members.by_ids(actor.programme_id, [other_id], work.tx)).get(other_id)
        if other is None or other.is_gone:
            raise NotFound("There is no such member.", path=["blockedId"])
        return own, other
