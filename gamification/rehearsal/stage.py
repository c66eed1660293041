"""The states that a rehearsal plays on: all in memory, a member's own at hand while their activity is played.

It is the workspace of a transaction that is never written. What one activity did is told once and then forgotten; what it did to
states stays.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gamification.badges.awarding import Outcome
from gamification.badges.model import BadgeAward, CollectionState
from gamification.checkins.model import CheckInState
from gamification.kit.causes import Cause
from gamification.leaderboards.model import Record
from gamification.ledger.model import Account, Transfer, TransferKind
from gamification.ledger.pending import PendingPoints
from gamification.members.feed import FeedKind
from gamification.programmes.catalogue import Catalogue
from gamification.rewards.model import Redemption
from gamification.settlement.states import Changes
from gamification.settlement.workspace import Workspace
from gamification.tasks.model import Progress
from gamification.tiers.assessment import Terms
from gamification.tiers.model import TierChange, TierState


@dataclass(slots=True)
class Own:
    """One member's states."""

    accounts: dict[bytes, Account] = field(default_factory=dict)
    progress: dict[bytes, Progress] = field(default_factory=dict)
    awards: dict[bytes, BadgeAward] = field(default_factory=dict)
    collections: dict[bytes, CollectionState] = field(default_factory=dict)
    records: dict[bytes, Record] = field(default_factory=dict)
    pendings: dict[bytes, PendingPoints] = field(default_factory=dict)
    waiting: list[Transfer] = field(default_factory=list)
    check_ins: dict[bytes, CheckInState] = field(default_factory=dict)
    tiers: dict[bytes, TierState] = field(default_factory=dict)
    redemptions: dict[bytes, Redemption] = field(default_factory=dict)


@dataclass(slots=True)
class Done:
    """What one activity, or something else, did."""

    transfers: list[Transfer] = field(default_factory=list)
    awards: list[BadgeAward] = field(default_factory=list)
    completed: list[tuple[str, Cause | None]] = field(default_factory=list)
    redemptions: list[Redemption] = field(default_factory=list)
    tiers: list[TierChange] = field(default_factory=list)
    boards: list[tuple[str, str]] = field(default_factory=list)


class _Noted(Changes):
    """Tells the stage what it changes. That is a ring, and harmless: there is one of it as long as a rehearsal is played."""

    def __init__(self, stage: "Stage") -> None:
        super().__init__()
        self._stage = stage

    def put(self, mapping: MutableMapping[bytes, Any], key: bytes, value: Any) -> None:
        super().put(mapping, key, value)
        if mapping is self._stage.shelf.redemptions:
            self._stage.done.redemptions.append(value)
        elif mapping is self._stage.tier_changes:
            self._stage.done.tiers.append(value)


class Stage(Workspace):
    """`done` fills while something is played, until it is taken."""

    def __init__(self, catalogue: Catalogue, now: datetime) -> None:
        super().__init__(catalogue, now, _Noted(self))
        self.done = Done()
        self.members: dict[bytes, Own] = {}
        self._terms: dict[Catalogue, dict[str, Terms]] = {}

    def set_scene(self, catalogue: Catalogue, now: datetime) -> None:
        """What follows is judged by that catalogue, at that time."""
        self.now = now
        self.catalogue = catalogue
        self.tier_terms = self._terms.setdefault(catalogue, {})

    def enter(self, member_id: bytes) -> Own:
        """Have that member's states at hand, and nobody else's."""
        own = self.members.get(member_id)
        if own is None:
            own = self.members[member_id] = Own()
        self.accounts, self.progress, self.awards = own.accounts, own.progress, own.awards
        self.collections, self.records, self.pendings = own.collections, own.records, own.pendings
        self.check_ins, self.tiers = own.check_ins, own.tiers
        self.loaded_transfers = own.waiting
        self.shelf.redemptions = own.redemptions
        return own

    def take_done(self) -> Done:
        """What was done since this was last asked; nothing of it can be undone any more."""
        done, self.done = self.done, Done()
        done.transfers = self.transfers
        self.transfers = []
        self.loaded_transfers += [one for one in done.transfers if one.kind is TransferKind.PENDING]
        self._forget()
        return done

    def give_up(self, mark: tuple[int, int], tiers: int) -> None:
        """Take back all since the mark, when so many changes of tiers were noted."""
        self.undo_to(mark)
        self.done = Done(tiers=self.done.tiers[:tiers])

    def _forget(self) -> None:
        self._undo.clear()
        self.shelf.coupons.clear()
        for found in [one.id for one in self.shelf.redemptions.values() if one.flag is None]:
            del self.shelf.redemptions[found]
        self.shelf.lost.clear()
        self.lost_items.clear()
        self.check_in_days.clear()
        self.check_in_items.clear()
        self.tier_changes.clear()
        self.growth.clear()
        self.qualified.clear()
        self.award_changes.clear()
        self.stale.clear()
        self.periods.clear()
        self.changed.clear()
        self.touched.clear()

    def tell(self, member_id: bytes, kind: FeedKind, body: dict[str, Any]) -> None:
        """Nobody is told of a rehearsal."""

    def put_award(self, award: BadgeAward, outcome: Outcome) -> None:
        super().put_award(award, outcome)
        if outcome is Outcome.AWARDED:
            self.done.awards.append(self.awards[award.id])

    def put_progress(self, progress: Progress, kind: FeedKind | None) -> Progress:
        put = super().put_progress(progress, kind)
        if kind is FeedKind.TASK_COMPLETED:
            self.done.completed.append((put.task, put.cause))
        return put

    def put_record(self, record: Record) -> None:
        super().put_record(record)
        self.done.boards.append((record.board, record.period))
