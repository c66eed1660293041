"""Rehearsing: history is read, played and compared with what happened. It only reads, and lets others work every few
milliseconds."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from gamification.activity.model import Activity
from gamification.activity.repository import ActivityRepository
from gamification.kit.errors import DomainError
from gamification.leaderboards.scoring import period_named, season_periods
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import CodeSource, Leaderboard
from gamification.programmes.service import ProgrammeService
from gamification.rehearsal.comparing import (
    Differences,
    Places,
    counts_of,
    days_of,
    rewards_of,
    rules_of,
    tiers_of,
    units_of,
)
from gamification.rehearsal.counting import Counting
from gamification.rehearsal.history import History, day_number, parts
from gamification.rehearsal.model import RehearsalOrder, Span
from gamification.rehearsal.outline import Line, Movement, Other, Others, Piece, instant, ordered
from gamification.rehearsal.pacing import Pace
from gamification.rehearsal.playing import Player
from gamification.rehearsal.result import FAILURES_SHOWN, PERIODS_SHOWN, BoardSum, Failure, Result
from gamification.rehearsal.stage import Stage
from gamification.rehearsal.sums import Known, Place, Sums
from gamification.rehearsal.unit import StageUnit
from gamification.settlement.unit import Stores

BATCH = 200
"""Activities read at a time: as they are made of what was read, nobody else has a turn."""
_MEMBERS_BATCH = 1000
_RULE = re.compile(r"rules\.([^.:\s]+)")

OnProgress = Callable[[int, int], Awaitable[None]]
"""Hears (activities played, of how many); whatever it raises ends the rehearsal."""


class Rehearser:
    """Plays drafts. Two rehearsals of the same draft over the same history find the same."""

    def __init__(self, stores: Stores, programmes: ProgrammeService, activities: ActivityRepository) -> None:
        self._stores = stores
        self._programmes = programmes
        self._activities = activities

    def history(self, programme_id: str) -> History:
        """What is stored of a programme."""
        return History(self._stores.mongo, programme_id)

    async def rehearse(
        self,
        draft: Catalogue,
        span: Span,
        order: RehearsalOrder,
        newest: int,
        on_progress: OnProgress | None = None,
    ) -> Result:
        """Play what happened in that time by the draft, after all that was before by the rules of its own time; of activity up to
        `newest` in the programme's order. Raises: LimitExceeded."""
        history = self.history(draft.programme_id)
        outline = await history.outline(span, newest)
        lines = outline.lines
        zone = draft.settings.time_zone
        known: Known = {}
        was, pace = Sums(), Pace()
        for line in lines:
            if line.counts:
                known[line.id] = Place(line.member_id, day_number(line.occurred_at, zone))
            await pace.breathe()
        others = [*await history.points(known, was, span.until), *await history.others(span.until)]
        await history.derived(known, was, span)
        members = await self._members(draft.programme_id, lines, others)
        codes = {
            key: await history.codes(key, span.since)
            for key, reward in draft.rewards.items()
            if reward.coupon is not None and reward.coupon.codes.source is CodeSource.IMPORTED
        }
        stage = Stage(draft, span.since)
        unit = StageUnit(self._stores, stage, members, codes)
        playing = _Rehearsing(
            Player(unit, members, draft), self._activities, self._programmes, draft, span, order, known
        )
        await playing.run(ordered(lines, order), Others(others, lines, order), on_progress)
        ends = span.until if outline.later else None
        boards = await self._boards(draft, stage, playing.boards, ends)
        now = playing.counting.sums
        differences, pace = Differences(), Pace()
        for key in now.members.keys() | was.members.keys():
            differences.add(*key, now.members.get(key, 0), was.members.get(key, 0))
            await pace.breathe()
        return Result(
            activities=len(known),
            before=len(lines) - len(known),
            left_out=outline.erased,
            members=len({place.member_id for place in known.values()}),
            units=units_of(now, was, draft),
            days=days_of(now, was, draft),
            rewards=rewards_of(now, was, draft),
            cost=now.costs.total(),
            was_cost=was.costs.total(),
            uncosted=sum(count for key, count in now.rewards.items() if draft.rewards[key].cost is None),
            badges=counts_of(now.badges, was.badges, draft.badges),
            tasks=counts_of(now.tasks, was.tasks, draft.tasks),
            tiers=tiers_of(now, was),
            boards=boards,
            changed=len(differences.members),
            gainers=differences.most(),
            losers=differences.least(),
            failed=playing.failed,
            failures=tuple(playing.failures),
            rules=rules_of(playing.fired, draft),
        )

    async def _members(
        self, programme_id: str, lines: Sequence[Line], others: Sequence[Other]
    ) -> dict[bytes, Member]:
        """Everyone who did anything, and whom they were merged into."""
        wanted = {line.member_id for line in lines}
        wanted |= {one.member_id for one in others if not isinstance(one, Piece)}
        found: dict[bytes, Member] = {}
        while wanted:
            for part in parts(sorted(wanted), _MEMBERS_BATCH):
                found |= await self._stores.members.by_ids(programme_id, part)
            heirs = {one.merged_into for one in found.values() if one.merged_into is not None}
            wanted = heirs - found.keys()
        return found

    async def _boards(
        self, draft: Catalogue, stage: Stage, written: set[tuple[str, str]], ends: datetime | None
    ) -> tuple[BoardSum, ...]:
        """The winners of the newest periods that were written to, each beside what they have: of periods that are over by the
        instant at which what is played `ends`."""
        shown: dict[tuple[str, str], Places] = {}
        for key, board in draft.leaderboards.items():
            periods = {period for found, period in written if found == key}
            for period in sorted(periods, key=_by_time(draft, board))[-PERIODS_SHOWN:]:
                shown[key, period] = Places(board)
        pace = Pace()
        for own in stage.members.values():
            for record in own.records.values():
                places = shown.get((record.board, record.period))
                if places is not None:
                    places.add(record)
            await pace.breathe()
        zone = draft.settings.time_zone
        whole = set()
        for key, period in shown:
            run = period_named(draft.programme_id, draft.leaderboards[key], period, zone)
            over = run is not None and run.ends_at is not None and ends is not None and run.ends_at <= ends
            if ends is None or over:
                whole.add((key, period))
        ids = {one.id for which in whole for one in shown[which].first()}
        stored = await self._stores.records.by_ids(ids)
        return tuple(places.summed(period, stored) for (_, period), places in shown.items())


