"""The states that one transaction works on, by id.

Every change can be undone back to a mark, so an activity that turns out impossible half-way (a score beyond
what can be held) leaves nothing behind and its neighbours in the batch go on.
"""

from collections.abc import Iterable, MutableMapping
from datetime import datetime
from typing import Any

from gamification.badges.model import BadgeAward, CollectionState, Edition
from gamification.checkins.model import CheckInDay, CheckInState, ItemEntry, LostItems
from gamification.goals.book import Book
from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.leaderboards.model import BoardPeriod, Record, record_id
from gamification.ledger.caps import CapUse
from gamification.ledger.model import Account, Transfer, account_id, new_account
from gamification.ledger.pending import PendingPoints
from gamification.members.feed import FeedKind, FeedMessage
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.referrals.model import Qualifying, Referral, Referrer
from gamification.rewards.shelf import Shelf
from gamification.tasks.model import Places, Progress
from gamification.tiers.assessment import Terms
from gamification.tiers.model import Growth, TierChange, TierState


class Changes:
    """The ids of what was changed, and what each was before. An object of its own: the parts of `States` that note their changes
    here would else hold the whole, and every transaction leave a ring of objects for Python's garbage collector to find."""

    def __init__(self) -> None:
        self.ids: set[bytes] = set()
        self.steps: list[tuple[MutableMapping[bytes, Any], bytes, Any]] = []

    def put(self, mapping: MutableMapping[bytes, Any], key: bytes, value: Any) -> None:
        """Keep a changed state, in a way that can be undone."""
        self.steps.append((mapping, key, mapping.get(key)))
        mapping[key] = value
        self.ids.add(key)


