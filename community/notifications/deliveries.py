"""`notification_deliveries`: what became of each notification by email and by push, a document each. Kept for KEPT_S.

What is to be sent is leased before it is sent, so that of many workers one sends it; one that dies while sending leaves the lease to
run out, after which it is sent again under the same name.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from community.notifications.repository import KEPT_S
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions.notifications import Channel, NotificationKind
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    Tx,
    UpdateOne,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

COLLECTION = "notification_deliveries"
INDEXES = {
    COLLECTION: [
        Index([("due_at", ASCENDING)], partial={"due_at": {"$exists": True}}),
        Index([("member_id", ASCENDING), ("state", ASCENDING), ("_id", ASCENDING)]),
        Index([("programme_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("notification_id", ASCENDING)]),
        Index([("at", ASCENDING)], expire_after_s=KEPT_S),
    ]
}
LATEST: list[tuple[str, int]] = [("at", -1), ("_id", -1)]
LEASE = timedelta(minutes=2)
_BACKOFF_MAX = timedelta(hours=6)
ATTEMPTS_MAX = 10
"""About a day after the first one."""


class DeliveryState(StrEnum):
    """QUEUED: to be sent now. DEFERRED: the member's quiet hours come first. HELD: for the next digest. SENT: taken by the mail
    server or the push service. FAILED: it never will be. SUPPRESSED: it was not to be sent."""

    QUEUED = "queued"
    DEFERRED = "deferred"
    HELD = "held"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Reason(StrEnum):
    """Why something was not sent, or not yet."""

    PREFERENCE = "preference"
    NO_ADDRESS = "no_address"
    BOUNCING = "bouncing"
    CAP = "cap"
    QUIET_HOURS = "quiet_hours"
    READ = "read"
    NOT_VISIBLE = "not_visible"
    MEMBER_GONE = "member_gone"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@record(frozen=True, slots=True)
class Delivery:
    """A notification by one way. `digest`: the day or week of the digest that this is, of which it has no notification.
    `detail`: what the other side said, at most 500 characters. `leased_until`: until then somebody is sending it."""

    id: bytes
    programme_id: str
    member_id: bytes
    channel: Channel
    state: DeliveryState
    at: datetime
    kind: NotificationKind | None = None
    notification_id: bytes | None = None
    digest: str | None = None
    digest_id: bytes | None = None
    reason: Reason | None = None
    detail: str | None = None
    due_at: datetime | None = None
    leased_until: datetime | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    done: tuple[bytes, ...] = ()
    """The push subscriptions that have it already."""


def delivery_id(notice_id: bytes, channel: Channel) -> bytes:
    """There is one of a happening and a way."""
    return derived_id("delivery", notice_id, channel.value)


def digest_id(member_id: bytes, key: str) -> bytes:
    """There is one of a member's day or week."""
    return derived_id("digest", member_id, key)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: a minute, then twice as long each time, six hours at most."""
    return min(timedelta(minutes=2 ** min(max(attempts - 1, 0), 10)), _BACKOFF_MAX)


class DeliveryRepository:
    """Deliveries of all programmes."""

    def __init__(self, mongo: Mongo) -> None:
        self._deliveries = mongo.collection(COLLECTION)

    async def add(self, deliveries: Sequence[Delivery], tx: Tx) -> None:
        """Keep new ones."""
        await insert(self._deliveries, [_to(one) for one in deliveries], tx)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Delivery]:
        """Deliveries by id; those of other programmes are absent."""
        rows = await find_by_ids(self._deliveries, ids, tx)
        return {key: delivery_from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def lease(self, now: datetime, programme_id: str | None = None) -> Delivery | None:
        """One that is due, of all programmes or one, to be sent by the caller alone until the lease ends; the longest due first."""
        of = {"programme_id": programme_id} if programme_id is not None else {}
        row = await self._deliveries.find_one_and_update(
            {"due_at": {"$lte": now}, **of},
            {"$set": {"due_at": now + LEASE, "leased_until": now + LEASE}, "$inc": {"attempts": 1}},
            sort=[("due_at", ASCENDING)],
            return_document=True,
        )
        return delivery_from(row) if row else None

    async def finish(
        self,
        delivery: Delivery,
        state: DeliveryState,
        now: datetime,
        *,
        reason: Reason | None = None,
        detail: str | None = None,
    ) -> bool:
        """Note what became of a leased one; False where somebody else has it since."""
        stated: Document = {"state": state.value, "attempts": delivery.attempts}
        if state is DeliveryState.SENT:
            stated["sent_at"] = now
        stated |= {"reason": reason.value} if reason is not None else {}
        stated |= {"detail": detail[:500]} if detail else {}
        gone = {"due_at": "", "leased_until": ""} | ({} if reason is not None else {"reason": ""})
        found = await self._deliveries.update_one(
            {"_id": delivery.id, "leased_until": delivery.leased_until}, {"$set": stated, "$unset": gone}
        )
        if found.modified_count and delivery.digest is not None:
            await self._deliveries.update_many(
                {
                    "member_id": delivery.member_id,
                    "digest_id": delivery.id,
                    "state": DeliveryState.HELD.value,
                },
                {"$set": {name: stated[name] for name in stated if name != "attempts"}},
            )
        return bool(found.modified_count)

    async def postpone(
        self,
        delivery: Delivery,
        until: datetime,
        *,
        reason: Reason | None = None,
        detail: str | None = None,
        deferred: bool = False,
    ) -> None:
        """Send a leased one later. `deferred`: nobody has tried, and it counts as no attempt."""
        state = DeliveryState.DEFERRED if deferred else DeliveryState.QUEUED
        stated: Document = {"due_at": until, "state": state.value}
        stated |= {"reason": reason.value} if reason is not None else {}
        stated |= {"detail": detail[:500]} if detail else {}
        stated |= {"attempts": delivery.attempts - 1} if deferred else {}
        await self._deliveries.update_one(
            {"_id": delivery.id, "leased_until": delivery.leased_until},
            {"$set": stated, "$unset": {"leased_until": ""}},
        )

    async def note_done(self, delivery: Delivery, subscription_id: bytes) -> None:
        """One of the member's browsers has it."""
        await self._deliveries.update_one({"_id": delivery.id}, {"$addToSet": {"done": subscription_id}})

    async def held(self, member_id: bytes, limit: int, tx: Tx | None = None) -> list[Delivery]:
        """What waits for a member's next digest, in no order."""
        query = {"member_id": member_id, "state": DeliveryState.HELD.value, "digest_id": {"$exists": False}}
        rows = self._deliveries.find(query, session=tx.session if tx else None).limit(limit)
        return [delivery_from(row) for row in await rows.to_list(None)]

    async def in_digest(self, member_id: bytes, digest_id: bytes) -> list[Delivery]:
        """What a digest is of."""
        query = {"member_id": member_id, "state": DeliveryState.HELD.value, "digest_id": digest_id}
        return [delivery_from(row) for row in await self._deliveries.find(query).to_list(None)]

    async def put_in(self, digest: bytes, deliveries: Sequence[Delivery], tx: Tx) -> None:
        """Let these be what that digest is of."""
        models = [UpdateOne({"_id": one.id}, {"$set": {"digest_id": digest}}) for one in deliveries]
        await write(self._deliveries, models, tx)

    async def release(self, member_id: bytes, now: datetime, tx: Tx) -> None:
        """Send by themselves what waits for a digest that will not be."""
        query = {"member_id": member_id, "state": DeliveryState.HELD.value, "digest_id": {"$exists": False}}
        await self._deliveries.update_many(
            query, {"$set": {"state": DeliveryState.QUEUED.value, "due_at": now}}, session=tx.session
        )

    async def page(self, query: Mapping[str, Any], window: Window) -> Page[Delivery]:
        """Those that match, latest first."""
        page = await find_page(self._deliveries, query, LATEST, window)
        return Page(
            [delivery_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def of_notification(self, notification_id: bytes) -> list[Delivery]:
        """What became of one, by each way."""
        rows = self._deliveries.find({"notification_id": notification_id})
        return [delivery_from(row) for row in await rows.to_list(None)]

    async def counts(self, now: datetime) -> tuple[int, timedelta]:
        """How many are due in all programmes, at most 10,000, and how late the first is."""
        count = await self._deliveries.count_documents({"due_at": {"$lte": now}}, limit=10_000)
        row = await self._deliveries.find_one(
            {"due_at": {"$lte": now}}, ["due_at"], sort=[("due_at", ASCENDING)]
        )
        return int(count), now - row["due_at"] if row else timedelta()


def _to(one: Delivery) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "channel": one.channel.value,
        "state": one.state.value,
        "at": one.at,
        "attempts": one.attempts,
    }
    for name in ("kind", "reason"):
        if (stated := getattr(one, name)) is not None:
            document[name] = stated.value
    for name in ("notification_id", "digest", "digest_id", "detail", "due_at", "leased_until", "sent_at"):
        if (value := getattr(one, name)) is not None:
            document[name] = value
    return document


def delivery_from(row: Document) -> Delivery:
    """As it was stored."""
    return Delivery(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        channel=Channel(row["channel"]),
        state=DeliveryState(row["state"]),
        at=row["at"],
        kind=NotificationKind(row["kind"]) if "kind" in row else None,
        notification_id=row.get("notification_id"),
        digest=row.get("digest"),
        digest_id=row.get("digest_id"),
        reason=Reason(row["reason"]) if "reason" in row else None,
        detail=row.get("detail"),
        due_at=row.get("due_at"),
        leased_until=row.get("leased_until"),
        attempts=row["attempts"],
        sent_at=row.get("sent_at"),
        done=tuple(row.get("done", ())),
    )
