from datetime import UTC, datetime
from typing import Any

import pytest

from gamification.kit.errors import InvalidInput
from gamification.kit.periods import Cycle, period_of_key
from gamification.ledger.liability import Flow
from gamification.ledger.model import TransferKind
from gamification.ledger.statement import LINES_MAX, Movement, lines, periods_between, periods_until

K = TransferKind


def keys(periods: list[Any]) -> list[str]:
    return [period.key for period in periods]


def test_each_line_opens_with_what_the_one_before_closed_with() -> None:
    periods = periods_between(Cycle.MONTHLY, "2026-01", "2026-03", "UTC")
    moved = [
        Movement(None, K.EARNED, 10, 2),
        Movement(None, K.SPENT, -4, 1),
        Movement("2026-01", K.EARNED, 5, 1),
        Movement("2026-03", K.EXPIRED, -3, 1),
        Movement("2026-03", K.REVERSED, -5, 1),
    ]

    found = lines(periods, moved)

    assert [(line.opening, line.closing, line.entries) for line in found] == [
        (6, 11, 1),
        (11, 11, 0),
        (11, 3, 2),
    ]
    assert found[2].moved == {K.EXPIRED: -3, K.REVERSED: -5}


def test_months_and_years_follow_each_other() -> None:
    last = period_of_key(Cycle.MONTHLY, "2026-02", "Asia/Shanghai")

    assert keys(periods_between(Cycle.MONTHLY, "2025-11", "2026-02", "Asia/Shanghai")) == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]
    assert keys(periods_between(Cycle.YEARLY, "2024", "2026", "UTC")) == ["2024", "2025", "2026"]
    assert keys(periods_until(Cycle.MONTHLY, last, 3, "Asia/Shanghai")) == ["2025-12", "2026-01", "2026-02"]


@pytest.mark.parametrize(
    ("cycle", "first", "last"),
    [
        (Cycle.MONTHLY, "2026-02", "2026-01"),
        (Cycle.MONTHLY, "2026", "2026-01"),
        (Cycle.YEARLY, "2026-01", "2026-01"),
        (Cycle.MONTHLY, "2020-01", "2026-01"),
        (Cycle.MONTHLY, "2026-13", "2027-01"),
    ],
)
def test_periods_that_make_no_sense_are_refused(cycle: Cycle, first: str, last: str) -> None:
    with pytest.raises(InvalidInput):
        periods_between(cycle, first, last, "UTC")


def test_sixty_lines_are_the_most() -> None:
    assert len(periods_between(Cycle.MONTHLY, "2021-01", "2025-12", "UTC")) == LINES_MAX
    with pytest.raises(InvalidInput) as refused:
        periods_between(Cycle.MONTHLY, "2021-01", "2026-01", "UTC")
    assert refused.value.limit == LINES_MAX


def test_breakage_is_the_share_of_what_left_that_lapsed() -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    flow = Flow("points", day, day, {K.EARNED: 100, K.ADJUSTED: 5}, {K.SPENT: -30, K.EXPIRED: -10})

    assert (flow.issued, flow.spent, flow.expired, flow.breakage) == (105, 30, 10, 0.25)
    assert Flow("points", day, day, {}, {}).breakage is None