class States:
    """States by id. `sequence` is the place of the operation at hand in the programme's order.

    `loaded_transfers` are older transfers that may have to be taken back, `stale` the (member, board, period)s
    whose score must be recomputed from the contributions that still stand.
    """

    def __init__(self, catalogue: Catalogue, now: datetime, changes: Changes | None = None) -> None:
        self.catalogue = catalogue
        self.now = now
        self.sequence = 0
        self.accounts: dict[bytes, Account] = {}
        self.progress: dict[bytes, Progress] = {}
        self.awards: dict[bytes, BadgeAward] = {}
        self.editions: dict[bytes, Edition] = {}
        self.places: dict[bytes, Places] = {}
        self.collections: dict[bytes, CollectionState] = {}
        self.award_changes: set[tuple[bytes, str]] = set()
        self.referrals: dict[bytes, Referral] = {}
        self.referrers: dict[bytes, Referrer] = {}
        self.qualified: dict[bytes, Qualifying] = {}
        self.requalified: dict[bytes, tuple[Qualifying, ...]] = {}
        self.decided: dict[bytes, Referral] = {}
        self.because: Cause | None = None
        self.silent = False
        self.records: dict[bytes, Record] = {}
        self.pendings: dict[bytes, PendingPoints] = {}
        self.caps: dict[bytes, CapUse] = {}
        self.loaded_caps: set[bytes] = set()
        self.check_ins: dict[bytes, CheckInState] = {}
        self.check_in_days: dict[bytes, CheckInDay] = {}
        self.check_in_items: dict[bytes, ItemEntry] = {}
        self.lost_items: list[LostItems] = []
        self.tiers: dict[bytes, TierState] = {}
        self.tier_changes: dict[bytes, TierChange] = {}
        self.tier_terms: dict[str, Terms] = {}
        self.growth: dict[bytes, Growth] = {}
        changes = changes or Changes()
        self._set = changes.put
        self._undo = changes.steps
        self.changed = changes.ids
        self.shelf = Shelf(self._set)
        self.goals = Book(self._set)
        self.periods: dict[bytes, BoardPeriod] = {}
        self.transfers: list[Transfer] = []
        self.loaded_transfers: list[Transfer] = []
        self.stale: set[tuple[bytes, str, str]] = set()
        self.feed: dict[bytes, tuple[FeedMessage, ...]] = {}
        self.touched: set[bytes] = set()
        self._ordinal = 0
        self._place = 0

    def mark(self) -> tuple[int, int]:
        """A point to come back to."""
        return len(self._undo), len(self.transfers)

    def undo_to(self, mark: tuple[int, int]) -> None:
        """Take back every operation since the mark."""
        steps, transfers = mark
        while len(self._undo) > steps:
            mapping, key, before = self._undo.pop()
            if before is None:
                mapping.pop(key, None)
            else:
                mapping[key] = before
        del self.transfers[transfers:]

    def begin(self, sequence: int) -> None:
        """The next operation takes this place in the programme's order."""
        self.sequence = sequence
        self._ordinal = 0
        self._place = 0

    @property
    def ordinal(self) -> int:
        """The place that the operation's next transfer takes."""
        return self._ordinal

    def account(self, member_id: bytes, unit: str) -> Account:
        """The account, or a new one."""
        found = self.accounts.get(account_id(self.catalogue.programme_id, member_id, unit))
        return found or new_account(self.catalogue.programme_id, member_id, unit)

    def inherited(self, transfer: Transfer) -> Transfer:
        """The transfer as one of the account that it is taken back from: the heir's, where the member was merged into
        another. Its own account must be loaded."""
        account = self.accounts.get(transfer.account_id)
        if account is None or account.heir is None:
            return transfer
        heirs = account_id(self.catalogue.programme_id, account.heir, account.unit)
        return evolve(transfer, member_id=account.heir, account_id=heirs)

    def record(self, member: Member, board: str, period: str) -> Record:
        """The record, or one without a score; listed as the member is now."""
        found_id = record_id(self.catalogue.programme_id, board, period, member.id)
        found = self.records.get(found_id)
        if found is not None:
            if (found.listed, found.alias) != (member.is_listed, member.alias):
                return evolve(found, listed=member.is_listed, alias=member.alias)
            return found
        return Record(
            found_id,
            self.catalogue.programme_id,
            board,
            period,
            member.id,
            None,
            self.sequence,
            member.is_listed,
            member.alias,
        )

    def put_pending(self, pending: PendingPoints) -> None:
        """Keep changed pending points."""
        self._set(self.pendings, pending.id, pending)

    def put_record(self, record: Record) -> None:
        """Keep a changed record."""
        self._set(self.records, record.id, record)
        self.touched.add(record.member_id)

    def put_collection(self, state: CollectionState) -> None:
        """Keep a changed completion of a collection."""
        self._set(self.collections, state.id, state)

    def put_referral(self, referral: Referral) -> None:
        """Keep a changed referral."""
        self._set(self.referrals, referral.id, referral)

    def put_referrer(self, referrer: Referrer) -> None:
        """Keep what a referrer has reached."""
        self._set(self.referrers, referrer.id, referrer)

    def put_progress(self, progress: Progress, kind: FeedKind | None) -> Progress:
        """Keep changed progress and tell the member; without a kind nothing, as of a task that is not there for them."""
        progress = evolve(progress, updated_at=self.now, sequence=self.sequence)
        self._set(self.progress, progress.id, progress)
        if kind is None:
            self.touched.add(progress.member_id)
            return progress
        self.tell(
            progress.member_id,
            kind,
            {
                "task": progress.task,
                "period": progress.period,
                "value": progress.value,
                "goal": progress.goal,
                **({"claim_by": progress.claim_by} if progress.claim_by else {}),
                **({"place": progress.place} if progress.place else {}),
                **({"missed": True} if progress.missed else {}),
            },
        )
        return progress

    def put_places(self, places: Places) -> None:
        """Keep how many places of a task are taken."""
        self._set(self.places, places.id, places)

    def put_check_in(self, state: CheckInState) -> CheckInState:
        """Keep a changed standing of a check-in programme."""
        state = evolve(state, sequence=self.sequence)
        self._set(self.check_ins, state.id, state)
        self.touched.add(state.member_id)
        return state

    def put_check_in_day(self, day: CheckInDay) -> None:
        """Keep a changed day of a check-in programme."""
        self._set(self.check_in_days, day.id, day)

    def put_check_in_item(self, entry: ItemEntry) -> None:
        """Keep a new entry of cards or freezes."""
        self._set(self.check_in_items, entry.id, entry)

    def put_growth(self, growth: Growth) -> None:
        """Keep what may lift the member's tiers until their states are at hand."""
        self._set(self.growth, growth.id, growth)

    def put_tier(self, state: TierState, changes: Iterable[TierChange]) -> None:
        """Keep a changed state on a ladder, and what changed of it."""
        self._set(self.tiers, state.id, state)
        for change in changes:
            self._set(self.tier_changes, change.id, change)
        self.touched.add(state.member_id)

    def tell(self, member_id: bytes, kind: FeedKind, body: dict[str, Any]) -> None:
        """Put a message in the member's feed; while `silent`, only note that something changed for them."""
        if self.silent:
            self.touched.add(member_id)
            return
        told = self.feed.get(member_id, ())
        self._undo.append((self.feed, member_id, told or None))
        self.feed[member_id] = (*told, FeedMessage(kind, body))
        self.touched.add(member_id)
