"""When a delivery is tried again, and when an endpoint is given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.outbound.client import Response
from community.webhooks.attempting import judge
from community.webhooks.model import Attempt, Delivery, DeliveryState, Endpoint
from community.webhooks.schedule import (
    FAILING_FOR,
    JITTER,
    PAUSES,
    RETRY_AFTER_MAX,
    fails_for_good,
    pause_after,
    retry_after,
)
from gamification.kit.records import evolve

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DELIVERY = Delivery(b"d", "p", b"e", b"v", None, 1, "badge.awarded", DeliveryState.PENDING, NOW, NOW)
ENDPOINT = Endpoint(b"e", "p", "https://shop.example/", "", None, True, 4, NOW, 0, ())


@given(st.binary(min_size=16, max_size=16), st.integers(1, len(PAUSES)))
def test_pauses_grow_and_are_the_same_for_the_same_delivery(found: bytes, tries: int) -> None:
    pause = pause_after(found, tries)
    assert pause is not None
    assert pause == pause_after(found, tries)
    assert abs(pause / PAUSES[tries - 1] - 1) <= JITTER


def test_what_failed_together_is_not_tried_together() -> None:
    assert len({pause_after(bytes([number]) * 16, 2) for number in range(50)}) == 50


def test_there_are_eight_attempts_in_a_day_and_a_bit() -> None:
    assert pause_after(b"d", len(PAUSES) + 1) is None
    assert len(PAUSES) == 7
    assert timedelta(hours=24) < sum(PAUSES, timedelta()) < timedelta(hours=30)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0),
        (" 120 ", 120),
        ("9" * 50, RETRY_AFTER_MAX.total_seconds()),
        ("Sat, 21 Nov 2026 12:05:00 GMT", 300),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 21 Nov 2050 12:05:00 GMT", RETRY_AFTER_MAX.total_seconds()),
        ("Sat, 99 Nov 2026 12:05:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_within_bounds(
    stated: str | None, seconds: float | None
) -> None:
    found = retry_after(stated, NOW)
    assert (found.total_seconds() if found is not None else None) == seconds


@pytest.mark.parametrize(("status", "heeded"), [(429, True), (503, True), (500, False), (301, False)])
def test_only_who_is_overloaded_is_asked_when(status: int, heeded: bool) -> None:
    answer = Response(status, {"retry-after": "1800"}, b"", is_cut=False)
    outcome = judge(DELIVERY, Attempt(NOW, 1, status, None, None), answer, NOW)
    assert outcome.state is DeliveryState.PENDING
    assert outcome.due_at is not None
    assert (outcome.due_at - NOW >= timedelta(minutes=30)) is heeded
    assert (outcome.pause_until is not None) is heeded


def test_a_failing_endpoint_is_given_up_after_days_and_enough_attempts() -> None:
    failing = evolve(ENDPOINT, failing_since=NOW, failures=10)
    assert not fails_for_good(failing, NOW + FAILING_FOR - timedelta(seconds=1))
    assert fails_for_good(failing, NOW + FAILING_FOR)
    assert not fails_for_good(evolve(failing, failures=9), NOW + FAILING_FOR)
    assert not fails_for_good(ENDPOINT, NOW + FAILING_FOR)
