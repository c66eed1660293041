"""Points: what was given and what became of it: pure."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from gamification.insights.reports.slots import Made, Slot, share
from gamification.kit.records import record
from gamification.ledger.model import TransferKind


@record(frozen=True, slots=True)
class KindFlow:
    """What transfers of one kind added to accounts, and took off them (0 or less)."""

    kind: TransferKind
    added: int
    taken: int


@record(frozen=True, slots=True)
class Flows:
    """What moved of a unit in a time, by kind; `pending`: by how much what is pending changed."""

    kinds: Mapping[TransferKind, tuple[int, int]]
    pending: int = 0

    def added(self, *kinds: TransferKind) -> int:
        """What these kinds added."""
        return sum(self.kinds.get(one, (0, 0))[0] for one in kinds)

    def taken(self, *kinds: TransferKind) -> int:
        """What they took, as a positive number."""
        return -sum(self.kinds.get(one, (0, 0))[1] for one in kinds)

    @property
    def issued(self) -> int:
        """Earned, or added by hand."""
        return self.added(TransferKind.EARNED, TransferKind.ADJUSTED)

    @property
    def spent(self) -> int:
        """Spent or donated, less what was returned."""
        return self.taken(TransferKind.SPENT, TransferKind.DONATED) - self.added(TransferKind.RETURNED)

    @property
    def expired(self) -> int:
        """Lapsed."""
        return self.taken(TransferKind.EXPIRED)

    @property
    def reversed(self) -> int:
        """Taken back with what had given it, less what was given back."""
        return self.taken(TransferKind.REVERSED) - self.added(TransferKind.REVERSED)

    @property
    def held(self) -> int:
        """Set aside, less what was released."""
        return self.taken(TransferKind.HELD) - self.added(TransferKind.RELEASED)

    @property
    def change(self) -> int:
        """By how much what members can spend has grown."""
        return sum(added + taken for added, taken in self.kinds.values())

    @property
    def breakage(self) -> float | None:
        """Of the points that were spent or lapsed, the share that lapsed."""
        return share(self.expired, self.spent + self.expired) if self.spent >= 0 else None


@record(frozen=True, slots=True)
class EconomyPoint:
    """A period: what members could spend of the unit when it began and when it ended, or now; and the share of all that was issued
    until then that has lapsed."""

    slot: Slot
    flows: Flows
    opening: int
    closing: int
    held: int
    breakage_of_issued: float | None


@record(frozen=True, slots=True)
class EconomyReport:
    """`cost`: what a point costs, in the currency itself; None where the programme states none. `total`: of all periods together;
    `before`: of as many before them, None where they reach back beyond what is known."""

    unit: str
    points: tuple[EconomyPoint, ...]
    total: Flows
    before: Flows | None
    cost: Decimal | None
    digits: int
    made: Made

    def worth(self, amount: int) -> int | None:
        """What so many points cost, in the currency's smallest part."""
        if self.cost is None:
            return None
        exact = amount * self.cost * 10**self.digits
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def flows_of(unit: str, counts: Iterable[Mapping[str, int]]) -> Flows:
    """What moved of a unit, added up; `unit` as it is encoded."""
    kinds: dict[TransferKind, tuple[int, int]] = {}
    pending, prefix = 0, f"u.{unit}."
    for one in counts:
        for name, count in one.items():
            if not name.startswith(prefix):
                continue
            kind, _, part = name.removeprefix(prefix).partition(".")
            added, taken = kinds.get(TransferKind(kind), (0, 0))
            if part == "p":
                pending += count
            elif part == "i":
                kinds[TransferKind(kind)] = (added + count, taken)
            else:
                kinds[TransferKind(kind)] = (added, taken + count)
    return Flows(kinds, pending)


def both(first: Flows, second: Flows) -> Flows:
    """Two times together."""
    kinds = {
        kind: (first.added(kind) + second.added(kind), -first.taken(kind) - second.taken(kind))
        for kind in first.kinds.keys() | second.kinds.keys()
    }
    return Flows(kinds, first.pending + second.pending)
