"""The states that one transaction works on, and the pure operations on them.

Every operation can be undone back to a mark, so an activity that turns out impossible half-way (a score beyond
what can be held) leaves nothing behind and its neighbours in the batch go on.
"""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gamification.badges.awarding import Outcome, give, number, occurrence_for, take
from gamification.badges.model import BadgeAward, CollectionState, Edition, award_id, edition_id
from gamification.checkins.model import CheckInDay, CheckInState, ItemEntry, LostItems
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.leaderboards.grouping import group_of
from gamification.leaderboards.model import (
    BoardPeriod,
    Contribution,
    Record,
    Refusal,
    Score,
    Unscored,
    record_id,
)
from gamification.leaderboards.scoring import attempts_of, contribute, is_closed, period_for, period_named
from gamification.ledger.caps import CapUse, bounds_on, counted, cut
from gamification.ledger.model import (
    HOLDING,
    SPENDING,
    Account,
    Clockwork,
    Lot,
    Posting,
    Transfer,
    TransferKind,
    account_id,
    new_account,
)
from gamification.ledger.pending import PendingPoints
from gamification.ledger.policies import expiry_of, renewal_of
from gamification.ledger.posting import post
from gamification.members.facts import member_facts
from gamification.members.feed import FeedKind, FeedMessage
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Cap, Leaderboard
from gamification.programmes.definitions import Unit as PointsUnit
from gamification.referrals.model import Qualifying, Referral, Referrer, referral_id
from gamification.rewards.shelf import Shelf
from gamification.settlement.growth import note_transfer
from gamification.settlement.pending import About, due_at, wait
from gamification.tasks.model import Places, Progress
from gamification.tiers.assessment import Terms
from gamification.tiers.model import Growth, TierChange, TierState, state_id

_RENEWING = frozenset({TransferKind.EARNED, TransferKind.SPENT})
"""What keeps points alive that lapse by inactivity."""


@dataclass(slots=True)
class Given:
    """What one activity or task reward gave, as applied: kept with it, so that it can be taken back exactly."""

    transfers: list[bytes] = field(default_factory=list)
    scores: list[Contribution] = field(default_factory=list)
    unscored: list[Unscored] = field(default_factory=list)


