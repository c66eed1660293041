"""Endpoints, the programme's events, and the deliveries of each event to each endpoint."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record

ENDPOINTS_MAX = 10
DESCRIPTION_MAX = 200
PARALLEL_MAX = 16
KEPT = timedelta(days=30)
"""How long events and deliveries are kept."""
OVERLAP_HOURS_MAX = 168
SECRETS_MAX = 3
ATTEMPTS_KEPT = 20
EXCERPT_BYTES = 1024


class DisabledBecause(StrEnum):
    """OPERATOR: somebody disabled it, or made it so. GONE: it answered 410. FAILING: nothing succeeded for days."""

    OPERATOR = "operator"
    GONE = "gone"
    FAILING = "failing"


class DeliveryState(StrEnum):
    """PENDING until an attempt SUCCEEDED, or the last one FAILED. CANCELLED: left out when its endpoint was enabled again."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@record(frozen=True, slots=True)
class Secret:
    """What signs. `sealed` is as `community.outbound.sealing` keeps it; `expires_at` once another took its place."""

    sealed: bytes
    made_at: datetime
    expires_at: datetime | None = None


@record(frozen=True, slots=True)
class Endpoint:
    """Where a programme's events are sent. `types` None is all; `cursor` the number of the last event that it was given;
    `parallel` how many requests may be open at once. `failing_since` and `failures` are since anything last succeeded;
    until `paused_until` it asked to be left alone. `secrets` newest first. `marks` counts the times that it was woken."""

    id: bytes
    programme_id: str
    url: str
    description: str
    types: tuple[str, ...] | None
    enabled: bool
    parallel: int
    made_at: datetime
    cursor: int
    secrets: tuple[Secret, ...]
    disabled_at: datetime | None = None
    disabled_because: DisabledBecause | None = None
    failing_since: datetime | None = None
    failures: int = 0
    paused_until: datetime | None = None
    marks: int = 0

    def takes(self, type_name: str) -> bool:
        """Whether it is sent events of that type."""
        return self.types is None or type_name in self.types


@record(frozen=True, slots=True)
class Event:
    """Something that happened, at `at`. `number` is its place in the programme's order, without gaps; a test event, which is
    one endpoint's alone, has none. `data` as it is sent, without the member, who is named by what they are when it is."""

    id: bytes
    programme_id: str
    number: int | None
    type: str
    at: datetime
    kept_at: datetime
    member_id: bytes | None
    data: Mapping[str, Any]

    @property
    def webhook_id(self) -> str:
        """The `webhook-id` of every attempt to every endpoint."""
        return f"evt_{self.id.hex()}"


@record(frozen=True, slots=True)
class Attempt:
    """One request. `status` is the answer's, or None with the `error` why there was none; `excerpt` how its body begins."""

    at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    excerpt: str | None

    @property
    def is_success(self) -> bool:
        """Whether the endpoint took it."""
        return self.status is not None and 200 <= self.status < 300


@record(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. `tries` counts the attempts since it was last asked for, `made` all of them, of
    which `attempts` are the last; `number` is 0 for a test event. `due_at` is the next attempt, while PENDING."""

    id: bytes
    programme_id: str
    endpoint_id: bytes
    event_id: bytes
    member_id: bytes | None
    number: int
    type: str
    state: DeliveryState
    made_at: datetime
    due_at: datetime | None
    tries: int = 0
    made: int = 0
    attempts: tuple[Attempt, ...] = ()
    ended_at: datetime | None = None


@record(frozen=True, slots=True)
class Noted:
    """What became of an attempt at a delivery as it was read: its state from now on, and its next attempt."""

    delivery: Delivery
    attempt: Attempt
    state: DeliveryState
    due_at: datetime | None = None


def delivery_id(endpoint_id: bytes, event_id: bytes) -> bytes:
    """One for each event and endpoint."""
    return derived_id("webhook delivery", endpoint_id, event_id)
