"""What is known of a member's days, looked at from a day: pure."""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date

from gamification.rollups.model import MemberDay, MemberMonth


class History:
    """A member's days up to and including `today`, as functions of how many days one looks back: `spend(30)` is that of the
    30 days that end with today."""

    __slots__ = ("_days", "_ordinals", "today")

    def __init__(self, months: Iterable[MemberMonth], today: date) -> None:
        days = sorted((day for month in months for day in month.days), key=lambda one: one.day)
        self.today = today
        self._days = [day for day in days if day.day <= today]
        self._ordinals = [day.day.toordinal() for day in self._days]

    @property
    def days(self) -> list[MemberDay]:
        """All of them, in order."""
        return self._days

    def last(self, days: int) -> list[MemberDay]:
        """Those of the last so many days."""
        return self._days[bisect_left(self._ordinals, self.today.toordinal() - days + 1) :]

    def spend(self, days: int) -> int:
        """What was paid."""
        return sum(day.spend for day in self.last(days))

    def purchases(self, days: int) -> int:
        """How many purchases."""
        return sum(day.purchases for day in self.last(days))

    def activities(self, days: int) -> int:
        """How much activity."""
        return sum(day.activities for day in self.last(days))

    def active_days(self, days: int) -> int:
        """On how many days there was activity."""
        return len(self.last(days))

    def count(self, type_key: str, days: int) -> int:
        """How much activity of a type."""
        return sum(day.counts.get(type_key, 0) for day in self.last(days))

    def since_activity(self) -> int | None:
        """How many days ago they did anything; None for never."""
        return self.today.toordinal() - self._ordinals[-1] if self._ordinals else None

    def purchase_days(self) -> list[date]:
        """The days with a purchase, in order."""
        return [day.day for day in self._days if day.purchases]

    def since_purchase(self) -> int | None:
        """How many days ago they bought anything; None for never."""
        for day in reversed(self._days):
            if day.purchases:
                return (self.today - day.day).days
        return None