class Workspace:
    """States by id. `sequence` is the place of the operation at hand in the programme's order.

    `loaded_transfers` are older transfers that may have to be taken back, `stale` the (member, board, period)s
    whose score must be recomputed from the contributions that still stand.
    """

    def __init__(self, catalogue: Catalogue, now: datetime) -> None:
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
        self.shelf = Shelf(self._set)
        self.changed: set[bytes] = set()
        self.periods: dict[bytes, BoardPeriod] = {}
        self.transfers: list[Transfer] = []
        self.loaded_transfers: list[Transfer] = []
        self.stale: set[tuple[bytes, str, str]] = set()
        self.feed: dict[bytes, tuple[FeedMessage, ...]] = {}
        self.touched: set[bytes] = set()
        self._ordinal = 0
        self._place = 0
        self._undo: list[tuple[MutableMapping[bytes, Any], bytes, Any]] = []

    # -- marks

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

    # -- operations

    def post(
        self,
        member: Member,
        unit: str,
        amount: int,
        transfer_id: bytes,
        cause: Cause,
        at: datetime,
        given: Given,
        *,
        kind: TransferKind | None = None,
        boards: Iterable[str] = (),
        reverses: bytes | None = None,
        caps: Sequence[Cap] = (),
        budgets: Iterable[str] = (),
        about: About | None = None,
        lots: tuple[Lot, ...] = (),
        counts: tuple[bytes, ...] = (),
        related: bytes | None = None,
    ) -> Transfer | None:
        """Post points down to the unit's floor; boards get the amount applied. What is earned is cut by the unit's
        caps, by these `caps` of the rule that the cause names, and by `budgets`; it may be pending at first. `lots` as
        in `Posting`; `counts`: ids of caps in which it counts, where it takes back what counted in them."""
        definition = self.catalogue.units[unit]
        account = self.account(member.id, unit)
        kind = kind or (TransferKind.EARNED if amount > 0 else TransferKind.DEDUCTED)
        zone = self.catalogue.settings.time_zone
        posting = Posting(
            transfer_id,
            amount,
            kind,
            at,
            cause,
            expiry_of(definition, at, zone) if amount > 0 else None,
            reverses,
            lots=lots,
            renews_to=renewal_of(definition, at, zone) if kind in _RENEWING else None,
            caps=counts,
            related=related,
        )
        due = None
        if kind is TransferKind.EARNED:
            posting = self._capped(member, definition, posting, caps, budgets)
            due = due_at(definition, at, self.now, zone, about) if posting.amount else None
        if due is not None:
            transfer: Transfer | None = wait(self, account, posting, due, about, definition)
        else:
            transfer = self.put(account, posting)
        if transfer is None:
            return None
        given.transfers.append(transfer.id)
        if transfer.amount:
            for key in boards:
                board = self.catalogue.leaderboards[key]
                if published(board):
                    self.score(member, board, transfer.amount, 0, at, given)
        return transfer

    def put(self, account: Account, posting: Posting, floor: int | None = None) -> Transfer | None:
        """Post to an account and keep it, tell the member, and count it in its caps. The floor is the unit's, for
        what members spend at least zero, or the one given."""
        definition = self.catalogue.units[account.unit]
        if floor is None:
            spends = posting.kind in SPENDING or posting.kind in HOLDING
            floor = definition.spending_floor if spends else definition.floor
        changed, transfer = post(account, posting, floor, Clockwork(self.now, self.sequence, self._ordinal))
        if transfer is None:
            return None
        self._ordinal += 1
        self._set(self.accounts, account.id, changed)
        self.transfers.append(transfer)
        for found in transfer.caps:
            use = self.caps[found]
            self._set(self.caps, found, evolve(use, used=use.used + counted(transfer)))
        if transfer.amount or transfer.pending:
            self.tell(account.member_id, FeedKind.POINTS_POSTED, {"transfer": transfer.id})
        note_transfer(self, transfer)
        return transfer

    def put_pending(self, pending: PendingPoints) -> None:
        """Keep changed pending points."""
        self._set(self.pendings, pending.id, pending)

    def _capped(
        self, member: Member, unit: PointsUnit, posting: Posting, caps: Sequence[Cap], budgets: Iterable[str]
    ) -> Posting:
        limits = bounds_on(
            self.catalogue, member, unit, posting.occurred_at, posting.cause.rule, caps, budgets
        )
        if not limits:
            return posting
        uses = {limit.use.id: self.caps.setdefault(limit.use.id, limit.use) for limit in limits if limit.use}
        assert uses.keys() <= self.loaded_caps  # noqa: S101 - else what is used already is not known
        amount, cutting = cut(posting.amount, limits, uses)
        return evolve(
            posting, amount=amount, limits=cutting, caps=tuple(dict.fromkeys(uses)) if amount else ()
        )

    @property
    def ordinal(self) -> int:
        """The place that the operation's next transfer takes."""
        return self._ordinal

    def put_account(self, account: Account, transfers: list[Transfer]) -> None:
        """Take over an account that was changed outside, with its new transfers."""
        self._set(self.accounts, account.id, account)
        self.transfers += transfers
        self._ordinal += len(transfers)
        for transfer in transfers:
            self.tell(account.member_id, FeedKind.POINTS_POSTED, {"transfer": transfer.id})

    def score(
        self, member: Member, board: Leaderboard, value: int, subscore: int, at: datetime, given: Given
    ) -> None:
        """Write a score by the board's operator, in the period that holds `at`. Between seasons nothing counts, nor
        in a period that is closed."""
        period = period_for(self.catalogue.programme_id, board, at, self.catalogue.settings.time_zone)
        if period is None:
            return
        if is_closed(board, period, self.now):
            given.unscored.append(Unscored(board.key, period.key, Refusal.CLOSED))
            return
        record = self.record(member, board.key, period.key)
        counted = record.attempts
        if board.attempts is not None:
            if not attempts_of(board, record).left:
                given.unscored.append(Unscored(board.key, period.key, Refusal.NO_ATTEMPT_LEFT))
                return
            counted += 1
        contribution = Contribution(board.key, period.key, value, subscore, at, self._place)
        self._place += 1
        standing = contribute(board, record.standing, contribution)
        given.scores.append(contribution)
        self.periods[period.id] = period
        group = record.group
        if group is None and board.group is not None:
            group = group_of(board, {**member_facts(member), "tiers": self._tiers_of(member.id)})
        self.put_record(
            evolve(record, standing=standing, attempts=counted, group=group, version=self.sequence)
        )

    def set_standing(
        self, member: Member, board: str, period: str, standing: Score | None, scores: int
    ) -> None:
        """Put a recomputed score in place, which so many scores add up to: a reversed one gives its attempt back."""
        record = self.record(member, board, period)
        definition = self.catalogue.leaderboards[board]
        zone = self.catalogue.settings.time_zone
        run = period_named(self.catalogue.programme_id, definition, period, zone)
        if run is not None and record.frozen is None and is_closed(definition, run, self.now):
            record = evolve(record, frozen=record.standing)
        attempts = scores if definition.attempts is not None else 0
        self.put_record(evolve(record, standing=standing, attempts=attempts, version=self.sequence))

    def put_record(self, record: Record) -> None:
        """Keep a changed record."""
        self._set(self.records, record.id, record)
        self.touched.add(record.member_id)

    def award(
        self,
        member: Member,
        badge: str,
        occurrence: str,
        ground: str,
        level: int,
        cause: Cause,
        at: datetime,
    ) -> tuple[BadgeAward, Outcome]:
        """Give a ground for an award; the first one awards it."""
        definition = self.catalogue.badges[badge]
        stored_as = occurrence_for(definition, occurrence)
        known = self.awards.get(award_id(self.catalogue.programme_id, member.id, badge, stored_as))
        changed, outcome = give(
            known, self.catalogue.programme_id, member.id, definition, stored_as, ground, level, cause, at
        )
        if outcome is Outcome.AWARDED and definition.limit is not None and changed.number is None:
            found = edition_id(self.catalogue.programme_id, badge)
            edition = self.editions.get(found) or Edition(found, self.catalogue.programme_id, badge)
            changed, taken = number(changed, edition, definition.limit, at)
            if taken is None:
                outcome = Outcome.UNCHANGED
            else:
                self._set(self.editions, taken.id, taken)
        if changed != known:
            self.put_award(changed, outcome)
        return changed, outcome

    def withdraw(self, award: BadgeAward, ground: str, cause: Cause) -> tuple[BadgeAward, Outcome]:
        """Take a ground away; without any left the award is revoked."""
        changed, outcome = take(award, ground, cause, self.now)
        if changed != award:
            self.put_award(changed, outcome)
        return changed, outcome

    def put_award(self, award: BadgeAward, outcome: Outcome) -> None:
        """Keep a changed award and tell the member what it means for them."""
        if outcome is not Outcome.UNCHANGED:
            before = self.awards.get(award.id)
            less = outcome is Outcome.REVOKED or (before is not None and award.level < before.level)
            award = evolve(award, sequence=self.sequence, withdrawals=award.withdrawals + less)
            self.award_changes.add((award.member_id, award.badge))
        self._set(self.awards, award.id, award)
        if outcome is Outcome.REVOKED:
            self.tell(award.member_id, FeedKind.BADGE_REVOKED, {"award": award.id})
        elif outcome is not Outcome.UNCHANGED:
            self.tell(award.member_id, FeedKind.BADGE_AWARDED, {"award": award.id})

    def put_collection(self, state: CollectionState) -> None:
        """Keep a changed completion of a collection."""
        self._set(self.collections, state.id, state)

    def put_referral(self, referral: Referral) -> None:
        """Keep a changed referral."""
        self._set(self.referrals, referral.id, referral)

    def put_referrer(self, referrer: Referrer) -> None:
        """Keep what a referrer has reached."""
        self._set(self.referrers, referrer.id, referrer)

    def qualify(self, member: Member, offer: str, by: bytes, at: datetime, cause: Cause) -> None:
        """Note that the activity `by` qualifies whoever did it; looked at before the transaction is written."""
        found = referral_id(self.catalogue.programme_id, member.id)
        key = derived_id("qualifying", by, offer)
        self._undo.append((self.qualified, key, self.qualified.get(key)))
        self.qualified[key] = Qualifying(found, offer, at, cause)

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

    def _tiers_of(self, member_id: bytes) -> dict[str, str | None]:
        """The member's tier on each ladder, of those that are at hand."""
        programme_id = self.catalogue.programme_id
        states = [
            self.tiers.get(state_id(programme_id, ladder, member_id)) for ladder in self.catalogue.ladders
        ]
        return {state.ladder: state.tier for state in states if state is not None}

    # -- states

    def account(self, member_id: bytes, unit: str) -> Account:
        """The account, or a new one."""
        found = self.accounts.get(account_id(self.catalogue.programme_id, member_id, unit))
        return found or new_account(self.catalogue.programme_id, member_id, unit)

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

    def _set(self, mapping: MutableMapping[bytes, Any], key: bytes, value: Any) -> None:
        self._undo.append((mapping, key, mapping.get(key)))
        mapping[key] = value
        self.changed.add(key)


def reversal_id(transfer_id: bytes) -> bytes:
    """The id of the transfer that takes another back: there can be one only."""
    return derived_id("reversal", transfer_id)
