"""Who acts: a member for themselves, or a service for any member; and how that is written down."""

from dataclasses import replace

from gamification.kit.actors import Actor, Permission, Role
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


async def as_kept(work: Unit, actor: Actor) -> Actor:
    """The caller as what they did names them: a member by their id, which says nothing once they are erased. What somebody
    does to what others wrote stays with these."""
    if actor.role is not Role.MEMBER:
        return actor
    found = await work.stores.members.by_external_ids(actor.programme_id, [actor.subject], work.tx)
    return replace(actor, subject=found[actor.subject].id.hex() if actor.subject in found else "")


async def kept_name(work: Unit, actor: Actor) -> str:
    """The same as a name."""
    kept = await as_kept(work, actor)
    return f"{kept.role}:{kept.subject}"