def _by_time(draft: Catalogue, board: Leaderboard) -> Callable[[str], tuple[int, str]]:
    seasons = [one.key for one in season_periods(draft.programme_id, board)]
    return lambda period: (seasons.index(period) if period in seasons else -1, period)


class _Rehearsing:
    """One run, and what it adds up."""

    def __init__(
        self,
        player: Player,
        activities: ActivityRepository,
        programmes: ProgrammeService,
        draft: Catalogue,
        span: Span,
        order: RehearsalOrder,
        known: Known,
    ) -> None:
        self._player = player
        self._activities = activities
        self._programmes = programmes
        self._draft = draft
        self._span = span
        self._order = order
        self._versions: dict[int, Catalogue] = {}
        self.counting = Counting(known, span)
        self.boards: set[tuple[str, str]] = set()
        self.failed = 0
        self.failures: list[Failure] = []
        self.fired: Counter[str] = Counter()

    async def run(self, lines: Sequence[Line], others: Others, on_progress: OnProgress | None) -> None:
        """Play all of it, in that order."""
        pace, last = Pace(), self._draft
        if on_progress is not None:
            await on_progress(0, len(lines))
        for start in range(0, len(lines), BATCH):
            part = lines[start : start + BATCH]
            found = await self._activities.by_ids(self._draft.programme_id, [line.id for line in part])
            for line in part:
                activity = found.get(line.id)
                if activity is None:
                    continue
                then = await self._then(activity.programme_version)
                for other in others.until(line):
                    await self._also(other, last)
                    await pace.breathe()
                last = self._draft if line.counts else then
                await self._play(line, activity, then)
                await pace.breathe()
            if on_progress is not None:
                await on_progress(min(start + BATCH, len(lines)), len(lines))
        for other in others.until(None):
            await self._also(other, last)
            await pace.breathe()
        if self._draft.document.ladders:
            for member_id in sorted({line.member_id for line in lines}):
                self.counting.add(await self._player.review(member_id, self._span.until))
                await pace.breathe()

    async def _then(self, version: int) -> Catalogue:
        found = self._versions.get(version)
        if found is None:
            found = await self._programmes.catalogue(self._draft.programme_id, version)
            self._versions[version] = found
        return found

    async def _play(self, line: Line, activity: Activity, then: Catalogue) -> None:
        now = instant(line, self._order)
        played = await self._player.play(activity, then, now, counts=line.counts)
        if played is None:
            return
        self.counting.add(played.done)
        if not line.counts:
            return
        self.boards.update(played.done.boards)
        for rule in played.rules:
            self.fired[rule] += 1
        if played.error is not None:
            self.failed += 1
            if len(self.failures) < FAILURES_SHOWN:
                self.failures.append(_failure(activity, played.error))

    async def _also(self, other: Other, last: Catalogue) -> None:
        at = other.occurred_at if isinstance(other, Movement) else other.at
        catalogue = self._draft if at >= self._span.since else last
        self.counting.add(await self._player.also(other, catalogue, at))


def _failure(activity: Activity, error: DomainError) -> Failure:
    named = _RULE.search(error.message)
    path = error.path or []
    rule = path[1] if len(path) > 1 and path[0] == "rules" else named.group(1) if named else None
    return Failure(
        activity.id, activity.source, activity.source_id, activity.type, rule, error.code.value, error.message
    )
