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
        actor.require(Permission.MEMBERS_MODERATE)
        check_text(reason, "reason", 500)

        async def body(work: Unit) -> Member:
            member = await self._settlement.member(actor, member_id, work.tx)
            changed = replace(member, standing=standing, standing_reason=reason)
            if changed == member:
                return member
            await show(work, changed)
            return changed

        return await self._settlement.run(actor.programme_id, body)
