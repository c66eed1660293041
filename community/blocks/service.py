"""Blocking: neither sees anything of the other in the community, and neither follows the other."""

from collections.abc import Callable
from datetime import datetime

from community.blocks.repository import BlockRepository
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import InvalidInput, LimitExceeded, NotFound
from gamification.members.follows import Follow, FollowRepository
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from storage.mongo import Mongo, Tx
from storage.paging import Page, Window

BLOCKED_MAX = 1000
"""So many a member blocks at most: all are read whenever they look."""


class BlockService:
    """Members block for themselves, services for any member. Whom one blocks is nobody else's to know."""

    def __init__(
        self,
        mongo: Mongo,
        repository: BlockRepository,
        follows: FollowRepository,
        members: MemberRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._repository = repository
        self._follows = follows
        self._members = members
        self._now = now

    async def block(self, actor: Actor, member_id: bytes | None, blocked: bytes) -> Member:
        """See nothing of a member any more, nor they of one; again is the same as once. Raises: Forbidden, NotFound,
        InvalidInput, LimitExceeded."""

        async def body(tx: Tx) -> Member:
            own, other = await self._both(actor, member_id, blocked, tx)
            if own.id == other.id:
                raise InvalidInput("Nobody blocks themselves.", path=["blockedId"])
            if await self._repository.count(own.id, tx) >= BLOCKED_MAX:
                raise LimitExceeded(f"At most {BLOCKED_MAX} members are blocked.", limit=BLOCKED_MAX)
            now = self._now()
            await self._repository.add(actor.programme_id, own.id, other.id, now, tx)
            for follower, followed in ((own.id, other.id), (other.id, own.id)):
                await self._follows.remove(Follow(actor.programme_id, follower, followed, now), tx)
            return other

        return await self._mongo.transaction(body)

    async def unblock(self, actor: Actor, member_id: bytes | None, blocked: bytes) -> Member:
        """See them again; again is the same as once. Raises: Forbidden, NotFound."""

        async def body(tx: Tx) -> Member:
            own, other = await self._both(actor, member_id, blocked, tx)
            await self._repository.remove(own.id, other.id, tx)
            return other

        return await self._mongo.transaction(body)

    async def page(self, actor: Actor, window: Window) -> Page[tuple[bytes, datetime]]:
        """Whom the caller blocks and since when, latest first."""
        found = await self._members.by_external_ids(actor.programme_id, [actor.subject])
        if actor.role is not Role.MEMBER or actor.subject not in found:
            return Page([], [], has_next=False, has_previous=False)
        return await self._repository.page(found[actor.subject].id, window)

    async def _both(
        self, actor: Actor, member_id: bytes | None, other_id: bytes, tx: Tx
    ) -> tuple[Member, Member]:
        if member_id is not None:
            actor.require(Permission.COMMUNITY_ACT_AS)
            own = (await self._members.by_ids(actor.programme_id, [member_id], tx)).get(member_id)
        else:
            actor.require(Permission.COMMUNITY_TAKE_PART)
            by_name = await self._members.by_external_ids(actor.programme_id, [actor.subject], tx)
            own = by_name.get(actor.subject)
        if own is None or own.is_gone:
            raise NotFound("There is no such member.", path=["memberId"])
        other = (await self._members.by_ids(actor.programme_id, [other_id], tx)).get(other_id)
        if other is None or other.is_gone:
            raise NotFound("There is no such member.", path=["blockedId"])
        return own, other
