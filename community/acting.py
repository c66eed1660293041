"""Who acts: a member for themselves, or a service for any member."""

from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member
from gamification.members.service import MemberService
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


async def acting(settlement: SettlementService, work: Unit, actor: Actor, member_id: bytes | None) -> Member:
    """The member who acts, as they are in this transaction. Raises: NotFound, Forbidden, also where they are banned."""
    actor.require(Permission.COMMUNITY_ACT_AS if member_id is not None else Permission.COMMUNITY_TAKE_PART)
    member = await settlement.member(actor, member_id, work.tx)
    MemberService.refuse_banned(member)
    return member
