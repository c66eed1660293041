"""One transaction's work: load what is needed, change it in the workspace, write every kind in bulk."""

from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gamification.badges.repository import AwardRepository, CollectionRepository, EditionRepository
from gamification.campaigns.repository import CampaignRunRepository
from gamification.checkins.repository import CheckInRepository
from gamification.goals.repository import GoalRepository
from gamification.kit.identifiers import new_id
from gamification.leaderboards.closings import ClosingRepository
from gamification.leaderboards.model import Record
from gamification.leaderboards.repository import RecordRepository
from gamification.ledger.caps import CapRepository
from gamification.ledger.holds import HoldRepository
from gamification.ledger.model import TransferKind
from gamification.ledger.pending import PendingRepository
from gamification.ledger.repository import LedgerRepository
from gamification.lottery.repository import LotteryRepository
from gamification.members.feed import FeedRepository
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.referrals.repository import ReferralRepository
from gamification.rewards.repository import RewardRepository
from gamification.rules.repository import CounterRepository
from gamification.settlement.check_in_losses import take_back_items
from gamification.settlement.collecting import collect
from gamification.settlement.followup import Followup
from gamification.settlement.goals import load_contributions, save_goals
from gamification.settlement.growth import climb, load_climbers
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.referring import refer
from gamification.settlement.shelves import load_issues, save_shelf, take_back_lost
from gamification.settlement.workspace import Workspace
from gamification.tasks.evidence_repository import SubmissionRepository
from gamification.tasks.model import Progress, progress_id
from gamification.tasks.progress import required_period
from gamification.tasks.repository import ProgressRepository
from gamification.tiers.repository import TierRepository
from storage.backlog import Backlog, Chore
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
    caps: CapRepository
    pendings: PendingRepository
    holds: HoldRepository
    progress: ProgressRepository
    awards: AwardRepository
    editions: EditionRepository
    collections: CollectionRepository
    referrals: ReferralRepository
    records: RecordRepository
    closings: ClosingRepository
    tiers: TierRepository
    outbox: Outbox
    backlog: Backlog
    idempotency: IdempotencyKeys
    check_ins: CheckInRepository
    lottery: LotteryRepository
    rewards: RewardRepository
    goals: GoalRepository
    submissions: SubmissionRepository
    campaigns: CampaignRunRepository


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
        self.afterwards: list[Callable[[], Awaitable[None]]] = []
        """What is done once the transaction is committed; lost with the process, so that nothing may hang on it."""
        self.followup = Followup()
        self._moved: set[bytes] = set()
        """What those who follow at leisure learn of."""
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
        editions = await self.stores.editions.by_ids(needs.editions - space.editions.keys(), tx)
        records = await self.stores.records.by_ids(needs.records - space.records.keys(), tx)
        if needs.caps or needs.pendings or needs.abouts:
            await self._load_points(needs)
        if needs.climbers:
            await load_climbers(self, needs.climbers)
        if needs.check_ins:
            states = await self.stores.check_ins.by_ids(needs.check_ins - space.check_ins.keys(), tx)
            space.check_ins |= states
            self._known |= states.keys()
        if needs.places:
            places = await self.stores.progress.places(needs.places - space.places.keys(), tx)
            space.places |= places
            self._known |= places.keys()
        if needs.issues:
            await load_issues(self, needs.issues, needs.tallies)
        if needs.contributions:
            await load_contributions(self, needs.contributions)
        space.accounts |= accounts
        space.progress |= progress
        awaited = _awaited(space.catalogue, progress.values()) - needs.progress - space.progress.keys()
        if awaited:  # what completed it then, but is not required by its task any more
            more = await self.stores.progress.by_ids(awaited, tx)
            space.progress |= more
            self._known |= more.keys()
        space.awards |= awards
        space.editions |= editions
        space.records |= records
        self._known |= accounts.keys() | progress.keys() | awards.keys() | records.keys()
        self._known |= editions.keys()
        self._entries |= {account_id: account.entries for account_id, account in accounts.items()}

    async def load_transfers(self, ids: Iterable[bytes]) -> None:
        """Read transfers that may have to be taken back, with the states that taking them back touches."""
        space = self.space
        known = {transfer.id for transfer in space.loaded_transfers}
        wanted = [found for found in ids if found not in known]
        found = await self.stores.ledger.transfers(space.catalogue.programme_id, wanted, self.tx)
        needs = Needs(accounts={transfer.account_id for transfer in found.values()})
        await self.load(needs)
        inherited = [space.inherited(transfer) for transfer in found.values()]
        space.loaded_transfers += inherited
        needs = Needs()
        for transfer in inherited:
            needs.accounts.add(transfer.account_id)
            needs.caps.update(transfer.caps)
            if transfer.kind is TransferKind.PENDING:
                needs.pendings.add(transfer.id)
            elif transfer.kind is TransferKind.EARNED and transfer.related is not None:
                needs.pendings.add(transfer.related)
        await self.load(needs)

    async def _load_points(self, needs: Needs) -> None:
        """Read what is used of caps, and pending points by id and by what they wait for."""
        space, tx = self.space, self.tx
        wanted = needs.caps - space.loaded_caps
        uses = await self.stores.caps.by_ids(wanted, tx)
        space.loaded_caps |= wanted
        pendings = await self.stores.pendings.by_ids(needs.pendings - space.pendings.keys(), tx)
        if needs.abouts:
            about = await self.stores.pendings.about(
                {account for account, _ in needs.abouts}, {subject for _, subject in needs.abouts}, tx
            )
            pendings |= {one.id: one for one in about if one.id not in space.pendings}
        # Where they are cancelled, or taken back, that gives back the room that they took.
        counted = {cap for one in pendings.values() for cap in one.caps} - space.loaded_caps
        uses |= await self.stores.caps.by_ids(counted, tx)
        space.loaded_caps |= counted
        space.caps |= uses
        space.pendings |= pendings
        self._known |= uses.keys() | pendings.keys()

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

    async def load_collections(self, member_ids: Sequence[bytes]) -> None:
        """Read these members' completions of collections."""
        found = await self.stores.collections.of_members(member_ids, self.tx)
        self._known |= found.keys()
        self.space.collections = {**found, **self.space.collections}

    def know_all(self, stored: Iterable[bytes]) -> None:
        """Note states that were read elsewhere, so that they are updated and not inserted."""
        self._known |= set(stored)

    async def flush(self) -> None:
        """Write changed states, so that queries of this transaction see them; may be called again."""
        await refer(self)
        await collect(self)
        if self.space.shelf.lost:
            await take_back_lost(self)
        if self.space.lost_items:
            await take_back_items(self)
        await climb(self)
        space, tx, known = self.space, self.tx, self._known
        changed = space.changed
        self._moved |= {one.member_id for one in space.transfers}
        self._moved |= {one.member_id for one in _changed(space.tier_changes, changed)}
        await self.stores.ledger.save(
            [(self._entries.get(a.id, 0), a) for a in _changed(space.accounts, changed)], tx
        )
        await self.stores.ledger.add_transfers(space.transfers, tx)
        await self.stores.progress.save(_changed(space.progress, changed), known, tx)
        if space.places:
            await self.stores.progress.save_places(_changed(space.places, changed), known, tx)
        await self.stores.awards.save(_changed(space.awards, changed), known, tx)
        await self.stores.editions.save(_changed(space.editions, changed), known, tx)
        await self.stores.collections.save(_changed(space.collections, changed), known, tx)
        if space.referrals or space.referrers:
            await self.stores.referrals.save(_changed(space.referrals, changed), known, tx)
            await self.stores.referrals.save_referrers(_changed(space.referrers, changed), tx)
        if space.caps or space.pendings:
            await self.stores.caps.save(_changed(space.caps, changed), known, tx)
            await self.stores.pendings.save(_changed(space.pendings, changed), known, tx)
        if space.check_ins:
            await self.stores.check_ins.save(_changed(space.check_ins, changed), known, tx)
            await self.stores.check_ins.save_days(_changed(space.check_in_days, changed), tx)
            await self.stores.check_ins.add_items(_changed(space.check_in_items, changed), tx)
        if space.tiers:
            await self.stores.tiers.save(_changed(space.tiers, changed), known, tx)
            await self.stores.tiers.add_changes(_changed(space.tier_changes, changed), tx)
        if space.shelf.is_touched:
            await save_shelf(self, changed, known)
        if space.goals.contributions:
            await save_goals(self, changed, known)
        boards = space.catalogue.leaderboards
        await self.stores.records.save(
            [(boards[record.board], record) for record in _changed(space.records, changed)], known, tx
        )
        self._entries |= {a.id: a.entries for a in _changed(space.accounts, changed)}
        states = (
            space.accounts,
            space.progress,
            space.awards,
            space.records,
            space.editions,
            space.places,
            space.collections,
            space.referrals,
            space.caps,
            space.pendings,
            space.check_ins,
            space.tiers,
        )
        self._known |= {found for found in changed if any(found in kind for kind in states)}
        self._written_records |= changed & space.records.keys()
        space.changed.clear()
        space.transfers = []

    async def finish(self) -> Settled | None:
        """Write what changed, the members' feeds and the outbox message that tells the rest of the system."""
        space, tx = self.space, self.tx
        await self.flush()
        if not space.touched:
            await self._leave_followup()
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
        self.followup.feeds = {
            member_id: (first, first + len(messages) - 1) for member_id, (first, messages) in told.items()
        }
        await self._leave_followup()
        return Settled(message, {found: space.records[found] for found in self._written_records})

    async def _leave_followup(self) -> None:
        self.followup.touched += sorted(self._moved - self.followup.feeds.keys())
        if not self.followup.is_empty:
            space = self.space
            chore = Chore(new_id(), space.catalogue.programme_id, self.followup.body(), space.now)
            await self.stores.backlog.append(chore, self.tx)


def _awaited(catalogue: Catalogue, loaded: Iterable[Progress]) -> set[bytes]:
    """The ids of the progress by which complete progress stays so."""
    return {
        progress_id(
            catalogue.programme_id, one.member_id, key, required_period(catalogue.tasks[key], one.period)
        )
        for one in loaded
        if one.is_complete
        for key in one.awaits
    }


def _is_complete(progress: Progress | None) -> bool:
    return progress is not None and progress.is_complete


def _changed(states: dict[bytes, Any], changed: Container[bytes]) -> list[Any]:
    return [state for state_id, state in states.items() if state_id in changed]
