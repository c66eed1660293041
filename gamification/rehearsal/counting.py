"""Counting what was played: what is due to activity of the time, on the day and for the member of that activity."""

from gamification.kit.causes import Cause
from gamification.ledger.model import Transfer, TransferKind
from gamification.ledger.posting import wanted_of
from gamification.rehearsal.model import Span
from gamification.rehearsal.stage import Done
from gamification.rehearsal.sums import Known, Place, Sums

_COUNTED = frozenset(
    {TransferKind.EARNED, TransferKind.DEDUCTED, TransferKind.PENDING, TransferKind.ADJUSTED}
)


class Counting:
    """What counts is what `history` counts of what happened."""

    def __init__(self, known: Known, span: Span) -> None:
        self._known = known
        self._span = span
        self.sums = Sums()

    def add(self, done: Done | None) -> None:
        """Count what was done."""
        if done is None:
            return
        for transfer in done.transfers:
            self._add_points(transfer)
        for award in done.awards:
            if award.stands and self._place(award.cause) is not None:
                self.sums.badges[award.badge] += 1
        for task, cause in done.completed:
            if self._place(cause) is not None:
                self.sums.tasks[task] += 1
        for given in done.redemptions:
            place = self._place(given.cause)
            if place is not None and given.stands:
                self.sums.add_reward(place, given.reward, given.cost)
            elif place is not None:
                self.sums.failed[given.reward] += 1
        for change in done.tiers:
            if change.before != change.after and self._span.holds(change.occurred_at):
                self.sums.tiers[change.ladder, change.before, change.after] += 1

    def _add_points(self, transfer: Transfer) -> None:
        place = self._place(transfer.cause)
        if place is None:
            return
        if transfer.kind is TransferKind.REVERSED:
            amount = wanted_of(transfer) + transfer.pending
            self.sums.add_points(place, transfer.unit, amount, gives=amount < 0)
        elif transfer.kind in _COUNTED and transfer.related is None:
            amount = transfer.amount + transfer.pending
            self.sums.add_points(place, transfer.unit, amount, gives=amount > 0)

    def _place(self, cause: Cause | None) -> Place | None:
        """Of what is due to an activity; nothing else is played but that and what is nobody's activity."""
        if cause is None or cause.activity_id is None:
            return None
        return self._known.get(cause.activity_id)
