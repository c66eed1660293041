"""How many members of each tier take part, against what was aimed at: pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from gamification.insights.reports.slots import Made, Slot, share
from gamification.insights.totals.model import NOBODY, decoded, encoded
from gamification.kit.records import record
from gamification.programmes.definitions import Ladder


@record(frozen=True, slots=True)
class TierParticipation:
    """A tier in a month: who held it as the month ended, or holds it now; how many of them were active in it; the share to be
    reached, in percent. `tier`: None for those who hold none."""

    tier: str | None
    members: int
    active: int
    target: Decimal | None

    @property
    def participation(self) -> float | None:
        """Which share was active."""
        return share(self.active, self.members)

    @property
    def is_met(self) -> bool | None:
        """Whether that reaches the target; None where there is none, or nobody."""
        if self.target is None or not self.members:
            return None
        return self.active * 100 >= self.target * self.members


@record(frozen=True, slots=True)
class ParticipationPoint:
    """A month, with the tiers from the lowest to the highest."""

    slot: Slot
    tiers: tuple[TierParticipation, ...]


@record(frozen=True, slots=True)
class ParticipationReport:
    """Months in order."""

    ladder: str
    points: tuple[ParticipationPoint, ...]
    made: Made


def tiers_of(
    ladder: Ladder, earlier: Iterable[Mapping[str, int]], month: Mapping[str, int]
) -> tuple[TierParticipation, ...]:
    """The tiers in a month, from all counts before it and its own."""
    prefix = f"l.{encoded(ladder.key)}."
    held: dict[str, int] = {}
    for counts in (*earlier, month):
        for name, count in counts.items():
            if name.startswith(prefix) and name.endswith(".h"):
                tier = name.removeprefix(prefix).removesuffix(".h")
                held[tier] = held.get(tier, 0) + count
    order: Sequence[str] = [encoded(one.key) for one in ladder.tiers]
    targets = {encoded(one.key): one.target for one in ladder.tiers}
    others = sorted(tier for tier, count in held.items() if count and tier not in targets)
    shown = [*(one for one in others if one == NOBODY), *order, *(one for one in others if one != NOBODY)]
    return tuple(
        TierParticipation(
            None if tier == NOBODY else decoded(tier),
            held.get(tier, 0),
            month.get(f"{prefix}{tier}.a", 0),
            targets.get(tier),
        )
        for tier in shown
    )
