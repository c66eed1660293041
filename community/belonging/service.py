"""Adding up a month once it is over, and reading what it came to."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from community.belonging.gathering import Gathered
from community.belonging.indicators import readings_of
from community.belonging.model import Scope, Snapshot
from community.belonging.reading import FactReading, Month, asked_by, ladder_of, possible_in
from community.belonging.repository import BelongingRepository, snapshot_id
from community.surveys.reading import SurveyReading
from community.surveys.results import is_withheld
from gamification.kit.actors import Actor, Permission, system_actor
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.periods import Cycle, Period, period_at, period_of_key
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import BelongingIndicator, BelongingSettings
from gamification.programmes.service import ProgrammeService

log = structlog.get_logger()
MONTHS_MAX = 36
_KEPT_MONTHS = 25
"""Members' months that are kept: two years, and the month before them to compare with."""
_AT_ONCE = 500


class BelongingService:
    """For operators and services. A month is added up once, soon after it is over: tiers, segments, badges and what was taken back
    are as they are then. Months that were missed for longer are not made up for."""

    def __init__(
        self,
        programmes: ProgrammeService,
        members: MemberRepository,
        surveys: SurveyReading,
        facts: FactReading,
        repository: BelongingRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._programmes = programmes
        self._members = members
        self._surveys = surveys
        self._facts = facts
        self._repository = repository
        self._now = now

    # -- reading

    async def months(
        self, actor: Actor, segment: str | None, period: str | None, count: int
    ) -> list[Snapshot]:
        """Up to so many months of the programme or a segment, up to that one, the latest first. Raises: Forbidden, InvalidInput,
        NotFound for a segment that there is not."""
        actor.require(Permission.INSIGHTS_READ)
        if segment is None:
            return await self._until(actor, Scope.PROGRAMME, "", period, count)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        if segment not in {one.key for one in catalogue.document.segments}:
            raise NotFound("There is no such segment.", path=["segment"])
        return await self._until(actor, Scope.SEGMENT, segment, period, count)

    async def months_of(self, actor: Actor, member: Member, period: str | None, count: int) -> list[Snapshot]:
        """The same of a member. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.INSIGHTS_READ)
        if member.is_gone or member.programme_id != actor.programme_id:
            return []
        return await self._until(actor, Scope.MEMBER, member.id.hex(), period, count)

    async def _until(
        self, actor: Actor, scope: Scope, key: str, period: str | None, count: int
    ) -> list[Snapshot]:
        if not 1 <= count <= MONTHS_MAX:
            raise InvalidInput(
                f"There are 1 to {MONTHS_MAX} months at once.", path=["last"], limit=MONTHS_MAX
            )
        if period is not None:
            period_of_key(Cycle.MONTHLY, period, "UTC")
        return await self._repository.until(actor.programme_id, scope, key, period, count)

    # -- the worker's

    async def add_up_due(self, programme_id: str | None = None) -> int:
        """Add up the last month that is over, of programmes that want the index and have it not yet; of how many."""
        ids = [programme_id] if programme_id is not None else await self._programmes.keys()
        done = 0
        for found in ids:
            catalogue = await self._programmes.catalogue(found, fresh=True)
            settings, now = catalogue.settings.belonging, self._now()
            if settings is None:
                continue
            month = month_before(now, catalogue.settings.time_zone, settings)
            if await self._repository.begin(found, month.key, now):
                members = await self._add_up(catalogue, settings, month, now)
                await self._repository.end(found, month.key, now)
                log.info("belonging.added_up", programme=found, period=month.key, members=members)
                done += 1
        return done

    async def _add_up(
        self, catalogue: Catalogue, settings: BelongingSettings, month: Month, now: datetime
    ) -> int:
        programme_id = catalogue.programme_id
        keys = {one.key for one in catalogue.document.segments}
        whole, groups = Gathered(), defaultdict[str, Gathered](Gathered)
        weights = {one: settings.weight(one) for one in BelongingIndicator}
        part: list[Member] = []

        async def add(part: Sequence[Member]) -> None:
            facts = await self._facts.of(catalogue, settings, month, [one.id for one in part])
            possible, made = possible_in(catalogue, settings), []
            for member in part:
                known = facts[member.id]
                readings = readings_of(known, possible, settings)
                whole.add(known, readings)
                for key in keys & set(member.segments):
                    groups[key].add(known, readings)
                if known.is_any:
                    own, key = Scope.MEMBER, member.id.hex()
                    found = snapshot_id(programme_id, month.key, own, key)
                    stated = (found, programme_id, month.key, own, key, 1, readings, weights, now)
                    made.append(Snapshot(*stated, member_id=member.id))
            await self._repository.save(made)
            # Who was erased or merged while this ran has been forgotten before it was written.
            ids = [one.id for one in part]
            there = await self._members.by_ids(programme_id, ids)
            gone = [one for one in ids if one not in there or there[one].is_gone]
            if gone:
                await self._repository.forget(programme_id, gone)

        async for member in self._members.stream(programme_id):
            if member.is_gone or member.joined_at >= month.ends_at:
                continue
            part.append(member)
            if len(part) == _AT_ONCE:
                await add(part)
                part = []
        if part:
            await add(part)
        await self._add_ballots(catalogue, settings, month, whole)
        targets = _targets(catalogue, settings)
        made = []
        for key in sorted(keys):
            group = groups[key]
            made.append(_of_group(programme_id, month, Scope.SEGMENT, key, group, targets, weights, now))
        made.append(_of_group(programme_id, month, Scope.PROGRAMME, "", whole, targets, weights, now))
        await self._repository.save(made)
        await self._repository.drop(programme_id, _months_before(month.key, _KEPT_MONTHS))
        return whole.members

    async def _add_ballots(
        self, catalogue: Catalogue, settings: BelongingSettings, month: Month, whole: Gathered
    ) -> None:
        """What was answered to anonymous surveys that closed while answers still count: as much of it as their results show."""
        actor = system_actor(catalogue.programme_id)
        for one in asked_by(catalogue, settings):
            closed = one.survey.closes_at
            if not one.survey.anonymous or closed is None or closed > month.ends_at:
                continue
            if closed < month.answers_since:
                continue
            results = await self._surveys.results(actor, one.survey)
            tally = results.tallies.get(one.question.key) if results else None
            if tally is None or is_withheld(one.survey, one.question, tally.answered):
                continue
            if one.aware and one.question.choices != (1, 1):
                # Who chose several options that mean yes is in the tally several times.
                continue
            for answer, times in tally.values.items():
                value = one.value(answer)
                if value is not None:
                    whole.answered(one.indicator, value, times)


def month_before(now: datetime, time_zone: str, settings: BelongingSettings) -> Month:
    """The last month that is over."""
    present = period_at(Cycle.MONTHLY, now, time_zone)
    assert present.starts_at is not None  # noqa: S101 - calendar periods have both
    return _month(period_at(Cycle.MONTHLY, present.starts_at - timedelta(hours=1), time_zone), settings)


def _month(period: Period, settings: BelongingSettings) -> Month:
    assert period.starts_at is not None  # noqa: S101
    assert period.ends_at is not None  # noqa: S101
    since = min(period.starts_at, period.ends_at - timedelta(days=settings.answers))
    return Month(period.key, period.starts_at, period.ends_at, since)


def month_earlier(period: str) -> str:
    """The key of the month before."""
    return _months_before(period, 1)


def _months_before(period: str, count: int) -> str:
    year, month = int(period[:4]), int(period[5:])
    number = year * 12 + month - 1 - count
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _targets(catalogue: Catalogue, settings: BelongingSettings) -> dict[str | None, float | None]:
    ladder = ladder_of(catalogue, settings)
    tiers = ladder.tiers if ladder is not None else ()
    return {one.key: float(one.target) if one.target is not None else None for one in tiers}


def _of_group(
    programme_id: str,
    month: Month,
    scope: Scope,
    key: str,
    group: Gathered,
    targets: Mapping[str | None, float | None],
    weights: Mapping[BelongingIndicator, int],
    now: datetime,
) -> Snapshot:
    found = snapshot_id(programme_id, month.key, scope, key)
    readings, tiers = group.readings(targets), group.tiers(targets)
    return Snapshot(found, programme_id, month.key, scope, key, group.members, readings, weights, now, tiers)
