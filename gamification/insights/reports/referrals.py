"""What became of referrals over time: pure."""

from collections.abc import Mapping

from gamification.insights.reports.slots import Made, Slot, share
from gamification.kit.records import record
from gamification.referrals.model import ReferralStatus


@record(frozen=True, slots=True)
class ReferralPoint:
    """Codes that were used in a period, by what became of them until now."""

    slot: Slot
    counts: Mapping[ReferralStatus, int]

    @property
    def used(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @property
    def qualified(self) -> int:
        """Those that met the offer's condition and were not taken back: rewarded, or held for staff."""
        return self.of(ReferralStatus.REWARDED) + self.of(ReferralStatus.HELD)

    @property
    def rewarded_share(self) -> float | None:
        """Which share was rewarded."""
        return share(self.of(ReferralStatus.REWARDED), self.used)

    def of(self, status: ReferralStatus) -> int:
        """How many have that status."""
        return self.counts.get(status, 0)

    def with_more(self, counts: Mapping[ReferralStatus, int]) -> "ReferralPoint":
        """With those of another day."""
        statuses = self.counts.keys() | counts.keys()
        return ReferralPoint(self.slot, {one: self.of(one) + counts.get(one, 0) for one in statuses})


@record(frozen=True, slots=True)
class ReferralReport:
    """Periods in order."""

    offer: str
    points: tuple[ReferralPoint, ...]
    made: Made
