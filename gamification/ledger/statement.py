"""Statements of an account by month or year: pure, from sums by period and kind of transfer."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.periods import Cycle, Period, period_at, period_of_key
from gamification.kit.records import record
from gamification.ledger.model import TransferKind

LINES_MAX = 60
"""Of one statement: five years of months."""


class StatementCycle(StrEnum):
    """How long a line of a statement is."""

    MONTHLY = "monthly"
    YEARLY = "yearly"

    @property
    def cycle(self) -> Cycle:
        """The calendar cycle it follows."""
        return Cycle(self.value)


class StatementBasis(StrEnum):
    """In which period an entry counts: that in which what caused it happened, or that in which it was written."""

    OCCURRED = "occurred"
    RECORDED = "recorded"


@record(frozen=True, slots=True)
class StatementLine:
    """What moved in one period, signed as the member sees it: `opening` and all of `moved` make `closing`.

    `moved` are sums by kind of transfer; `entries` counts the transfers.
    """

    period: Period
    opening: int
    moved: Mapping[TransferKind, int]
    entries: int

    @property
    def closing(self) -> int:
        """The active balance at the period's end."""
        return self.opening + sum(self.moved.values())


@record(frozen=True, slots=True)
class Movement:
    """The transfers of one kind in one period; `period` is None for all that came before the first one."""

    period: str | None
    kind: TransferKind
    amount: int
    entries: int


def periods_between(cycle: Cycle, first: str, last: str, time_zone: str) -> list[Period]:
    """The periods from one key to another, both included.

    Raises: InvalidInput for keys that name none, in the wrong order, or more than LINES_MAX apart.
    """
    period, end = period_of_key(cycle, first, time_zone), period_of_key(cycle, last, time_zone)
    if first > last:
        raise InvalidInput(f"{first} comes after {last}.", path=["from"])
    found = [period]
    while period.key != end.key:
        if len(found) == LINES_MAX:
            raise InvalidInput(
                f"A statement has at most {LINES_MAX} periods.",
                code=ErrorCode.TOO_LARGE,
                path=["from"],
                limit=LINES_MAX,
            )
        period = _next(cycle, period, time_zone)
        found.append(period)
    return found


def periods_until(cycle: Cycle, last: Period, count: int, time_zone: str) -> list[Period]:
    """`count` periods that end with `last`, in order."""
    found = [last]
    while len(found) < count:
        starts_at = found[0].starts_at
        assert starts_at is not None  # noqa: S101 - calendar periods begin
        found.insert(0, period_at(cycle, starts_at - timedelta(seconds=1), time_zone))
    return found


def lines(periods: Sequence[Period], movements: Sequence[Movement]) -> list[StatementLine]:
    """One line a period, each opening with what the one before closed with."""
    balance = sum(m.amount for m in movements if m.period is None)
    found: list[StatementLine] = []
    for period in periods:
        within = [m for m in movements if m.period == period.key]
        line = StatementLine(
            period, balance, {m.kind: m.amount for m in within}, sum(m.entries for m in within)
        )
        found.append(line)
        balance = line.closing
    return found


def _next(cycle: Cycle, period: Period, time_zone: str) -> Period:
    assert period.ends_at is not None  # noqa: S101 - calendar periods end
    return period_at(cycle, period.ends_at, time_zone)
