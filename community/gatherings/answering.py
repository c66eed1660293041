"""Saying whether one comes, and being taken out: each use case one transaction, in which who waits moves up."""

from community.acting import kept_name
from community.gatherings.access import require_ahead, require_host
from community.gatherings.model import Gathering, NoticeKind, Rsvp, RsvpState
from community.gatherings.places import answered, counted
from community.gatherings.work import GatheringWork, tell
from community.posts.model import TakenDown
from community.posts.work import check_reason
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit

ANSWERS = (RsvpState.GOING, RsvpState.INTERESTED, RsvpState.NOT_GOING)
"""What members say."""


class AnsweringService(GatheringWork):
    """Members answer for themselves, services for any member; who looks after a gathering takes out who was going."""

    async def rsvp(
        self, actor: Actor, member_id: bytes | None, gathering_id: bytes, wanted: RsvpState
    ) -> tuple[Gathering, Rsvp]:
        """Go, be interested or not go; again is the same as once. Who finds no place waits for one.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (GATHERING_STATE, RSVP_CLOSED, RSVP_STATE).
        """
        if wanted not in ANSWERS:
            raise InvalidInput("One answers GOING, INTERESTED or NOT_GOING.", path=["response"])
        given: list[Rsvp] = []

        async def changed(work: Unit, viewer: Viewer, gathering: Gathering) -> Gathering:
            member = await self.comer(work, actor, member_id, viewer, gathering)
            before = await self.answer_of(work, gathering, member.id)
            given[:] = [before]
            if before.shadowed and not viewer.limited:
                # It counted nowhere: now it is given for the first time.
                before = evolve(before, state=RsvpState.NOT_GOING, turn=0, shadowed=False)
            if before.state is wanted:
                return gathering
            require_ahead(gathering, work.space.now)
            if before.state is RsvpState.REMOVED:
                raise Conflict(
                    "You were taken out of this gathering.", code=ErrorCode.RSVP_STATE, path=["gatheringId"]
                )
            if before.attended_at is not None:
                raise Conflict("You have come already.", code=ErrorCode.RSVP_STATE, path=["gatheringId"])
            asks = wanted is RsvpState.GOING and before.state is not RsvpState.WAITING
            if asks and work.space.now >= gathering.times.asks_until:
                raise Conflict(
                    "It is too late to ask for a place.", code=ErrorCode.RSVP_CLOSED, path=["gatheringId"]
                )
            after, rsvp = answered(gathering, before, wanted, work.space.now, limited=viewer.limited)
            if rsvp != before:
                await self.keep(work, rsvp)
                given[:] = [rsvp]
            after = await self.move_up(work, after)
            if rsvp.state is RsvpState.WAITING:
                # Places may be free though others wait, as while many move up.
                given[:] = [await self.answer_of(work, after, member.id)]
            return after

        gathering = await self.change(actor, member_id, gathering_id, changed)
        return gathering, given[0]

    async def remove(
        self, actor: Actor, gathering_id: bytes, member_id: bytes, reason: str
    ) -> tuple[Gathering, Rsvp]:
        """Take a member out of a gathering: their place is another's, and what their coming counted for is taken back. They
        can't answer again, and are told; again is the same as once. Raises: Forbidden, NotFound, InvalidInput, Conflict
        (RSVP_STATE)."""
        check_reason(reason)
        given: list[Rsvp] = []

        async def changed(work: Unit, viewer: Viewer, gathering: Gathering) -> Gathering:
            require_host(viewer, gathering)
            before = await self.answer_of(work, gathering, member_id)
            given[:] = [before]
            if before.state is RsvpState.REMOVED:
                return gathering
            if not before.state.is_counted:
                raise Conflict("They were not going.", code=ErrorCode.RSVP_STATE, path=["memberId"])
            after = counted(gathering, before, -1)
            if before.attended_at is not None:
                after = evolve(after, attended=after.attended - (not before.shadowed))
            if before.activity_id is not None:
                await self._acts.take_back(work, actor, before.activity_id, reason)
            gone = evolve(
                before,
                state=RsvpState.REMOVED,
                at=work.space.now,
                turn=0,
                attended_at=None,
                activity_id=None,
                struck=TakenDown(work.space.now, await kept_name(work, actor), reason),
                shadowed=False,
            )
            await self._rsvps.save([gone], work.tx)
            given[:] = [gone]
            tell(work, member_id, gathering, NoticeKind.REMOVED)
            return await self.move_up(work, after)

        gathering = await self.change(actor, None, gathering_id, changed)
        return gathering, given[0]
