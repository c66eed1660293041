"""From MongoDB's records to Redis's rankings: each change at once, a whole period whenever it was lost."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence

import structlog

from gamification.leaderboards.grouping import in_group
from gamification.leaderboards.model import BoardPeriod, Record
from gamification.leaderboards.rankings import Rankings
from gamification.leaderboards.repository import RecordRepository
from gamification.leaderboards.scoring import period_named
from gamification.leaderboards.teams import ranking_of, team_record, teams_of
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Leaderboard
from gamification.programmes.service import ProgrammeService
from storage.redis import RedisStore, RedisUnavailable

log = structlog.get_logger()
CHANNEL = "sg:boards"
_CHUNK = 500


class Projection:
    """Applies records to rankings and tells listeners on CHANNEL: `programme|board|period|revision`, for a group
    `programme|board|period|group|revision`."""

    def __init__(
        self,
        repository: RecordRepository,
        rankings: Rankings,
        redis: RedisStore,
        programmes: ProgrammeService,
    ) -> None:
        self._repository = repository
        self._rankings = rankings
        self._redis = redis
        self._programmes = programmes
        self._rebuilding: dict[bytes, asyncio.Task[int]] = {}
        self._noted: set[bytes] = set()

    async def apply(
        self, catalogue: Catalogue, record_ids: Sequence[bytes], records: Mapping[bytes, Record] | None = None
    ) -> None:
        """Bring these records to Redis, as given or as they are now; safe to repeat, in any order: a version older
        than Redis has changes nothing. Raises: RedisUnavailable kinds."""
        if records is None:
            records = await self._repository.by_ids(record_ids)
        by_period: dict[tuple[str, str, str | None], list[Record]] = defaultdict(list)
        for record in records.values():
            by_period[(record.board, record.period, None)].append(record)
            if record.group is not None:
                by_period[(record.board, record.period, record.group)].append(record)
        periods: list[tuple[Leaderboard, BoardPeriod, list[Record]]] = []
        for (board_key, period_key, group), members in by_period.items():
            board = catalogue.leaderboards[board_key]
            period = period_named(catalogue.programme_id, board, period_key, catalogue.settings.time_zone)
            if period is not None:
                ranking = period if group is None else in_group(period, group)
                await self._note(board, ranking)
                periods.append((board, ranking, members))
                if board.teams is not None and group is None:
                    await self._add_teams(board, period, members, periods)
        notices = await asyncio.gather(*(self._apply_period(*each) for each in periods))
        await self._redis.publish(CHANNEL, notices)

    async def _add_teams(
        self,
        board: Leaderboard,
        period: BoardPeriod,
        members: Sequence[Record],
        periods: list[tuple[Leaderboard, BoardPeriod, list[Record]]],
    ) -> None:
        """The teams whose members changed, computed anew from all their records."""
        groups = {record.group for record in members if record.group is not None}
        if groups:
            teams = teams_of(period)
            await self._note(board, teams)
            tallies = await self._repository.tallies(board, period, groups)
            periods.append((board, teams, [team_record(board, period, tally) for tally in tallies]))

    async def _apply_period(
        self, board: Leaderboard, period: BoardPeriod, records: Sequence[Record]
    ) -> bytes:
        """Apply one period's records, by chunks that don't hold the server up; the notice of it."""
        revision = 0
        for start in range(0, len(records), _CHUNK):
            chunk = records[start : start + _CHUNK]
            revision = await self._rankings.apply(ranking_of(board, period), period, chunk)
        return notice(period, revision)

    async def _note(self, board: Leaderboard, period: BoardPeriod) -> None:
        """See to it that the period is known, and that its first scores make its ranking ready."""
        if period.id in self._noted:
            return
        closes = board.settles_after is not None and not period.teams
        if await self._repository.add_period(period, closes=closes):
            await self._rankings.finish(period, await self._rankings.begin(period))
        self._noted.add(period.id)

    def rebuild_soon(self, board: Leaderboard, period: BoardPeriod) -> None:
        """Rebuild in the background, once at a time; reads go on from MongoDB meanwhile."""
        if period.id not in self._rebuilding:
            task = asyncio.create_task(self._rebuild_logged(board, period), name="board-rebuild")
            self._rebuilding[period.id] = task
            task.add_done_callback(lambda _: self._rebuilding.pop(period.id, None))

    async def rebuild(self, board: Leaderboard, period: BoardPeriod) -> int:
        """Write every record of a period to Redis and call it ready; how many. Versions keep it safe beside live
        changes: whichever comes last, the newest state stays; lost midway, it is not called ready."""
        count = 0
        chunk: list[Record] = []
        token = await self._rankings.begin(period)
        ranking = ranking_of(board, period)
        async for record in self.source(board, period):
            chunk.append(record)
            if len(chunk) == _CHUNK:
                await self._rankings.apply(ranking, period, chunk)
                count += len(chunk)
                chunk = []
        revision = await self._rankings.apply(ranking, period, chunk)
        await self._rankings.finish(period, token)
        await self._redis.publish(CHANNEL, [notice(period, revision)])
        return count + len(chunk)

    async def source(self, board: Leaderboard, period: BoardPeriod) -> AsyncIterator[Record]:
        """What a ranking is made from: a period's records, or those of its teams, computed from their members'."""
        if not period.teams:
            async for record in self._repository.stream(period):
                yield record
            return
        for tally in await self._repository.tallies(board, period):
            yield team_record(board, period, tally)

    async def rebuild_all(self, programme_id: str) -> dict[str, int]:
        """Drop and rebuild every period of a programme; records by "board period"."""
        catalogue = await self._programmes.catalogue(programme_id)
        done: dict[str, int] = {}
        for period in await self._repository.periods(programme_id):
            board = catalogue.leaderboards[period.board]
            await self._rankings.forget(period)
            name = " ".join(
                filter(None, (period.board, period.key, period.group, "teams" if period.teams else None))
            )
            done[name] = await self.rebuild(board, period)
        return done

    async def restore_missing(self) -> int:
        """Rebuild every period that Redis has lost; how many. The scheduler calls this."""
        restored = 0
        for programme_id in await self._programmes.keys("leaderboards"):
            catalogue = await self._programmes.catalogue(programme_id)
            for period in await self._rankings.missing(await self._repository.periods(programme_id)):
                await self.rebuild(catalogue.leaderboards[period.board], period)
                restored += 1
        return restored

    async def _rebuild_logged(self, board: Leaderboard, period: BoardPeriod) -> int:
        try:
            if period.group is not None and not await self._repository.is_noted(period):
                return 0  # any text may be asked for; what nobody is in leaves nothing in Redis
            count = await self.rebuild(board, period)
        except RedisUnavailable as error:
            log.warning("board.rebuild_failed", board=board.key, period=period.key, error=str(error))
            return 0
        log.info("board.rebuilt", board=board.key, period=period.key, records=count)
        return count


def notice(period: BoardPeriod, revision: int) -> bytes:
    """The message of one change of a period."""
    return f"{period.doorbell}|{revision}".encode()
