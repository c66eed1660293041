"""`member_contacts`: a member's email address, which nobody else is shown, and `push_subscriptions`: the browsers that they are
pushed to."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from storage.mongo import (
    ASCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    write,
)

COLLECTION = "member_contacts"
SUBSCRIPTIONS = "push_subscriptions"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("asked.email", ASCENDING)],
            partial={"asked.email": {"$exists": True}},
        ),
    ],
    SUBSCRIPTIONS: [
        Index([("member_id", ASCENDING), ("at", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
}


@record(frozen=True, slots=True)
class Asked:
    """An address that waits to be confirmed, by a code that comes of the programme's secret and `salt`. `tries`: wrong codes
    given."""

    email: str
    salt: bytes
    until: datetime
    tries: int = 0


@record(frozen=True, slots=True)
class Contact:
    """`email`: the address that was confirmed, if any; `bounced`: what the mail server said when it refused it for good. `asks`: when
    codes were asked for lately."""

    member_id: bytes
    programme_id: str
    email: str | None = None
    confirmed_at: datetime | None = None
    bounced: str | None = None
    asked: Asked | None = None
    asks: tuple[datetime, ...] = ()

    def asks_since(self, at: datetime) -> list[datetime]:
        """When codes were asked for after that."""
        return [one for one in self.asks if one > at]


@record(frozen=True, slots=True)
class Subscription:
    """A browser, as its push service knows it. `p256dh` and `auth`: what messages to it are encrypted with (RFC 8291)."""

    id: bytes
    programme_id: str
    member_id: bytes
    endpoint: str
    p256dh: str
    auth: str
    at: datetime
    expires_at: datetime | None = None


def subscription_id(programme_id: str, endpoint: str) -> bytes:
    """There is one of an address."""
    return derived_id("push_subscription", programme_id, endpoint)


ASKS_KEPT = timedelta(days=1)


class ContactRepository:
    """Contacts of all programmes, by member."""

    def __init__(self, mongo: Mongo) -> None:
        self._contacts = mongo.collection(COLLECTION)
        self._browsers = mongo.collection(SUBSCRIPTIONS)

    async def by_ids(self, member_ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Contact]:
        """Those that there are."""
        rows = await find_by_ids(self._contacts, member_ids, tx)
        return {key: _from(row) for key, row in rows.items()}

    async def save(self, contact: Contact, tx: Tx) -> None:
        """Keep it as it is now."""
        row = _to(contact)
        await write(self._contacts, [ReplaceOne({"_id": row["_id"]}, row, upsert=True)], tx)

    async def delete(self, member_id: bytes, tx: Tx) -> bool:
        """Forget it; whether there was one."""
        found = await self._contacts.delete_one({"_id": member_id}, session=tx.session)
        return bool(found.deleted_count)

    async def asked_of(self, programme_id: str, email: str, since: datetime, tx: Tx) -> int:
        """How many members wait to confirm that address, of those who asked for a code that is good after `since`."""
        query = {"programme_id": programme_id, "asked.email": email, "asked.until": {"$gt": since}}
        return int(await self._contacts.count_documents(query, session=tx.session))

    async def bounce(self, member_id: bytes, email: str, said: str) -> None:
        """Note that the mail server refuses the address for good, unless the member has another since."""
        await self._contacts.update_one({"_id": member_id, "email": email}, {"$set": {"bounced": said[:500]}})

    # -- browsers

    async def browsers(
        self, member_ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, list[Subscription]]:
        """These members' browsers, oldest first."""
        query = {"member_id": {"$in": list(member_ids)}}
        rows = self._browsers.find(query, session=tx.session if tx else None).sort("at", ASCENDING)
        found: dict[bytes, list[Subscription]] = {}
        for row in await rows.to_list(None):
            found.setdefault(row["member_id"], []).append(_browser(row))
        return found

    async def browser(self, found: bytes, tx: Tx) -> Subscription | None:
        """One."""
        rows = await find_by_ids(self._browsers, [found], tx)
        return _browser(rows[found]) if found in rows else None

    async def save_browser(self, one: Subscription, tx: Tx) -> None:
        """Keep it; whoever's it was before, it is this member's now."""
        row: Document = {
            "_id": one.id,
            "programme_id": one.programme_id,
            "member_id": one.member_id,
            "endpoint": one.endpoint,
            "p256dh": one.p256dh,
            "auth": one.auth,
            "at": one.at,
        }
        if one.expires_at is not None:
            row["expires_at"] = one.expires_at
        await write(self._browsers, [ReplaceOne({"_id": one.id}, row, upsert=True)], tx)

    async def delete_browsers(self, ids: Sequence[bytes], tx: Tx | None = None) -> int:
        """Forget these; how many there were."""
        found = await self._browsers.delete_many(
            {"_id": {"$in": list(ids)}}, session=tx.session if tx else None
        )
        return int(found.deleted_count)


def _to(one: Contact) -> Document:
    document: Document = {"_id": one.member_id, "programme_id": one.programme_id, "asks": list(one.asks)}
    for name in ("email", "confirmed_at", "bounced"):
        if (value := getattr(one, name)) is not None:
            document[name] = value
    if one.asked is not None:
        document["asked"] = {
            "email": one.asked.email,
            "salt": one.asked.salt,
            "until": one.asked.until,
            "tries": one.asked.tries,
        }
    return document


def _from(row: Document) -> Contact:
    asked = row.get("asked")
    return Contact(
        row["_id"],
        row["programme_id"],
        row.get("email"),
        row.get("confirmed_at"),
        row.get("bounced"),
        Asked(asked["email"], asked["salt"], asked["until"], asked["tries"]) if asked else None,
        tuple(row["asks"]),
    )


def _browser(row: Document) -> Subscription:
    return Subscription(
        row["_id"],
        row["programme_id"],
        row["member_id"],
        row["endpoint"],
        row["p256dh"],
        row["auth"],
        row["at"],
        row.get("expires_at"),
    )
