"""One transaction's work: load what is needed, change it in the workspace, write every kind in bulk."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from gamification.badges.repository import AwardRepository
from gamification.kit.identifiers import new_id
from gamification.leaderboards.model import Record
from gamification.leaderboards.repository import RecordRepository
from gamification.ledger.repository import LedgerRepository
from gamification.members.feed import FeedRepository
from gamification.members.repository import MemberRepository
from gamification.rules.repository import CounterRepository
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.workspace import Workspace
from gamification.tasks.model import Progress
from gamification.tasks.repository import ProgressRepository
from storage.idempotency import IdempotencyKeys
from storage.mongo import Mongo, Tx
from storage.outbox import Message, Outbox

TOPIC = "settled"


@dataclass(frozen=True, slots=True)
class Stores:
    """Every repository that settlement writes to; built once."""

    mongo: Mongo
    members: MemberRepository
    feed: FeedRepository
    counters: CounterRepository
    ledger: LedgerRepository
    progress: ProgressRepository
    awards: AwardRepository
    records: RecordRepository
    outbox: Outbox
    idempotency: IdempotencyKeys


@dataclass(frozen=True, slots=True)
class Settled:
    """What a transaction leaves to be told: the message in the outbox, and the board records it names, by id."""

    message: Message
    records: dict[bytes, Record]


class Unit:
    """A workspace bound to an open transaction."""

    def __init__(self, stores: Stores, tx: Tx, space: Workspace) -> None:
        self.stores = stores
        self.tx = tx
        self.space = space
        self._known: set[bytes] = set()
        self._entries: dict[bytes, int] = {}
        self._written_records: set[bytes] = set()

    async def next_sequence(self, count: int = 1) -> int:
        """Places in the programme's order, taken after the snapshot was opened: whoever commits later on the
        same data conflicts and takes a later place, so the order recorded is the order in which it happened."""
        return await self.stores.mongo.next_sequence(f"operations:{self.space.catalogue.programme_id}", count)

    async def load(self, needs: Needs) -> None:
        """Read the states that are not in the workspace yet."""
        space, tx = self.space, self.tx
        accounts = await self.stores.ledger.accounts(needs.accounts - space.accounts.keys(), tx)
        progress = await self.stores.progress.by_ids(needs.progress - space.progress.keys(), tx)
        awards = await self.stores.awards.by_ids(needs.awards - space.awards.keys(), tx)
        records = await self.stores.records.by_ids(needs.records - space.records.keys(), tx)
        space.accounts |= accounts
        space.progress |= progress
        space.awards |= awards
        space.records |= records
        self._known |= accounts.keys() | progress.keys() | awards.keys() | records.keys()
        self._entries |= {account_id: account.entries for account_id, account in accounts.items()}

    async def load_unlocked(self, needs: Needs, *, reversing: bool = False) -> None:
        """Read, after `load`, what waits for a task that is done once: of members who have not done it yet, or
        where activity is taken back, of all."""
        waiting = [
            unlock
            for unlock in needs.unlocks.values()
            if reversing or not _is_complete(self.space.progress.get(unlock.required))
        ]
        if not waiting:
            return
        found = await self.stores.progress.of_tasks(
            [unlock.member.id for unlock in waiting], sorted({unlock.task.key for unlock in waiting}), self.tx
        )
        finder = NeedsFinder(self.space.catalogue)
        for unlock in waiting:
            for progress in found:
                if (progress.member_id, progress.task) == (unlock.member.id, unlock.task.key):
                    finder.add_task(unlock.member, unlock.at, unlock.task, progress.period)
        await self.load(finder.needs)

    async def flush(self) -> None:
        """Write changed states, so that queries of this transaction see them; may be called again."""
        space, tx, known = self.space, self.tx, self._known
        changed = space.changed
        await self.stores.ledger.save(
            [(self._entries.get(a.id, 0), a) for a in _changed(space.accounts, changed)], tx
        )
        await self.stores.ledger.add_transfers(space.transfers, tx)
        await self.stores.progress.save(_changed(space.progress, changed), known, tx)
        await self.stores.awards.save(_changed(space.awards, changed), known, tx)
        boards = space.catalogue.leaderboards
        await self.stores.records.save(
            [(boards[record.board], record) for record in _changed(space.records, changed)], known, tx
        )
        self._entries |= {a.id: a.entries for a in _changed(space.accounts, changed)}
        states = (space.accounts, space.progress, space.awards, space.records)
        self._known |= {found for found in changed if any(found in kind for kind in states)}
        self._written_records |= changed & space.records.keys()
        space.changed = set()
        space.transfers = []

    async def finish(self) -> Settled | None:
        """Write what changed, the members' feeds and the outbox message that tells the rest of the system."""
        space, tx = self.space, self.tx
        await self.flush()
        if not space.touched:
            return None
        heads = await self.stores.members.heads(sorted(space.touched), tx)
        told = {
            member_id: (heads.get(member_id, 0) + 1, messages)
            for member_id, messages in space.feed.items()
            if messages
        }
        newest = {member_id: first + len(messages) - 1 for member_id, (first, messages) in told.items()}
        await self.stores.feed.append(space.catalogue.programme_id, told, space.now, tx)
        await self.stores.members.save_heads(dict.fromkeys(space.touched, 0) | heads | newest, heads, tx)
        body: dict[str, Any] = {
            "records": sorted(self._written_records),
            "feeds": [
                [member_id, newest.get(member_id, heads.get(member_id, 0))]
                for member_id in sorted(space.touched)
            ],
        }
        message = Message(new_id(), space.catalogue.programme_id, TOPIC, body, space.now)
        await self.stores.outbox.append([message], tx)
        return Settled(message, {found: space.records[found] for found in self._written_records})


def _is_complete(progress: Progress | None) -> bool:
    return progress is not None and progress.is_complete


def _changed(states: dict[bytes, Any], changed: Container[bytes]) -> list[Any]:
    return [state for state_id, state in states.items() if state_id in changed]
