"""Hiding and banning members: their records leave every board, past ones too, and come back when they may."""

from dataclasses import replace

from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member, Standing
from gamification.members.profile import check_text
from gamification.settlement.needs import Needs
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
            records = await work.stores.records.of_member(actor.programme_id, member.id, work.tx)
            await work.load(Needs(records={record.id for record in records}))
            work.space.begin(await work.next_sequence())
            for record in records:
                work.space.put_record(replace(record, listed=changed.is_listed, version=work.space.sequence))
            await work.stores.members.replace(changed, work.tx)
            work.space.touched.add(member.id)  # meets activity that is being recorded at the same time
            return changed

        return await self._settlement.run(actor.programme_id, body)
