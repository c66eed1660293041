"""Draws as stored. Seeds are in a collection of their own, which no query of clients reads."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from gamification.lottery.documents import (
    entrant_document,
    entrant_from,
    issued_document,
    issued_from,
    play_document,
    play_from,
    round_document,
    round_from,
    standing_document,
    standing_from,
    win_document,
    win_from,
)
from gamification.lottery.model import Entrant, Issued, Play, Round, Standing, Win
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

ROUNDS = "draw_rounds"
SEEDS = "draw_seeds"
ENTRANTS = "draw_entrants"
PLAYS = "draw_plays"
WINS = "draw_wins"
ISSUED = "draw_issued"
STANDINGS = "draw_standings"
INDEXES = {
    ROUNDS: [
        Index([("programme_id", ASCENDING), ("draw", ASCENDING), ("opens_at", ASCENDING)]),
        Index([("programme_id", ASCENDING), ("open", ASCENDING)], partial={"open": True}),
    ],
    SEEDS: [],
    ENTRANTS: [
        Index([("round_id", ASCENDING), ("code", ASCENDING)], unique=True),
        Index([("member_id", ASCENDING), ("sequence", ASCENDING)]),
    ],
    PLAYS: [
        Index([("member_id", ASCENDING), ("sequence", ASCENDING)]),
        Index([("round_id", ASCENDING), ("member_id", ASCENDING), ("nonce", ASCENDING)]),
    ],
    WINS: [
        Index([("round_id", ASCENDING), ("place", ASCENDING)]),
        Index([("member_id", ASCENDING), ("sequence", ASCENDING)]),
    ],
    ISSUED: [],
    STANDINGS: [Index([("programme_id", ASCENDING), ("draw", ASCENDING)])],
}


def _session(tx: Tx | None) -> Any:
    return tx.session if tx else None


class LotteryRepository:
    """Everything that draws keep."""

    def __init__(self, mongo: Mongo) -> None:
        self._rounds = mongo.collection(ROUNDS)
        self._seeds = mongo.collection(SEEDS)
        self._entrants = mongo.collection(ENTRANTS)
        self._plays = mongo.collection(PLAYS)
        self._wins = mongo.collection(WINS)
        self._issued = mongo.collection(ISSUED)
        self._standings = mongo.collection(STANDINGS)

    # -- rounds and seeds

    async def rounds_by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Round]:
        """Rounds by id."""
        rows = await find_by_ids(self._rounds, list(ids), tx)
        return {found: round_from(row) for found, row in rows.items()}

    async def open_rounds(self, programme_id: str) -> list[Round]:
        """Rounds that are not done, those that close first before others."""
        cursor = self._rounds.find({"programme_id": programme_id, "open": True}).sort("closes_at", ASCENDING)
        return [round_from(row) for row in await cursor.to_list(None)]

    async def add_round(self, made: Round, seed: bytes, tx: Tx) -> None:
        """Commit to a seed."""
        await self._seeds.insert_one(
            {"_id": made.id, "programme_id": made.programme_id, "seed": seed}, session=tx.session
        )
        await self._rounds.insert_one(round_document(made), session=tx.session)

    async def save_round(self, changed: Round, tx: Tx) -> None:
        """Store a changed round. Of two who do so at the same time, one conflicts and runs again."""
        await self._rounds.replace_one({"_id": changed.id}, round_document(changed), session=tx.session)

    async def seed(self, of_round: bytes, tx: Tx | None = None) -> bytes:
        """The seed of a round: for drawing, revealing and verifying, and nothing else."""
        row = await self._seeds.find_one({"_id": of_round}, session=_session(tx))
        assert row is not None  # noqa: S101 - it was written with the round
        return bytes(row["seed"])

    async def rounds_page(self, programme_id: str, draw: str, window: Window) -> Page[Round]:
        """A draw's rounds, the one that opens last first."""
        query = {"programme_id": programme_id, "draw": draw}
        page = await find_page(self._rounds, query, [("opens_at", -1), ("_id", -1)], window)
        return _page(page, round_from)

    async def stream_rounds(self, programme_id: str) -> AsyncIterator[Round]:
        """All rounds of a programme."""
        async for row in self._rounds.find({"programme_id": programme_id}):
            yield round_from(row)

    # -- entrants

    async def add_entrants(self, entrants: Sequence[Entrant], tx: Tx) -> None:
        """Put members down."""
        await insert(self._entrants, [entrant_document(one) for one in entrants], tx)

    async def entrants(self, of_round: bytes, tx: Tx | None = None) -> list[Entrant]:
        """All of a round, in the order of their codes."""
        cursor = self._entrants.find({"round_id": of_round}, session=_session(tx), batch_size=10_000)
        return [entrant_from(row) for row in await cursor.sort("code", ASCENDING).to_list(None)]

    async def entrants_by_ids(self, ids: Iterable[bytes]) -> dict[bytes, Entrant]:
        """Entrants by id."""
        rows = await find_by_ids(self._entrants, list(ids))
        return {found: entrant_from(row) for found, row in rows.items()}

    async def entrants_page(self, of_round: bytes, window: Window) -> Page[Entrant]:
        """A round's entrants in the order of their codes."""
        page = await find_page(self._entrants, {"round_id": of_round}, [("code", 1)], window)
        return _page(page, entrant_from)

    async def entries_page(self, programme_id: str, member_id: bytes, window: Window) -> Page[Entrant]:
        """A member's entries, newest first."""
        query = {"member_id": member_id, "programme_id": programme_id}
        page = await find_page(self._entrants, query, [("sequence", -1), ("_id", -1)], window)
        return _page(page, entrant_from)

    # -- plays

    async def add_play(self, play: Play, tx: Tx) -> None:
        """Write a draw."""
        await self._plays.insert_one(play_document(play), session=tx.session)

    async def plays_by_ids(self, ids: Iterable[bytes]) -> dict[bytes, Play]:
        """Plays by id."""
        rows = await find_by_ids(self._plays, list(ids))
        return {found: play_from(row) for found, row in rows.items()}

    async def plays_in(self, of_round: bytes, member_id: bytes) -> list[Play]:
        """A member's draws of a day, in order."""
        cursor = self._plays.find({"round_id": of_round, "member_id": member_id}).sort("nonce", ASCENDING)
        return [play_from(row) for row in await cursor.to_list(None)]

    async def plays_page(
        self, programme_id: str, member_id: bytes, draw: str | None, window: Window
    ) -> Page[Play]:
        """A member's draws, newest first."""
        query: Document = {"member_id": member_id, "programme_id": programme_id}
        if draw is not None:
            query["draw"] = draw
        page = await find_page(self._plays, query, [("sequence", -1), ("_id", -1)], window)
        return _page(page, play_from)

    async def stream_plays(self, programme_id: str) -> AsyncIterator[Play]:
        """All draws of a programme, a member's in order."""
        cursor = self._plays.find({"programme_id": programme_id}, batch_size=5000)
        async for row in cursor.sort([("member_id", ASCENDING), ("sequence", ASCENDING)]):
            yield play_from(row)

    # -- wins

    async def add_wins(self, wins: Sequence[Win], tx: Tx) -> None:
        """Write what was won."""
        await insert(self._wins, [win_document(win) for win in wins], tx)

    async def save_wins(self, wins: Sequence[Win], tx: Tx) -> None:
        """Store changed wins."""
        await write(self._wins, [ReplaceOne({"_id": win.id}, win_document(win)) for win in wins], tx)

    async def wins_by_ids(self, ids: Iterable[bytes]) -> dict[bytes, Win]:
        """Wins by id."""
        rows = await find_by_ids(self._wins, list(ids))
        return {found: win_from(row) for found, row in rows.items()}

    async def next_wins(self, of_round: bytes, limit: int, tx: Tx) -> list[Win]:
        """Wins of a round whose prizes are still to be given, in order."""
        cursor = self._wins.find({"round_id": of_round, "given_at": None}, session=tx.session)
        return [win_from(row) for row in await cursor.sort("place", ASCENDING).limit(limit).to_list(None)]

    async def wins_of_round(self, of_round: bytes) -> list[Win]:
        """All wins of a scheduled draw's round, in the order of drawing."""
        cursor = self._wins.find({"round_id": of_round}, batch_size=5000).sort("place", ASCENDING)
        return [win_from(row) for row in await cursor.to_list(None)]

    async def wins_page(self, of_round: bytes, window: Window) -> Page[Win]:
        """The wins of a round, in the order of drawing."""
        page = await find_page(self._wins, {"round_id": of_round}, [("place", 1), ("_id", 1)], window)
        return _page(page, win_from)

    async def wins_of_member(self, programme_id: str, member_id: bytes, window: Window) -> Page[Win]:
        """What a member won, newest first."""
        query = {"member_id": member_id, "programme_id": programme_id}
        page = await find_page(self._wins, query, [("sequence", -1), ("_id", -1)], window)
        return _page(page, win_from)

    async def stream_wins(self, programme_id: str) -> AsyncIterator[Win]:
        """All wins of a programme."""
        async for row in self._wins.find({"programme_id": programme_id}, batch_size=5000):
            yield win_from(row)

    # -- counts

    async def issued(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Issued]:
        """Counts by id."""
        rows = await find_by_ids(self._issued, list(ids), tx)
        return {found: issued_from(row) for found, row in rows.items()}

    async def save_issued(self, counts: Sequence[Issued], tx: Tx) -> None:
        """Store counts. Of two who do so at the same time, one conflicts and runs again."""
        models = [ReplaceOne({"_id": one.id}, issued_document(one), upsert=True) for one in counts]
        await write(self._issued, models, tx)

    async def all_issued(self, programme_id: str) -> list[Issued]:
        """All counts of a programme."""
        cursor = self._issued.find({"programme_id": programme_id})
        return [issued_from(row) for row in await cursor.to_list(None)]

    async def standings(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Standing]:
        """Standings by id; absent before the first draw."""
        rows = await find_by_ids(self._standings, list(ids), tx)
        return {found: standing_from(row) for found, row in rows.items()}

    async def save_standing(self, standing: Standing, tx: Tx) -> None:
        """Store a member's standing."""
        await self._standings.replace_one(
            {"_id": standing.id}, standing_document(standing), upsert=True, session=tx.session
        )

    async def stream_standings(self, programme_id: str) -> AsyncIterator[Standing]:
        """All standings of a programme."""
        async for row in self._standings.find({"programme_id": programme_id}, batch_size=5000):
            yield standing_from(row)


def _page(page: Page[Document], build: Any) -> Page[Any]:
    return Page([build(row) for row in page.rows], page.positions, page.has_next, page.has_previous)
