"""The states that one transaction works on, and the pure operations on them.

Every operation can be undone back to a mark, so an activity that turns out impossible half-way (a score beyond
what can be held) leaves nothing behind and its neighbours in the batch go on.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gamification.badges.awarding import Outcome, give, occurrence_for, take
from gamification.badges.model import BadgeAward, award_id
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.leaderboards.model import BoardPeriod, Contribution, Record, Score, record_id
from gamification.leaderboards.scoring import contribute, period_for
from gamification.ledger.model import (
    Account,
    Clockwork,
    Posting,
    Transfer,
    TransferKind,
    account_id,
    new_account,
)
from gamification.ledger.posting import expiry_of, post
from gamification.members.feed import FeedKind, FeedMessage
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Leaderboard
from gamification.tasks.model import Progress


@dataclass(slots=True)
class Given:
    """What one activity or task reward gave, as applied: kept with it, so that it can be taken back exactly."""

    transfers: list[bytes] = field(default_factory=list)
    scores: list[Contribution] = field(default_factory=list)


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
        self.records: dict[bytes, Record] = {}
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
    ) -> Transfer | None:
        """Post points down to the unit's floor; boards get the amount applied."""
        definition = self.catalogue.units[unit]
        account = self.account(member.id, unit)
        kind = kind or (TransferKind.EARNED if amount > 0 else TransferKind.DEDUCTED)
        zone = self.catalogue.settings.time_zone
        expires_at = expiry_of(definition, at, zone) if amount > 0 else None
        posting = Posting(transfer_id, amount, kind, at, cause, expires_at, reverses)
        changed, transfer = post(
            account, posting, definition.floor, Clockwork(self.now, self.sequence, self._ordinal)
        )
        if transfer is None:
            return None
        self._ordinal += 1
        self._set(self.accounts, account.id, changed)
        self.transfers.append(transfer)
        given.transfers.append(transfer.id)
        if transfer.amount:
            self.tell(member.id, FeedKind.POINTS_POSTED, {"transfer": transfer.id})
            for key in boards:
                board = self.catalogue.leaderboards[key]
                if published(board):
                    self.score(member, board, transfer.amount, 0, at, given)
        return transfer

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
        """Write a score by the board's operator, in the period that holds `at`; between seasons nothing counts."""
        period = period_for(self.catalogue.programme_id, board, at, self.catalogue.settings.time_zone)
        if period is None:
            return
        contribution = Contribution(board.key, period.key, value, subscore, at, self._place)
        self._place += 1
        record = self.record(member, board.key, period.key)
        standing = contribute(board, record.standing, contribution)
        given.scores.append(contribution)
        self.periods[period.id] = period
        self.put_record(evolve(record, standing=standing, version=self.sequence))

    def set_standing(self, member: Member, board: str, period: str, standing: Score | None) -> None:
        """Put a recomputed score in place."""
        record = self.record(member, board, period)
        self.put_record(evolve(record, standing=standing, version=self.sequence))

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
            award = evolve(award, sequence=self.sequence)
        self._set(self.awards, award.id, award)
        if outcome is Outcome.REVOKED:
            self.tell(award.member_id, FeedKind.BADGE_REVOKED, {"award": award.id})
        elif outcome is not Outcome.UNCHANGED:
            self.tell(award.member_id, FeedKind.BADGE_AWARDED, {"award": award.id})

    def put_progress(self, progress: Progress, kind: FeedKind) -> Progress:
        """Keep changed progress and tell the member."""
        progress = evolve(progress, updated_at=self.now, sequence=self.sequence)
        self._set(self.progress, progress.id, progress)
        self.tell(
            progress.member_id,
            kind,
            {
                "task": progress.task,
                "period": progress.period,
                "value": progress.value,
                "goal": progress.goal,
            },
        )
        return progress

    def tell(self, member_id: bytes, kind: FeedKind, body: dict[str, Any]) -> None:
        """Put a message in the member's feed."""
        told = self.feed.get(member_id, ())
        self._undo.append((self.feed, member_id, told or None))
        self.feed[member_id] = (*told, FeedMessage(kind, body))
        self.touched.add(member_id)

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
            return evolve(found, listed=member.is_listed) if found.listed != member.is_listed else found
        return Record(
            found_id,
            self.catalogue.programme_id,
            board,
            period,
            member.id,
            None,
            self.sequence,
            member.is_listed,
        )

    def _set(self, mapping: MutableMapping[bytes, Any], key: bytes, value: Any) -> None:
        self._undo.append((mapping, key, mapping.get(key)))
        mapping[key] = value
        self.changed.add(key)


def reversal_id(transfer_id: bytes) -> bytes:
    """The id of the transfer that takes another back: there can be one only."""
    return derived_id("reversal", transfer_id)
