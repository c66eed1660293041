"""Closing the periods of boards: final standings are stored and prizes given, each once, some members at a time.

A period closes at an instant that its board states; from then on nothing counts in it, whoever settles what and when.
So the work can wait, stop anywhere, be taken up by another process, or be done by two at once: what there is to store
stays the same. How far it has come is stored with every part, in the transaction that gives the part's prizes.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.leaderboards.closing import prize_for, rank_next
from gamification.leaderboards.model import BoardPeriod, Final, Record
from gamification.members.feed import FeedKind
from gamification.programmes.definitions import Leaderboard, Prize, Ties
from gamification.settlement.giving import Gift, Grounds, give_rewards
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

SURELY_SETTLED = timedelta(minutes=2)
"""Whatever began to be settled before a period closed has been committed or given up by then: MongoDB ends a
transaction after a minute, and none is begun again after 20 seconds."""
MEMBERS_A_PART = 500
Ranked = Sequence[tuple[Record, int]]


class ClosingService:
    """Called by the scheduler, in as many processes as there are."""

    def __init__(self, settlement: SettlementService, members_a_part: int = MEMBERS_A_PART) -> None:
        self._settlement = settlement
        self._members_a_part = members_a_part

    async def close_due(self) -> int:
        """Close every period that is due, of all programmes; how many."""
        keys = await self._settlement.programmes.keys("leaderboards")
        return sum([await self.close_in(key) for key in keys])

    async def close_in(self, programme_id: str) -> int:
        """Close every period of a programme that is due, each board's oldest first; how many."""
        closed = 0
        catalogue = await self._settlement.programmes.catalogue(programme_id)
        for board in catalogue.document.leaderboards:
            if board.settles_after is not None:
                ended_by = self._settlement.now() - board.settles_after - SURELY_SETTLED
                for period in await self._settlement.stores.closings.due(programme_id, board.key, ended_by):
                    await self._close(period)
                    closed += 1
        return closed

    async def _close(self, period: BoardPeriod) -> None:
        async def body(work: Unit) -> bool:
            return await self._close_part(work, period)

        while not await self._settlement.run(period.programme_id, body):
            pass

    async def _close_part(self, work: Unit, period: BoardPeriod) -> bool:
        """Rank the next members and give them their prizes; whether the period is closed."""
        closings = work.stores.closings
        closing = await closings.closing(period, work.tx)
        if closing is None:
            return True
        board = work.space.catalogue.leaderboards[period.board]
        records = await closings.next_records(period, closing, self._members_a_part, work.tx)
        after, ranks = rank_next(board, closing, records)
        ranked = list(zip(records, ranks, strict=True))
        gifts = await self._give(work, board, period, ranked, closing.size)
        finals = {}
        for record, rank in ranked:
            gift = gifts.get(record.id, Gift())
            finals[record.id] = Final(rank, closing.size, work.space.now, gift.transfers, gift.awards)
        done = len(records) < self._members_a_part
        await closings.save(period, after, finals, work.space.now if done else None, work.tx)
        return done

    async def _give(
        self, work: Unit, board: Leaderboard, period: BoardPeriod, ranked: Ranked, size: int
    ) -> dict[bytes, Gift]:
        """Give prizes, and tell those who won them; what each gave, by record."""
        space = work.space
        won = [(record, rank, prize_for(prizes_of(board, period), rank, size)) for record, rank in ranked]
        prizes = {record.id: prize for record, _, prize in won if prize is not None}
        if not prizes:
            return {}
        winners = [(record, rank) for record, rank in ranked if record.id in prizes]
        ids = [record.member_id for record, _ in winners]
        members = await work.stores.members.by_ids(period.programme_id, ids, work.tx)
        occurrence = ":".join(filter(None, (board.key, period.key, period.group)))
        finder = NeedsFinder(space.catalogue)
        for record, _ in winners:
            finder.add_rewards(members[record.member_id], space.now, prizes[record.id].reward, occurrence)
        await work.load(finder.needs)
        sequence = await work.next_sequence(len(winners))
        gifts: dict[bytes, Gift] = {}
        for offset, (record, rank) in enumerate(winners):
            space.begin(sequence + offset)
            cause = Cause(
                board=board.key,
                period=period.key,
                group=period.group,
                rank=rank,
                programme_version=space.catalogue.version,
            )
            gifts[record.id] = give_rewards(
                space,
                members[record.member_id],
                prizes[record.id].reward,
                Grounds(cause, f"prize:{period.id.hex()}", occurrence, space.now),
                prize_ids(board, period, record, rank),
            )
            body = {"board": board.key, "period": period.key, "rank": rank, "size": size}
            if period.group is not None:
                body["group"] = period.group
            space.tell(record.member_id, FeedKind.PRIZE_WON, body)
        return gifts


def prizes_of(board: Leaderboard, period: BoardPeriod) -> Sequence[Prize]:
    """The prizes of the board, or of one of its groups."""
    return board.prizes if period.group is None else board.group_prizes


def prize_ids(board: Leaderboard, period: BoardPeriod, record: Record, rank: int) -> Callable[[int], bytes]:
    """The ids of the transfers that a rank's prize makes, by their place among its rewards: there can be one of each
    for a board, period and rank, or where ranks are shared, for each who shares it."""
    holder = record.member_id if board.ties is Ties.SHARED else b""
    return lambda index: derived_id("prize", period.id, rank, holder, index)
