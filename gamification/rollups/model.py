"""Days of a member, and the months that they are kept by. Days are the programme's; money is whole, in its smallest part."""

from collections.abc import Mapping
from datetime import date

from gamification.kit.records import record


@record(frozen=True, slots=True)
class MemberDay:
    """What a member did on a day, as far as it stands: how much activity of each type, how many of them were purchases, and
    what was paid."""

    day: date
    counts: Mapping[str, int]
    purchases: int = 0
    spend: int = 0

    @property
    def activities(self) -> int:
        """How much activity of any type."""
        return sum(self.counts.values())


@record(frozen=True, slots=True)
class MemberMonth:
    """A member's days of one month on which they did anything, in order; `month` is such as 202611."""

    programme_id: str
    member_id: bytes
    month: int
    days: tuple[MemberDay, ...]


def month_of(day: date) -> int:
    """The month of a day, such as 202611."""
    return day.year * 100 + day.month


def first_of(month: int) -> date:
    """A month's first day."""
    return date(month // 100, month % 100, 1)


def after(month: int) -> int:
    """The month after it."""
    return month + 1 if month % 100 < 12 else month + 89


def month_id(member_id: bytes, month: int) -> bytes:
    """The id of a member's month. A member's are beside each other, in order."""
    return member_id + month.to_bytes(4, "big")
