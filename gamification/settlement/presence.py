"""How boards show a member: under their name, another one, or not at all. Past boards follow, and so do live ones."""

from dataclasses import replace

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.kit.records import evolve
from gamification.members.model import BoardPresence, Member, new_alias
from gamification.members.profile import NAME_LENGTH_MAX, check_text
from gamification.settlement.needs import Needs
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


class PresenceService:
    """`setBoardPresence`."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def set(
        self, actor: Actor, member_id: bytes | None, presence: BoardPresence, pseudonym: str | None
    ) -> Member:
        """Set how boards show a member: one's own, or by staff and services anyone's. A pseudonym is stated exactly
        where there is to be one. Raises: Forbidden, NotFound, InvalidInput."""
        if (presence is BoardPresence.PSEUDONYM) != (pseudonym is not None):
            raise InvalidInput("State a pseudonym exactly for PSEUDONYM.", path=["pseudonym"])
        if pseudonym is not None:
            check_text(pseudonym, "pseudonym", NAME_LENGTH_MAX)
        alias = new_alias() if pseudonym is not None else None

        async def body(work: Unit) -> Member:
            member = await self._settlement.member(actor, member_id, work.tx)
            own = actor.is_member(member.external_id, member.former)
            actor.require(Permission.MEMBERS_UPDATE_OWN if own else Permission.MEMBERS_UPDATE_ANY)
            if (member.presence, member.pseudonym) == (presence, pseudonym):
                return member
            changed = replace(member, presence=presence, pseudonym=pseudonym, alias=alias)
            await show(work, changed)
            return changed

        return await self._settlement.run(actor.programme_id, body)


async def show(work: Unit, member: Member) -> None:
    """Store a member whose presence or standing changed, and show them so wherever they have a score."""
    records = await work.stores.records.of_member(member.programme_id, member.id, work.tx)
    await work.load(Needs(records={record.id for record in records}))
    work.space.begin(await work.next_sequence())
    for record in records:
        work.space.put_record(
            evolve(record, listed=member.is_listed, alias=member.alias, version=work.space.sequence)
        )
    await work.stores.members.replace(member, work.tx)
    work.space.touched.add(member.id)  # meets activity that is being recorded at the same time
