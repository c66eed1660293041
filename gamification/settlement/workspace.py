"""What one transaction does to its states: points, scores and badges, each with what follows from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gamification.badges.awarding import Outcome, give, number, occurrence_for, take
from gamification.badges.model import BadgeAward, Edition, award_id, edition_id
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.leaderboards.grouping import group_of
from gamification.leaderboards.model import Contribution, Refusal, Score, Unscored
from gamification.leaderboards.scoring import attempts_of, contribute, is_closed, period_for, period_named
from gamification.ledger.caps import bounds_on, counted, cut
from gamification.ledger.model import (
    HOLDING,
    SPENDING,
    Account,
    Clockwork,
    Lot,
    Posting,
    Transfer,
    TransferKind,
)
from gamification.ledger.policies import expiry_of, renewal_of
from gamification.ledger.posting import expire, post
from gamification.members.facts import member_facts
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Cap, Leaderboard
from gamification.programmes.definitions import Unit as PointsUnit
from gamification.referrals.model import Qualifying, referral_id
from gamification.settlement.growth import note_transfer
from gamification.settlement.pending import About, due_at, wait
from gamification.settlement.states import States
from gamification.tiers.model import state_id

_RENEWING = frozenset({TransferKind.EARNED, TransferKind.SPENT})
"""What keeps points alive that lapse by inactivity."""
_TAKING = frozenset({TransferKind.DEDUCTED, TransferKind.REVERSED})
"""What takes points that are there, without having looked what has lapsed before."""


@dataclass(slots=True)
class Given:
    """What one activity or task reward gave, as applied: kept with it, so that it can be taken back exactly."""

    transfers: list[bytes] = field(default_factory=list)
    scores: list[Contribution] = field(default_factory=list)
    unscored: list[Unscored] = field(default_factory=list)


class Workspace(States):
    """The operations of a transaction on its states."""

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
        account = self._without_lapsed(account, posting)
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

    def _without_lapsed(self, account: Account, posting: Posting) -> Account:
        """The account after what had lapsed by then is out, where that would be taken, or kept alive: time goes first,
        whether or not a worker was there, and by when things happened, so that history can be imported in its order."""
        takes = posting.amount < 0 and posting.kind in _TAKING
        lot, at = account.next_expiry, min(posting.occurred_at, self.now)
        if lot is None or lot.expires_at is None or lot.expires_at > at:
            return account
        if not takes and posting.renews_to is None:
            return account
        account, transfers = expire(account, at, Clockwork(self.now, self.sequence, self._ordinal))
        self.put_account(account, transfers)
        return account

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

    def qualify(self, member: Member, offer: str, by: bytes, at: datetime, cause: Cause) -> None:
        """Note that the activity `by` qualifies whoever did it; looked at before the transaction is written."""
        found = referral_id(self.catalogue.programme_id, member.id)
        key = derived_id("qualifying", by, offer)
        self._undo.append((self.qualified, key, self.qualified.get(key)))
        self.qualified[key] = Qualifying(found, offer, at, cause)

    def _tiers_of(self, member_id: bytes) -> dict[str, str | None]:
        """The member's tier on each ladder, of those that are at hand."""
        programme_id = self.catalogue.programme_id
        states = [
            self.tiers.get(state_id(programme_id, ladder, member_id)) for ladder in self.catalogue.ladders
        ]
        return {state.ladder: state.tier for state in states if state is not None}


def reversal_id(transfer_id: bytes) -> bytes:
    """The id of the transfer that takes another back: there can be one only."""
    return derived_id("reversal", transfer_id)
