"""When to try again, when to give up, and when an endpoint is given up: pure. Source: the Standard Webhooks specification."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from community.webhooks.model import Endpoint

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""After the first attempt, the second, and so on: eight attempts in about 28 hours."""
JITTER = 0.1
"""Of a pause, either way, so that what failed together is not tried together."""
RETRY_AFTER_MAX = timedelta(hours=1)
THROTTLED = (429, 503)
"""The answers whose `Retry-After` is heeded, and holds for all that the endpoint is sent."""
GONE = 410
FAILING_FOR = timedelta(days=5)
FAILURES_LEAST = 10
"""An endpoint is disabled that took nothing for five days, in ten attempts or more."""


def pause_after(delivery_id: bytes, tries: int) -> timedelta | None:
    """How long after that many failed attempts the next one comes; None where there is none. The same for the same delivery."""
    if tries > len(PAUSES):
        return None
    drawn = int.from_bytes(blake2b(delivery_id + bytes([tries]), digest_size=8).digest(), "big") / 2**64
    return PAUSES[tries - 1] * (1 + JITTER * (2 * drawn - 1))


def retry_after(stated: str | None, now: datetime) -> timedelta | None:
    """How long an answer asks to wait, an hour at most: seconds, or an HTTP date. None where it states nothing readable."""
    if stated is None:
        return None
    text = stated.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**8)), RETRY_AFTER_MAX)
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
    return min(max(until - now, timedelta()), RETRY_AFTER_MAX)


def fails_for_good(endpoint: Endpoint, now: datetime) -> bool:
    """Whether the endpoint has taken nothing for so long that it is disabled."""
    since = endpoint.failing_since
    return since is not None and endpoint.failures >= FAILURES_LEAST and now - since >= FAILING_FOR
