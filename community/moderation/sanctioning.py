"""Laying sanctions on members, lifting them, and ending them when their time is over."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from community.bells import Bells, queue_key
from community.gatherings.leaving import Leaving
from community.moderation.model import Case, CaseKind, CaseState, Source, case_id
from community.moderation.repository import CaseRepository
from community.moderation.shadowing import Shadowing
from community.moderation.watching import acting_as
from community.moderation.words import words
from community.oversight.model import SYSTEM, Act, ActKind, Subject, SubjectKind
from community.oversight.service import Oversight
from community.sanctions.model import Sanction, SanctionKind, Sweep
from community.sanctions.repository import SanctionRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.model import Member, Standing
from gamification.settlement.presence import show
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import Contention
from storage.paging import Page, Window

LONGEST = timedelta(days=3660)
_PATIENCE_S = 2.0
log = structlog.get_logger()


class Sanctioning:
    """For moderators, operators and services. A moderator's ban may take a second one to confirm it."""

    def __init__(
        self,
        settlement: SettlementService,
        sanctions: SanctionRepository,
        cases: CaseRepository,
        shadowing: Shadowing,
        oversight: Oversight,
        bells: Bells,
        leaving: Leaving,
    ) -> None:
        self._settlement = settlement
        self._sanctions = sanctions
        self._cases = cases
        self._shadowing = shadowing
        self._oversight = oversight
        self._bells = bells
        self._leaving = leaving

    async def sanction(
        self,
        actor: Actor,
        member_id: bytes,
        kind: SanctionKind,
        until: datetime | None,
        reason: str | None,
        template: str | None,
        key: str,
    ) -> tuple[Sanction, bool]:
        """Lay a sanction on a member; one of its kind that goes on is replaced. Whether that was done before.

        Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict.
        """
        actor.require(Permission.COMMUNITY_MODERATE)

        async def body(work: Unit) -> dict[str, bytes]:
            by = await acting_as(work, actor)
            said = await words(work, member_id, reason, template)
            return {"sanction": (await self.lay(work, actor, by, member_id, kind, until, said)).id}

        stated = [member_id, kind, until.isoformat() if until else None, reason, template]
        result, replayed = await self._settlement.run_once(
            actor, key, "sanctionMember", {"input": stated}, body
        )
        await self.sweep_of(actor.programme_id, member_id)
        await self._bells.ring(queue_key(actor.programme_id))
        found = await self._sanctions.by_ids(actor.programme_id, [result["sanction"]])
        return found[result["sanction"]], replayed

    async def lift(self, actor: Actor, sanction_id: bytes, reason: str | None) -> Sanction:
        """End a sanction before its time; again is the same as once. Raises: Forbidden, NotFound, InvalidInput."""
        actor.require(Permission.COMMUNITY_MODERATE)

        async def body(work: Unit) -> Sanction:
            by = await acting_as(work, actor)
            found = await self._sanctions.by_ids(actor.programme_id, [sanction_id], work.tx)
            if sanction_id not in found:
                raise NotFound("There is no such sanction.", path=["sanctionId"])
            said = await words(work, found[sanction_id].member_id, reason, None)
            return await self.end(work, by, sanction_id, said)

        sanction = await self._settlement.run(actor.programme_id, body)
        await self.sweep_of(actor.programme_id, sanction.member_id)
        return sanction

    async def end_due(self, limit: int = 100) -> int:
        """End those whose time is over; how many. The scheduler calls it."""
        done = 0
        for sanction in await self._sanctions.due(self._settlement.now(), limit):
            try:
                await self._settlement.run(
                    sanction.programme_id, self._over(sanction.id), patience_s=_PATIENCE_S
                )
                done += 1
            except Contention:
                log.warning("sanctions.put_off", programme=sanction.programme_id, sanction=sanction.id.hex())
        return done

    async def sweep_due(self, limit: int = 20) -> int:
        """Hide or show what is still to be; how many sanctions were looked at. The scheduler calls it."""
        found = await self._sanctions.to_sweep(limit)
        for sanction in found:
            await self._shadowing.sweep(sanction)
        return len(found)

    async def sweep_of(self, programme_id: str, member_id: bytes) -> None:
        """The same for a member, at once, as far as that goes quickly."""
        for sanction in await self._sanctions.to_sweep_of(programme_id, member_id):
            await self._shadowing.sweep(sanction, parts=10)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Sanction]:
        """Sanctions of this programme. The caller checks that the actor may read them."""
        return await self._sanctions.by_ids(actor.programme_id, ids)

    async def of_member(self, actor: Actor, member: Member, window: Window) -> Page[Sanction]:
        """A member's, newest first; to themselves those that they were told of."""
        own = actor.is_member(member.external_id, member.former)
        if not own and not actor.can(Permission.COMMUNITY_MODERATE):
            return Page([], [], has_next=False, has_previous=False)
        kinds = [kind for kind in SanctionKind if kind.is_told or not own]
        return await self._sanctions.page(member.programme_id, member.id, kinds, window)

    # -- within a transaction

    async def lay(
        self,
        work: Unit,
        actor: Actor,
        by: str,
        member_id: bytes,
        kind: SanctionKind,
        until: datetime | None,
        reason: str | None,
    ) -> Sanction:
        """Lay it on the member. Raises: NotFound, InvalidInput."""
        now, programme_id = work.space.now, actor.programme_id
        member = await self._member(work, programme_id, member_id)
        if reason is None:
            raise InvalidInput("State the reason, or a template of it.", path=["reason"])
        _check_until(kind, until, now)
        number = (await work.next_sequence()).to_bytes(8)
        sanction = Sanction(
            derived_id("sanction", programme_id, member_id, number),
            programme_id,
            member_id,
            kind,
            reason,
            by,
            now,
            until,
        )
        settings = work.space.catalogue.settings.community.moderation
        if kind is SanctionKind.BAN and settings.bans_take_two:
            return await self._propose(work, by, sanction)
        return await self._begin(work, by, member, sanction)

    async def confirm(
        self,
        work: Unit,
        by: str,
        case: Case,
        confirmed: bool,  # noqa: FBT001 - the decision
        reason: str | None,
    ) -> None:
        """Decide on a ban that was proposed."""
        found = await self._sanctions.by_ids(case.programme_id, [case.subject.id], work.tx)
        proposed = found[case.subject.id]
        if confirmed:
            member = await self._member(work, case.programme_id, proposed.member_id)
            begun = evolve(proposed, began_at=work.space.now, ended_at=None, ended_by=None)
            await self._begin(work, by, member, begun)
            return
        await self._oversight.note(
            work, by, Act(ActKind.BAN_REJECTED, case.subject, case.member_id, reason=reason)
        )

    async def end(self, work: Unit, by: str, sanction_id: bytes, reason: str | None) -> Sanction:
        """End it now. Who is banned by nothing else is so no more."""
        programme_id = work.space.catalogue.programme_id
        sanction = (await self._sanctions.by_ids(programme_id, [sanction_id], work.tx))[sanction_id]
        if sanction.ended_at is not None or not sanction.kind.lasts:
            return sanction
        sweep = Sweep.SHOW if sanction.kind is SanctionKind.SHADOW_LIMIT else None
        ended = evolve(sanction, ended_at=work.space.now, ended_by=by, sweep=sweep)
        await self._sanctions.save([ended], work.tx)
        subject = Subject(SubjectKind.SANCTION, sanction.id)
        details = {"sanction": sanction.kind.value}
        act = Act(ActKind.SANCTION_ENDED, subject, sanction.member_id, None, reason, None, details)
        await self._oversight.note(work, by, act)
        if sanction.kind.bans:
            await self._unban(work, ended)
        return ended

    async def end_bans(self, work: Unit, by: str, member_id: bytes, reason: str | None) -> None:
        """End all that bans a member."""
        for one in await self._sanctions.open_of(work.space.catalogue.programme_id, member_id, work.tx):
            if one.kind.bans:
                await self.end(work, by, one.id, reason)

    # -- within

    def _over(self, sanction_id: bytes) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            await self.end(work, SYSTEM, sanction_id, None)

        return body

    async def _propose(self, work: Unit, by: str, sanction: Sanction) -> Sanction:
        """Put a ban before a second moderator; until then it is none."""
        now = work.space.now
        subject = Subject(SubjectKind.SANCTION, sanction.id)
        proposed = evolve(sanction, ended_at=now, ended_by=by)
        await self._sanctions.save([proposed], work.tx)
        case = Case(
            id=case_id(sanction.programme_id, subject),
            programme_id=sanction.programme_id,
            kind=CaseKind.BAN,
            subject=subject,
            member_id=sanction.member_id,
            space=None,
            state=CaseState.OPEN,
            round=1,
            version=1,
            opened_at=now,
            sources=(Source.MODERATOR,),
            by=by,
        )
        await self._cases.save([case], work.tx)
        act = Act(ActKind.BAN_PROPOSED, subject, sanction.member_id, reason=sanction.reason)
        await self._oversight.note(work, by, act)
        return proposed

    async def _begin(self, work: Unit, by: str, member: Member, sanction: Sanction) -> Sanction:
        now, kind = work.space.now, sanction.kind
        going_on = await self._sanctions.open_of(member.programme_id, member.id, work.tx)
        same = [evolve(one, ended_at=now, ended_by=by) for one in going_on if one.kind is kind]
        if kind is SanctionKind.SHADOW_LIMIT:
            sanction = evolve(sanction, sweep=Sweep.HIDE)
            same += await self._shown_no_more(work, member, {one.id for one in same})
        if kind.bans:
            sanction = await self._ban(work, member, sanction, going_on)
        await self._sanctions.save([*same, sanction], work.tx)
        act = Act(
            ActKind(kind.value),
            Subject(SubjectKind.SANCTION, sanction.id),
            member.id,
            reason=sanction.reason,
            until=sanction.until,
            sanction_id=sanction.id,
        )
        await self._oversight.note(work, by, act)
        return sanction

    async def _shown_no_more(self, work: Unit, member: Member, ended: set[bytes]) -> list[Sanction]:
        """Earlier limits of a member of which something was still to be shown again: it stays hidden now."""
        known = await self._sanctions.limits_of(member.programme_id, member.id, work.tx)
        return [evolve(one, sweep=None) for one in known if one.sweep is not None and one.id not in ended]

    async def _ban(
        self, work: Unit, member: Member, sanction: Sanction, going_on: Sequence[Sanction]
    ) -> Sanction:
        """Ban the member by it, who may be banned by another one. Who was banned by hand stays so, whatever ends."""
        others = {one.reason: one.before for one in going_on if one.kind.bans}
        if member.standing is Standing.BANNED:
            if member.standing_reason not in others:
                return evolve(sanction, before=Standing.BANNED)
            before = others[member.standing_reason]
        else:
            before = member.standing
        await show(work, replace(member, standing=Standing.BANNED, standing_reason=sanction.reason))
        await self._leaving.leave(member.programme_id, member.id, work.tx)
        return evolve(sanction, before=before)

    async def _unban(self, work: Unit, ended: Sanction) -> None:
        """They are what they were before, unless something else bans them."""
        programme_id, now = work.space.catalogue.programme_id, work.space.now
        member = (await work.stores.members.by_ids(programme_id, [ended.member_id], work.tx)).get(
            ended.member_id
        )
        if member is None or member.is_gone or member.standing_reason != ended.reason:
            return
        others = await self._sanctions.open_of(programme_id, ended.member_id, work.tx)
        left = [one for one in others if one.kind.bans and one.is_on(now)]
        if left:
            await show(work, replace(member, standing_reason=left[-1].reason))
            return
        reason = None if ended.before is Standing.ACTIVE else ended.reason
        await show(work, replace(member, standing=ended.before, standing_reason=reason))

    async def _member(self, work: Unit, programme_id: str, member_id: bytes) -> Member:
        member = (await work.stores.members.by_ids(programme_id, [member_id], work.tx)).get(member_id)
        if member is None or member.is_gone:
            raise NotFound("There is no such member.", path=["memberId"])
        return member


def _check_until(kind: SanctionKind, until: datetime | None, now: datetime) -> None:
    if kind is SanctionKind.SUSPENSION and until is None:
        raise InvalidInput("A suspension has an end; else it is a ban.", path=["until"])
    if kind in (SanctionKind.WARNING, SanctionKind.BAN) and until is not None:
        raise InvalidInput(f"A {kind} has no end.", path=["until"])
    if until is not None and not now < until <= now + LONGEST:
        raise InvalidInput(
            f"The end lies in the future, {LONGEST.days} days at most.", path=["until"], limit=LONGEST.days
        )
