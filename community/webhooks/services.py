"""All of webhooks, wired."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from community.outbound.client import GuardedClient
from community.outbound.sealing import Sealer
from community.oversight.repository import StatementRepository
from community.webhooks import deliveries, endpoints, events
from community.webhooks.attempting import Attempting
from community.webhooks.deliveries import DeliveryRepository
from community.webhooks.endpoints import EndpointRepository
from community.webhooks.events import EventLog
from community.webhooks.reading import WebhookReading
from community.webhooks.recording import EventRecording
from community.webhooks.sending import Sender
from community.webhooks.service import EndpointService
from community.webhooks.shapes import IdOf
from gamification.activity.repository import ActivityRepository
from gamification.settlement.unit import Stores

INDEXES = {**endpoints.INDEXES, **events.INDEXES, **deliveries.INDEXES}


@dataclass(frozen=True, slots=True)
class Webhooks:
    """One of each; `recording` follows what is settled, `sender` is run by workers."""

    endpoints: EndpointService
    reading: WebhookReading
    recording: EventRecording
    sender: Sender


def build_webhooks(
    stores: Stores,
    activities: ActivityRepository,
    statements: StatementRepository,
    outbound: GuardedClient,
    sealer: Sealer,
    id_of: IdOf,
    now: Callable[[], datetime],
) -> Webhooks:
    """Wire them; opens no connection yet."""
    kept = EndpointRepository(stores.mongo)
    log, sent = EventLog(stores.mongo, kept), DeliveryRepository(stores.mongo)
    attempting = Attempting(outbound, sealer, id_of, now)
    return Webhooks(
        EndpointService(stores.mongo, kept, log, sent, outbound.rules, sealer, id_of, now),
        WebhookReading(kept, log, sent, stores.members, id_of, now),
        EventRecording(stores, activities, statements, kept, log, id_of, now),
        Sender(kept, log, sent, stores.members, attempting, id_of, now),
    )
