"""A member's standing set by hand: logged, and at one with the sanctions that ban."""

from community.gatherings.leaving import Leaving
from community.moderation.sanctioning import Sanctioning
from community.moderation.watching import acting_as
from community.oversight.model import Act, ActKind, Subject, SubjectKind
from community.oversight.service import Oversight
from gamification.kit.actors import Actor
from gamification.members.model import Member, Standing
from gamification.settlement.moderation import ModerationService
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


class StandingService:
    """`setMemberStanding`."""

    def __init__(
        self,
        settlement: SettlementService,
        moderation: ModerationService,
        sanctioning: Sanctioning,
        oversight: Oversight,
        leaving: Leaving,
    ) -> None:
        self._settlement = settlement
        self._moderation = moderation
        self._sanctioning = sanctioning
        self._oversight = oversight
        self._leaving = leaving

    async def set(self, actor: Actor, member_id: bytes, standing: Standing, reason: str) -> Member:
        """Set whether a member is active, hidden or banned. What bans them otherwise ends, if they are banned no more.

        Raises: Forbidden, NotFound, InvalidInput.
        """
        self._moderation.check(actor, reason)

        async def body(work: Unit) -> Member:
            by = await acting_as(work, actor)
            if standing is not Standing.BANNED:
                await self._sanctioning.end_bans(work, by, member_id, reason)
            before = await self._settlement.member(actor, member_id, work.tx)
            after = await self._moderation.set_within(work, actor, member_id, standing, reason)
            if standing is Standing.BANNED:
                await self._leaving.leave(actor.programme_id, member_id, work.tx)
            if after != before:
                subject, details = Subject(SubjectKind.MEMBER, member_id), {"standing": standing.value}
                act = Act(ActKind.STANDING_SET, subject, member_id, None, reason, None, details)
                await self._oversight.note(work, by, act)
            return after

        return await self._settlement.run(actor.programme_id, body)
