"""Keeping live segments: as members act, and of all members once a day.

Who is in which is first told outside any transaction; only those of whom it has changed are looked at again within one, where
it is decided.
"""

from collections.abc import Sequence
from datetime import date, datetime

import structlog

from gamification.activity.model import NewActivity
from gamification.activity.recording import RecordingService
from gamification.kit.errors import DomainError
from gamification.kit.periods import zone
from gamification.kit.records import evolve
from gamification.members.model import Member, Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.service import ProgrammeService
from gamification.rollups.history import History
from gamification.rollups.model import MemberMonth
from gamification.rollups.repository import MonthRepository
from gamification.segments.facts import Judge, Known, Terms, facts_of
from gamification.segments.knowing import Knowing
from gamification.segments.model import (
    PASSAGES_A_DAY,
    SOURCE,
    Cuts,
    SegmentMember,
    segment_member_id,
)
from gamification.segments.repository import SegmentRepository
from gamification.segments.scoring import cuts_of, measures
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

log = structlog.get_logger()
_PAGE = 1000
_CHANGED_AT_ONCE = 50


class SegmentKeeping:
    """The worker's."""

    def __init__(
        self,
        settlement: SettlementService,
        recording: RecordingService,
        programmes: ProgrammeService,
        members: MemberRepository,
        months: MonthRepository,
        repository: SegmentRepository,
        knowing: Knowing,
    ) -> None:
        self._settlement = settlement
        self._recording = recording
        self._programmes = programmes
        self._members = members
        self._months = months
        self._repository = repository
        self._knowing = knowing

    async def look_at(self, programme_id: str, member_ids: Sequence[bytes]) -> int:
        """Look at these members again, of whom something has changed; how many came to a segment or left one."""
        catalogue = await self._programmes.catalogue(programme_id, fresh=True)
        if not catalogue.kept_segments:
            return 0
        run = await self._repository.run(programme_id)
        terms = Terms(catalogue, _today(catalogue, self._settlement.now()), run.cuts)
        done = 0
        for start in range(0, len(member_ids), _PAGE):
            known = await self._knowing.of_ids(catalogue, member_ids[start : start + _PAGE])
            done += await self._change(programme_id, _changed(catalogue, terms, known), run.cuts)
        return done

    async def sweep_due(self, programme_id: str | None = None) -> int:
        """Look at all members of the programmes that were not looked at today; how many came or left. After a time without a
        worker it is done once, for today."""
        ids = [programme_id] if programme_id is not None else await self._programmes.keys("segments")
        done = 0
        for found in ids:
            catalogue = await self._programmes.catalogue(found, fresh=True)
            now = self._settlement.now()
            today = _today(catalogue, now)
            if not catalogue.kept_segments or not await self._repository.begin_run(found, today, now):
                continue
            done += await self.sweep(catalogue, today)
            await self._repository.end_run(found, today, self._settlement.now())
        return done

    async def sweep(self, catalogue: Catalogue, today: date) -> int:
        """Score all members anew and look at each once, whatever the number of segments; how many came or left."""
        programme_id = catalogue.programme_id
        cuts = await self._cuts(catalogue, today)
        await self._repository.keep_cuts(programme_id, cuts)
        terms, judge = Terms(catalogue, today, cuts), Judge()
        page: list[Member] = []
        done = looked_at = 0
        async for member in self._members.stream(programme_id):
            if not member.is_gone:
                page.append(member)
                looked_at += 1
            if len(page) == _PAGE:
                done += await self._sweep_page(catalogue, terms, judge, page)
                page = []
        done += await self._sweep_page(catalogue, terms, judge, page)
        log.info("segments.swept", programme=programme_id, members=looked_at, changed=done)
        return done

    async def _sweep_page(
        self, catalogue: Catalogue, terms: Terms, judge: Judge, members: Sequence[Member]
    ) -> int:
        known = await self._knowing.of(catalogue, members)
        changed = _changed(catalogue, terms, known, judge)
        return await self._change(catalogue.programme_id, changed, terms.cuts, daily=True)

    async def _cuts(self, catalogue: Catalogue, today: date) -> Cuts:
        """Where the quintiles end today, from all members' days in one read of them."""
        window = catalogue.settings.segments.rfm
        measured: list[tuple[int, int, int]] = []
        gathered: list[MemberMonth] = []
        async for month in self._months.stream(catalogue.programme_id):
            if gathered and gathered[0].member_id != month.member_id:
                _measure(measured, gathered, today, window)
                gathered = []
            gathered.append(month)
        _measure(measured, gathered, today, window)
        return cuts_of(today, measured)

    async def _change(
        self, programme_id: str, member_ids: Sequence[bytes], cuts: Cuts | None, *, daily: bool = False
    ) -> int:
        done = 0
        for start in range(0, len(member_ids), _CHANGED_AT_ONCE):
            part = member_ids[start : start + _CHANGED_AT_ONCE]

            async def body(work: Unit, part: Sequence[bytes] = part) -> int:
                return await self._settle(work, part, cuts, daily=daily)

            done += await self._settlement.run(programme_id, body)
        return done

    async def _settle(
        self, work: Unit, member_ids: Sequence[bytes], cuts: Cuts | None, *, daily: bool
    ) -> int:
        catalogue = work.space.catalogue
        terms, judge = Terms(catalogue, _today(catalogue, work.space.now), cuts), Judge()
        keys = sorted(catalogue.kept_segments)
        stored = await self._repository.of_members(catalogue.programme_id, keys, member_ids, work.tx)
        done = 0
        for known in await self._knowing.of_ids(catalogue, member_ids, work.tx):
            meets = _meets(catalogue, terms, known, judge)
            for key in keys:
                before = stored.get((key, known.member.id)) or stranger(catalogue, key, known.member)
                if before.is_in == (key in meets) or (not daily and _restless(before, terms.today)):
                    continue
                after = passed(before, work.space.now, terms.today)
                await self.pass_through(work, known.member, after)
                stored[key, known.member.id] = after
                done += 1
            mine = [one for (_, member), one in stored.items() if member == known.member.id]
            await self.show(work, known.member, mine)
        return done

    async def pass_through(self, work: Unit, member: Member, after: SegmentMember) -> None:
        """Keep that a member came or left, and record it as what they can be given something for."""
        await self._repository.save([after], work.tx)
        work.followup.profiles.append(member.id)
        settings = work.space.catalogue.settings.segments
        recorded_as = settings.entered if after.is_in else settings.left
        if recorded_as is None or member.standing is Standing.BANNED:
            return
        try:
            await self._recording.record_within(
                work,
                NewActivity(
                    type=recorded_as,
                    source=SOURCE,
                    source_id=f"{after.segment}:{member.id.hex()}:{after.passages}",
                    member_external_id=member.external_id,
                    occurred_at=work.space.now,
                    subject=f"segment:{after.segment}",
                    properties={"segment": after.segment},
                ),
            )
        except DomainError as error:
            # A rule that can't be evaluated must not keep members out of where they belong.
            log.warning("segments.not_recorded", segment=after.segment, error=error.message)

    async def show(self, work: Unit, member: Member, live: Sequence[SegmentMember]) -> None:
        """Keep with the member which segments they are in; `live` are those that are looked at now."""
        looked_at = {one.segment for one in live} | work.space.catalogue.kept_segments
        now_in = {one.segment for one in live if one.is_in}
        keys = sorted((set(member.segments) - looked_at) | now_in)
        if keys != list(member.segments):
            work.stores.members.cache.leave_out(member.id)
            await self._repository.show({member.id: keys}, work.tx)


