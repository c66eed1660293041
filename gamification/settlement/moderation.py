"""Hiding and banning members: their records leave every board, past ones too, and come back when they may."""

from dataclasses import replace

from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member, Standing
from gamification.members.profile import check_text
from gamification.settlement.presence import show
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


class ModerationService:
    """`setMemberStanding`."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def set_standing(self, actor: Actor, member_id: bytes, standing: Standing, reason: str) -> Member:
        """Set whether a member is active, hidden or banned. Raises: Forbidden, NotFound, InvalidInput."""
        self.check(actor, reason)

        async def body(work: Unit) -> Member:
            return await self.set_within(work, actor, member_id, standing, reason)

        return await self._settlement.run(actor.programme_id, body)

    @staticmethod
    def check(actor: Actor, reason: str) -> None:
        """Whether they may, and for that reason. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.MEMBERS_MODERATE)
        check_text(reason, "reason", 500)

    async def set_within(
        self, work: Unit, actor: Actor, member_id: bytes, standing: Standing, reason: str
    ) -> Member:
        """The same of one whom `check` let pass, within a transaction. Raises: NotFound."""
        member = await self._settlement.member(actor, member_id, work.tx)
        changed = replace(member, standing=standing, standing_reason=reason)
        if changed == member:
            return member
        await show(work, changed)
        return changed
