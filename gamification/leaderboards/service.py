"""Reading boards: from Redis in one round trip, or from MongoDB while a board is being rebuilt."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.leaderboards.closings import ClosingRepository
from gamification.leaderboards.friends import ranked_among
from gamification.leaderboards.grouping import GROUP_LENGTH_MAX, in_group, is_group
from gamification.leaderboards.model import Attempts, BoardPage, BoardPeriod, Entry, Record, Score, record_id
from gamification.leaderboards.projection import Projection
from gamification.leaderboards.rankings import Rankings
from gamification.leaderboards.readings import Reading, Want
from gamification.leaderboards.repository import RecordRepository
from gamification.leaderboards.scoring import attempts_of, period_for, period_named
from gamification.leaderboards.teams import ranking_of, team_id, team_record, teams_of
from gamification.members.model import Member
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
        closings: ClosingRepository,
        rankings: Rankings,
        projection: Projection,
    ) -> None:
        self._programmes = programmes
        self._repository = repository
        self._closings = closings
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

    @staticmethod
    def group(board: Leaderboard, period: BoardPeriod, name: str) -> BoardPeriod | None:
        """The ranking of a period's group; None where the board has no groups. Raises: InvalidInput for what can't
        name one."""
        if not is_group(name):
            raise InvalidInput(
                f"A group has 1 to {GROUP_LENGTH_MAX} characters, none of them a bar or a control character.",
                path=["group"],
                limit=GROUP_LENGTH_MAX,
            )
        return in_group(period, name) if board.group is not None else None

    async def groups(self, period: BoardPeriod, window: Window) -> Page[BoardPeriod]:
        """The groups of a period that ever had a score, by name."""
        return await self._repository.group_page(period, window)

    async def group_of(self, period: BoardPeriod, member: Member) -> BoardPeriod | None:
        """The ranking of the group that a member is in; None where they are in none."""
        wanted = record_id(period.programme_id, period.board, period.key, member.id)
        found = (await self._repository.by_ids([wanted])).get(wanted)
        return in_group(period, found.group) if found and found.group is not None else None

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
        want = Want(offset, limit, viewer, (around.above, around.below) if around and viewer else None)
        readings = await self._read(board, period, [want])
        if readings is None:
            return await self._page_from_truth(board, period, offset, limit, viewer, around)
        reading = readings[want]
        return BoardPage(reading.page, offset, reading.size, reading.revision, reading.own, reading.around)

    async def viewers(
        self,
        board: Leaderboard,
        period: BoardPeriod,
        member_ids: Iterable[bytes],
        around: Around | None = None,
    ) -> dict[bytes, tuple[Entry | None, tuple[Entry, ...]]]:
        """Each member's own entry and the window around it where asked; None and nothing for who has no place.

        Thousands at once are read in calls of a few hundred, sent together.
        """
        window = (around.above, around.below) if around else None
        wants = {member_id: Want(member_id=member_id, around=window) for member_id in member_ids}
        readings = await self._read(board, period, wants.values())
        if readings is None:
            return await self._viewers_from_truth(board, period, list(wants), around)
        return {member_id: (readings[want].own, readings[want].around) for member_id, want in wants.items()}

    async def attempts(self, board: Leaderboard, period: BoardPeriod, member: Member) -> Attempts:
        """A member's attempts in a period of a board that counts them."""
        wanted = record_id(period.programme_id, board.key, period.key, member.id)
        return attempts_of(board, (await self._repository.by_ids([wanted])).get(wanted))

    async def team_page(
        self, board: Leaderboard, period: BoardPeriod, offset: int, limit: int, group: str | None = None
    ) -> BoardPage:
        """Teams of a period from a zero-based offset, with the place of one as `viewer` where asked. Entries name
        teams by 12 bytes; see `team_names`."""
        teams, ranking = teams_of(period), ranking_of(board, teams_of(period))
        team = team_id(period, group) if group is not None else None
        want = Want(offset, limit, team, None)
        readings = await self._read(ranking, teams, [want], of=board)
        if readings is not None:
            reading = readings[want]
            return BoardPage(reading.page, offset, reading.size, reading.revision, reading.own)
        tallies = await self._repository.tallies(board, period)
        entries = ranked_among(ranking, (team_record(board, teams, tally) for tally in tallies))
        own = next((entry for entry in entries if entry.member_id == team), None)
        shown = entries[offset : offset + limit]
        return BoardPage(shown, offset, len(entries), int(time.time() * 1000), own)

    async def team_names(self, period: BoardPeriod, teams: Iterable[bytes]) -> dict[bytes, str]:
        """The groups that the entries of a page of teams are."""
        return await self._repository.group_names(period, teams)

    async def among(
        self, board: Leaderboard, period: BoardPeriod, member: Member, others: Iterable[bytes]
    ) -> list[Entry]:
        """A member and others, ranked among themselves: one read, however many. Others under a pseudonym are left
        out: among a few, it would say too much."""
        ids = {
            record_id(period.programme_id, board.key, period.key, one): one for one in (member.id, *others)
        }
        records = await self._repository.by_ids(ids)
        return ranked_among(
            board,
            [
                record
                for record in records.values()
                if period.group in (None, record.group)
                and (record.alias is None or record.member_id == member.id)
            ],
        )

    async def frozen_at(self, period: BoardPeriod) -> datetime | None:
        """When the period's final standings were all stored; None until then."""
        return (await self._closings.frozen_at([period])).get(period.id)

    async def finals(self, period: BoardPeriod, window: Window) -> Page[Record]:
        """A closed period's standings as they were frozen, by rank: of those whom boards still show."""
        return await self._closings.final_page(period, window)

    async def history(self, member: Member, board: str | None, window: Window) -> Page[Record]:
        """A member's final standings, newest first, on one board or all."""
        return await self._closings.history_page(member.programme_id, member.id, board, window)

    async def _read(
        self,
        board: Leaderboard,
        period: BoardPeriod,
        wants: Iterable[Want],
        of: Leaderboard | None = None,
    ) -> Mapping[Want, Reading] | None:
        """What Redis says; None where the truth must be asked instead. `of` is the board where teams are ranked by
        another order than its own."""
        try:
            readings = await self._rankings.read(board, period, wants)
        except RedisUnavailable as error:
            log.warning("board.read_from_truth", board=board.key, error=str(error) or type(error).__name__)
            return None
        if readings is None:
            self._projection.rebuild_soon(of or board, period)
        return readings

    async def _page_from_truth(
        self,
        board: Leaderboard,
        period: BoardPeriod,
        offset: int,
        limit: int,
        viewer: bytes | None,
        around: Around | None,
    ) -> BoardPage:
        own: Entry | None = None
        window: tuple[Entry, ...] = ()
        if viewer is not None:
            own, window = (await self._viewers_from_truth(board, period, [viewer], around))[viewer]
        return BoardPage(
            entries=await self._ranked(board, period, offset, limit),
            offset=offset,
            size=await self._repository.size(period),
            revision=int(time.time() * 1000),
            viewer=own,
            around=window,
        )

    async def _viewers_from_truth(
        self, board: Leaderboard, period: BoardPeriod, member_ids: Sequence[bytes], around: Around | None
    ) -> dict[bytes, tuple[Entry | None, tuple[Entry, ...]]]:
        """One after another, so that a Redis that is away doesn't become a storm on MongoDB."""
        ids = {
            member_id: record_id(period.programme_id, board.key, period.key, member_id)
            for member_id in member_ids
        }
        records = await self._repository.by_ids(ids.values())
        found: dict[bytes, tuple[Entry | None, tuple[Entry, ...]]] = {}
        for member_id, wanted in ids.items():
            record = records.get(wanted)
            if record is None or record.ranked is None or not record.listed:
                found[member_id] = (None, ())
                continue
            place = await self._repository.place(board, period, record)
            start = max(0, place - around.above) if around else place
            end = place + (around.below if around else 0)
            window = await self._ranked(board, period, start, end + 1 - start)
            own = next((entry for entry in window if entry.member_id == record.shown_id), None)
            found[member_id] = (own, tuple(window) if around else ())
        return found

    async def _ranked(self, board: Leaderboard, period: BoardPeriod, offset: int, limit: int) -> list[Entry]:
        records = await self._repository.ranked(period, offset, limit) if limit > 0 else []
        entries: list[Entry] = []
        for index, record in enumerate(records):
            standing = record.ranked
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
            entries.append(_entry(rank, shown, record.shown_id))
        return entries


def _entry(rank: int, standing: Score, member_id: bytes) -> Entry:
    return Entry(rank, standing.score, standing.subscore, standing.achieved_at, member_id)


def _visible(actor: Actor, board: Leaderboard) -> bool:
    return board.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