def passed(before: SegmentMember, now: datetime, today: date) -> SegmentMember:
    """A member's place in a segment once they come to it or leave it."""
    times = before.today + 1 if before.day == today else 1
    return evolve(
        before, is_in=not before.is_in, since=now, passages=before.passages + 1, day=today, today=times
    )


def _restless(before: SegmentMember, today: date) -> bool:
    return before.day == today and before.today >= PASSAGES_A_DAY


def stranger(catalogue: Catalogue, key: str, member: Member) -> SegmentMember:
    """The place in a segment of a member who was never in it."""
    found = segment_member_id(catalogue.programme_id, key, member.id)
    return SegmentMember(found, catalogue.programme_id, key, member.id, is_in=False, since=member.joined_at)


def _changed(
    catalogue: Catalogue, terms: Terms, known: Sequence[Known], judge: Judge | None = None
) -> list[bytes]:
    """Those who are in other segments than stands with them."""
    judge = judge or Judge()
    kept = catalogue.kept_segments
    return [
        one.member.id
        for one in known
        if _meets(catalogue, terms, one, judge) != kept & set(one.member.segments)
    ]


def _meets(catalogue: Catalogue, terms: Terms, known: Known, judge: Judge) -> set[str]:
    judge.look_at(facts_of(terms, known))
    return set(judge.segments(catalogue.live_segments))


def _measure(
    measured: list[tuple[int, int, int]], months: list[MemberMonth], today: date, window: int
) -> None:
    found = measures(History(months, today), window) if months else None
    if found is not None:
        measured.append(found)


def _today(catalogue: Catalogue, now: datetime) -> date:
    return now.astimezone(zone(catalogue.settings.time_zone)).date()
