"""What every change of a gathering goes through: who acts, the gathering and the answers as they are, and who moves up."""

from collections.abc import Awaitable, Callable

from community.gatherings.access import may_come, rights_on
from community.gatherings.model import Gathering, NoticeKind, Rsvp, RsvpState, rsvp_id
from community.gatherings.places import counted, moved_up, moving_up
from community.gatherings.repository import GatheringRepository, RsvpRepository
from community.posts.work import PostWork
from community.recording import Acts
from community.spaces.service import SpaceService, Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Forbidden, NotFound
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.members.service import may_see
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

MOVING_UP_AT_ONCE = 50
"""So many move up in one transaction; the worker goes on with the others."""

Change = Callable[[Unit, Viewer, Gathering], Awaitable[Gathering]]


class GatheringWork:
    """The mechanics that use cases of gatherings share."""

    def __init__(
        self,
        settlement: SettlementService,
        gatherings: GatheringRepository,
        rsvps: RsvpRepository,
        spaces: SpaceService,
        work: PostWork,
        acts: Acts,
    ) -> None:
        self._settlement = settlement
        self._gatherings = gatherings
        self._rsvps = rsvps
        self._spaces = spaces
        self._work = work
        self._acts = acts

    async def change(
        self, actor: Actor, member_id: bytes | None, gathering_id: bytes, change: Change
    ) -> Gathering:
        """Run a change of a gathering that is there for the caller, and keep what becomes of it. Raises: NotFound."""

        async def body(work: Unit) -> Gathering:
            viewer = await self._work.viewer(work, actor, member_id)
            found = await self._gatherings.by_ids(actor.programme_id, [gathering_id], work.tx)
            gathering = found.get(gathering_id)
            if gathering is None or rights_on(viewer, gathering) is None:
                raise NotFound("There is no such gathering.", path=["gatheringId"])
            changed = await change(work, viewer, gathering)
            if changed != gathering:
                await self._gatherings.save(gathering, changed, work.space.now, work.tx)
            return changed

        return await self._settlement.run(actor.programme_id, body)

    async def comer(
        self, work: Unit, actor: Actor, member_id: bytes | None, viewer: Viewer, gathering: Gathering
    ) -> Member:
        """The member who answers or attends. Raises: Forbidden."""
        member = viewer.member
        if member is None:
            member, viewer = await self._work.acting(work, actor, member_id)
        if not may_come(viewer, gathering):
            raise Forbidden("Who is barred from the space, or banned, does not come.")
        return member

    async def answer_of(self, work: Unit, gathering: Gathering, member_id: bytes) -> Rsvp:
        """A member's answer; where they gave none, as if they were not going."""
        found = rsvp_id(gathering.id, member_id)
        known = (await self._rsvps.by_ids([found], work.tx)).get(found)
        if known is not None:
            return known
        return Rsvp(
            found, gathering.programme_id, gathering.id, member_id, RsvpState.NOT_GOING, work.space.now
        )

    async def keep(self, work: Unit, rsvp: Rsvp) -> None:
        """Keep a member's answer. What bans them, or puts them out of the space, at the same time conflicts: without that
        neither would see the other, and the place stay theirs."""
        await self._rsvps.save([rsvp], work.tx)
        work.space.touched.add(rsvp.member_id)

    async def guest(self, work: Unit, viewer: Viewer, gathering: Gathering, member_id: bytes) -> Viewer:
        """Another member, as one who may come to it. Raises: NotFound."""
        members = await work.stores.members.by_ids(gathering.programme_id, [member_id], work.tx)
        member = members.get(member_id)
        if member is not None and may_see(viewer.actor, member):
            guest = await self._spaces.viewer_of(member, work.tx)
            if may_come(guest, gathering):
                return guest
        raise NotFound("There is no such member who may come.", path=["memberId"])

    async def move_up(self, work: Unit, gathering: Gathering, limit: int = MOVING_UP_AT_ONCE) -> Gathering:
        """Give places that are free to those who wait, up to so many, in their order, and tell them. Who may not come any
        more waits no longer."""
        while (free := min(moving_up(gathering, work.space.now), limit)) > 0:
            waiting = await self._rsvps.waiting(gathering.id, free, work.tx)
            members = await work.stores.members.by_ids(
                gathering.programme_id, [one.member_id for one in waiting], work.tx
            )
            changed: list[Rsvp] = []
            for one in waiting:
                if await self._may_still(work, gathering, members.get(one.member_id)):
                    gathering, after = moved_up(gathering, one, work.space.now)
                    tell(work, one.member_id, gathering, NoticeKind.MOVED_UP)
                else:
                    after = evolve(one, state=RsvpState.NOT_GOING, at=work.space.now, turn=0)
                    gathering = counted(gathering, one, -1)
                changed.append(after)
            await self._rsvps.save(changed, work.tx)
            limit -= len(changed)
            if not changed:
                break
        return gathering

    async def _may_still(self, work: Unit, gathering: Gathering, member: Member | None) -> bool:
        if member is None or member.is_gone:
            return False
        return may_come(await self._spaces.viewer_of(member, work.tx), gathering)


def tell(work: Unit, member_id: bytes, gathering: Gathering, kind: NoticeKind) -> None:
    """Tell a member what became of a gathering, or of their place."""
    told = {"gathering": gathering.id, "notice": kind.value}
    work.space.tell(member_id, FeedKind.GATHERING_NOTICE, told)
