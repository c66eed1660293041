"""Reading boards: from Redis in one round trip, or from MongoDB while a board is being rebuilt."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from gamification.kit.actors import Actor, Permission
from gamification.leaderboards.model import BoardPage, BoardPeriod, Entry, Score, record_id
from gamification.leaderboards.ordering import member_of, standing_of
from gamification.leaderboards.projection import Projection
from gamification.leaderboards.rankings import Place, Rankings
from gamification.leaderboards.repository import RecordRepository
from gamification.leaderboards.scoring import period_for, period_named
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Leaderboard, Status, Ties
from gamification.programmes.service import ProgrammeService
from storage.paging import Page, Window
from storage.redis import RedisUnavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Around:
    """A window of entries around a member: so many above and below."""

    above: int
    below: int


class LeaderboardService:
    """Boards are open to everyone who is signed in; drafts to operators."""

    def __init__(
        self,
        programmes: ProgrammeService,
        repository: RecordRepository,
        rankings: Rankings,
        projection: Projection,
    ) -> None:
        self._programmes = programmes
        self._repository = repository
        self._rankings = rankings
        self._projection = projection

    async def board(self, actor: Actor, key: str, catalogue: Catalogue | None = None) -> Leaderboard | None:
        """A board by key, of the catalogue where the caller has read it."""
        catalogue = catalogue or await self._programmes.catalogue(actor.programme_id)
        board = catalogue.leaderboards.get(key)
        return board if board is not None and _visible(actor, board) else None

    async def boards(self, actor: Actor) -> list[Leaderboard]:
        """Every board, in file order; archived ones too, for their past periods stay readable."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [board for board in catalogue.document.leaderboards if _visible(actor, board)]

    async def period(
        self,
        actor: Actor,
        board: Leaderboard,
        key: str | None,
        at: datetime,
        catalogue: Catalogue | None = None,
    ) -> BoardPeriod | None:
        """The period of that key, else the one that holds `at`. None where there is none. Raises: InvalidInput."""
        catalogue = catalogue or await self._programmes.catalogue(actor.programme_id)
        zone = catalogue.settings.time_zone
        if key is not None:
            return period_named(actor.programme_id, board, key, zone)
        return period_for(actor.programme_id, board, at, zone)

    async def periods(self, actor: Actor, board: Leaderboard, window: Window) -> Page[BoardPeriod]:
        """The periods that ever had a score, newest first."""
        return await self._repository.period_page(actor.programme_id, board.key, window)

    async def page(
        self,
        board: Leaderboard,
        period: BoardPeriod,
        offset: int,
        limit: int,
        viewer: bytes | None = None,
        around: Around | None = None,
    ) -> BoardPage:
        """Entries from a zero-based offset, with a member's own entry and the window around it where asked."""
        reading = None
        try:
            window = (around.above, around.below) if around else None
            reading = await self._rankings.read(board, period, offset, limit, viewer, window)
            if reading is None:
                self._projection.rebuild_soon(board, period)
        except RedisUnavailable as error:
            log.warning("board.read_from_truth", board=board.key, error=str(error) or type(error).__name__)
        if reading is None:
            return await self._page_from_truth(board, period, offset, limit, viewer, around)
        own = _entries(board, [reading.own]) if reading.own else []
        return BoardPage(
            entries=_entries(board, reading.page),
            offset=offset,
            size=reading.size,
            revision=reading.revision,
            viewer=own[0] if own else None,
            around=tuple(_entries(board, reading.around)),
        )

    async def _page_from_truth(
        self,
        board: Leaderboard,
        period: BoardPeriod,
        offset: int,
        limit: int,
        viewer: bytes | None,
        around: Around | None,
    ) -> BoardPage:
        size = await self._repository.size(period)
        own, window = None, []
        if viewer is not None:
            found = record_id(period.programme_id, board.key, period.key, viewer)
            record = (await self._repository.by_ids([found])).get(found)
            if record is not None and record.standing is not None and record.listed:
                place = await self._repository.place(board, period, record)
                own = (await self._ranked(board, period, place, 1))[0]
                if around is not None:
                    start = max(0, place - around.above)
                    window = await self._ranked(board, period, start, place + around.below + 1 - start)
        return BoardPage(
            entries=await self._ranked(board, period, offset, limit),
            offset=offset,
            size=size,
            revision=int(time.time() * 1000),
            viewer=own,
            around=tuple(window),
        )

    async def _ranked(self, board: Leaderboard, period: BoardPeriod, offset: int, limit: int) -> list[Entry]:
        records = await self._repository.ranked(period, offset, limit) if limit > 0 else []
        entries: list[Entry] = []
        for index, record in enumerate(records):
            standing = record.standing
            if standing is None:
                continue
            rank = offset + index + 1
            if board.ties is Ties.SHARED:
                last = entries[-1] if entries else None
                if last is None:
                    rank = await self._repository.better(board, period, standing) + 1
                elif last.score == standing.score and (
                    not board.subscore or last.subscore == standing.subscore
                ):
                    rank = last.rank
            shown = standing if board.subscore else replace(standing, subscore=0)
            entries.append(_entry(rank, shown, record.member_id))
        return entries


def _entries(board: Leaderboard, places: Sequence[Place]) -> list[Entry]:
    """Places as entries: all they show is in the ranking itself."""
    return [
        _entry(place.rank, standing_of(board, place.key, place.tie), member_of(place.tie)) for place in places
    ]


def _entry(rank: int, standing: Score, member_id: bytes) -> Entry:
    return Entry(rank, standing.score, standing.subscore, standing.achieved_at, member_id)


def _visible(actor: Actor, board: Leaderboard) -> bool:
    return board.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
