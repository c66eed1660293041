"""Noting that members came: by the code that is shown there, or by who looks after the gathering. Each member's coming
counts once; what is struck is taken back."""

from community.acting import kept_name
from community.gatherings.access import require_host, require_scheduled
from community.gatherings.codes import guessed, is_code, may_guess, member_of_token
from community.gatherings.model import HOST_KEEPS, Gathering, Rsvp, RsvpState
from community.gatherings.places import free_places, let_in
from community.gatherings.work import GatheringWork
from community.posts.model import TakenDown
from community.posts.work import check_reason
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.settlement.unit import Unit

ACT = "attended"
_CODE_MAX = 20


class AttendanceService(GatheringWork):
    """Members attend by themselves, services for any member; who looks after a gathering notes it of others."""

    async def attend(
        self, actor: Actor, member_id: bytes | None, gathering_id: bytes, code: str
    ) -> tuple[Gathering, Rsvp]:
        """Note that one came, by the code that is shown there; again is the same as once.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (GATHERING_STATE, ATTENDANCE_CLOSED, RSVP_STATE, CODE_REFUSED,
        CODE_LOCKED).
        """
        if len(code) > _CODE_MAX:
            raise InvalidInput("code is 6 digits.", path=["code"], limit=_CODE_MAX)
        given: list[Rsvp] = []
        refused: list[bool] = []

        async def changed(work: Unit, viewer: Viewer, gathering: Gathering) -> Gathering:
            refused.clear()
            member = await self.comer(work, actor, member_id, viewer, gathering)
            rsvp = await self.answer_of(work, gathering, member.id)
            given[:] = [rsvp]
            if rsvp.attended_at is not None:
                return gathering
            _require_open(work, gathering)
            if rsvp.state is not RsvpState.GOING or rsvp.struck is not None:
                raise Conflict("You are not going.", code=ErrorCode.RSVP_STATE, path=["gatheringId"])
            now = work.space.now
            if not may_guess(rsvp.guesses, rsvp.guessed_at, now):
                raise Conflict("Too many wrong codes: wait.", code=ErrorCode.CODE_LOCKED, path=["code"])
            if is_code(gathering.secret, code, now):
                after, rsvp = await self._noted(work, viewer, gathering, member, rsvp, "code")
            else:
                guesses, since = guessed(rsvp.guesses, rsvp.guessed_at, now)
                after, rsvp = gathering, evolve(rsvp, guesses=guesses, guessed_at=since)
                refused.append(True)  # said after the guess is stored
            await self.keep(work, rsvp)
            given[:] = [rsvp]
            return after

        gathering = await self.change(actor, member_id, gathering_id, changed)
        if refused:
            raise Conflict("This is not the code.", code=ErrorCode.CODE_REFUSED, path=["code"])
        return gathering, given[0]

    async def record(
        self, actor: Actor, gathering_id: bytes, member_id: bytes | None, token: str | None
    ) -> tuple[Gathering, Rsvp]:
        """Note that a member came, by their token or by who they are; again is the same as once. Who was not going is let in
        while there is a place. What was struck may be noted again.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (GATHERING_STATE, ATTENDANCE_CLOSED, RSVP_STATE, CODE_REFUSED,
        GATHERING_FULL).
        """
        if (member_id is None) == (token is None):
            raise InvalidInput("State the member or their token.", path=["memberId"])
        given: list[Rsvp] = []

        async def changed(work: Unit, viewer: Viewer, gathering: Gathering) -> Gathering:
            require_host(viewer, gathering)
            now = work.space.now
            found = member_id
            if token is not None:
                found = member_of_token(gathering.secret, token, now)
            if found is None:
                raise Conflict(
                    "This token is none of this gathering's, or has lapsed.",
                    code=ErrorCode.CODE_REFUSED,
                    path=["token"],
                )
            rsvp = await self.answer_of(work, gathering, found)
            given[:] = [rsvp]
            if rsvp.attended_at is not None:
                return gathering
            _require_open(work, gathering, by_host=True)
            guest = await self.guest(work, viewer, gathering, found)
            member = guest.member
            assert member is not None  # noqa: S101 - a guest is a member
            gathering, rsvp = self._let_in(work, gathering, rsvp, limited=guest.limited)
            after, rsvp = await self._noted(work, guest, gathering, member, rsvp, "host")
            await self.keep(work, rsvp)
            given[:] = [rsvp]
            return after

        gathering = await self.change(actor, None, gathering_id, changed)
        return gathering, given[0]

    async def strike(
        self, actor: Actor, gathering_id: bytes, member_id: bytes, reason: str
    ) -> tuple[Gathering, Rsvp]:
        """Say that a member did not come after all: what it counted for is taken back. Again is the same as once. Raises:
        Forbidden, NotFound, InvalidInput, Conflict (RSVP_STATE)."""
        check_reason(reason)
        given: list[Rsvp] = []

        async def changed(work: Unit, viewer: Viewer, gathering: Gathering) -> Gathering:
            require_host(viewer, gathering)
            before = await self.answer_of(work, gathering, member_id)
            given[:] = [before]
            if before.attended_at is None:
                if before.struck is not None:
                    return gathering
                raise Conflict("They did not come.", code=ErrorCode.RSVP_STATE, path=["memberId"])
            if before.activity_id is not None:
                await self._acts.take_back(work, actor, before.activity_id, reason)
            struck = TakenDown(work.space.now, await kept_name(work, actor), reason)
            after = evolve(before, attended_at=None, activity_id=None, struck=struck)
            await self._rsvps.save([after], work.tx)
            given[:] = [after]
            return evolve(gathering, attended=gathering.attended - (not before.shadowed))

        gathering = await self.change(actor, None, gathering_id, changed)
        return gathering, given[0]

    # -- within

    def _let_in(
        self, work: Unit, gathering: Gathering, rsvp: Rsvp, *, limited: bool
    ) -> tuple[Gathering, Rsvp]:
        """Give who came without one a place. Who is there goes before who waits elsewhere."""
        if rsvp.state is RsvpState.GOING:
            return gathering, rsvp
        if rsvp.state is RsvpState.REMOVED:
            raise Conflict("They were taken out.", code=ErrorCode.RSVP_STATE, path=["memberId"])
        if free_places(gathering) == 0:
            raise Conflict("All places are taken.", code=ErrorCode.GATHERING_FULL, path=["memberId"])
        return let_in(gathering, rsvp, work.space.now, limited=limited)

    async def _noted(
        self, work: Unit, guest: Viewer, gathering: Gathering, member: Member, rsvp: Rsvp, by: str
    ) -> tuple[Gathering, Rsvp]:
        """Both once it is noted, and recorded as the member's activity. Of a limited member, or one whose answer counts
        nowhere, nothing counts."""
        counts = not rsvp.shadowed
        times = rsvp.attendances + 1
        activity = None
        if counts and not guest.limited:
            facts = {
                "space": gathering.space,
                "gathering": gathering.id.hex(),
                "online": gathering.place is None,
                "by": by,
            }
            activity = await self._acts.record(work, member, ACT, rsvp.id, times, facts)
        after = evolve(
            rsvp,
            attended_at=work.space.now,
            attendances=times,
            activity_id=activity,
            struck=None,
            guesses=0,
            guessed_at=None,
        )
        return evolve(gathering, attended=gathering.attended + counts), after


def _require_open(work: Unit, gathering: Gathering, *, by_host: bool = False) -> None:
    """Raises: Conflict (GATHERING_STATE, ATTENDANCE_CLOSED)."""
    require_scheduled(gathering)
    times, now = gathering.times, work.space.now
    until = max(times.attended_until, times.ends_at + HOST_KEEPS) if by_host else times.attended_until
    if not times.attended_from <= now < until:
        raise Conflict(
            f"Who came is noted from {times.attended_from.isoformat()} until {until.isoformat()}.",
            code=ErrorCode.ATTENDANCE_CLOSED,
            path=["gatheringId"],
        )
