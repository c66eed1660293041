"""`notifications`: what an inbox shows; in `notification_items` the happenings that each is made of, numbered without a gap; and
in `notification_heads` where each inbox ends. All are kept for KEPT_S after they happened last."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from community.notifications.model import ACTORS_KEPT, Head, Item, Notification
from gamification.programmes.definitions.notifications import NotificationKind
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    UpdateOne,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

COLLECTION = "notifications"
ITEMS = "notification_items"
HEADS = "notification_heads"
KEPT_S = 90 * 24 * 3600
ORDER: list[tuple[str, int]] = [("last", -1)]
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING), ("last", DESCENDING)]),
        Index(
            [("member_id", ASCENDING), ("unread", ASCENDING), ("last", DESCENDING)],
            partial={"unread": True},
        ),
        # Two that begin the same group at once conflict.
        Index([("member_id", ASCENDING), ("key", ASCENDING)], unique=True, partial={"open": True}),
        Index([("at", ASCENDING)], expire_after_s=KEPT_S),
        Index([("programme_id", ASCENDING)]),
    ],
    ITEMS: [
        Index(
            [("member_id", ASCENDING), ("number", ASCENDING)],
            unique=True,
            partial={"number": {"$exists": True}},
        ),
        Index([("notification_id", ASCENDING), ("actor_id", ASCENDING)]),
        Index([("actor_id", ASCENDING)], partial={"actor_id": {"$exists": True}}),
        Index([("at", ASCENDING)], expire_after_s=KEPT_S),
        Index([("programme_id", ASCENDING)]),
    ],
    HEADS: [Index([("programme_id", ASCENDING)])],
}


class NotificationRepository:
    """Inboxes of all programmes; each query is of one member's, or by ids."""

    def __init__(self, mongo: Mongo) -> None:
        self._shown = mongo.collection(COLLECTION)
        self._items = mongo.collection(ITEMS)
        self._heads = mongo.collection(HEADS)

    # -- writing

    async def known(self, ids: Sequence[bytes], tx: Tx) -> set[bytes]:
        """Which of these happenings are there."""
        return set(await find_by_ids(self._items, ids, tx, ["_id"]))

    async def heads(self, member_ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Head]:
        """Where inboxes end, by member; those of who was never told anything are absent."""
        rows = await find_by_ids(self._heads, member_ids, tx)
        return {key: Head(row["number"], row.get("seen", 0)) for key, row in rows.items()}

    async def open_groups(
        self, keys: Sequence[tuple[bytes, str]], tx: Tx
    ) -> dict[tuple[bytes, str], Notification]:
        """Groups that take more, by member and key."""
        if not keys:
            return {}
        query = {"open": True, "$or": [{"member_id": member, "key": key} for member, key in keys]}
        rows = await self._shown.find(query, session=tx.session).to_list(None)
        return {(row["member_id"], row["key"]): notification_from(row) for row in rows}

    async def save(
        self,
        programme_id: str,
        notifications: Sequence[Notification],
        items: Sequence[Item],
        heads: Mapping[bytes, int],
        tx: Tx,
    ) -> None:
        """Keep what was told, and where the inboxes end now."""
        await write(
            self._heads,
            [
                UpdateOne(
                    {"_id": key}, {"$set": {"programme_id": programme_id, "number": number}}, upsert=True
                )
                for key, number in heads.items()
            ],
            tx,
        )
        await write(
            self._shown, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in notifications], tx
        )
        await insert(self._items, [_item_to(one) for one in items], tx)

    async def mark(
        self,
        programme_id: str,
        member_id: bytes,
        which: Mapping[str, Any],
        *,
        read: bool | None = None,
        archived: bool | None = None,
        at: datetime,
        tx: Tx,
    ) -> None:
        """Note as read or archived, or not; what is read or archived takes no more happenings."""
        query: Document = {"programme_id": programme_id, "member_id": member_id, **which}
        if read is False or archived is False:
            back = "read_at" if read is False else "archived_at"
            await self._shown.update_many(query, [{"$unset": back}, _UNREAD_AGAIN], session=tx.session)
            return
        done = "read_at" if read else "archived_at"
        await self._shown.update_many(
            {**query, done: {"$exists": False}},
            {"$set": {done: at}, "$unset": {"unread": "", "open": ""}},
            session=tx.session,
        )

    async def see(self, programme_id: str, member_id: bytes, number: int, tx: Tx) -> None:
        """Note that a member has looked through their inbox up to there."""
        await self._heads.update_one(
            {"_id": member_id, "programme_id": programme_id}, {"$max": {"seen": number}}, session=tx.session
        )

    async def void(self, item_id: bytes, tx: Tx, *, is_void: bool) -> bytes | None:
        """Note that something is not so any more, or is again; the notification that this changes."""
        before = {"$ne": True} if is_void else True
        row: Document | None = await self._items.find_one_and_update(
            {"_id": item_id, "void": before},
            {"$set": {"void": True}} if is_void else {"$unset": {"void": ""}},
            session=tx.session,
        )
        if row is None:
            return None
        found: bytes = row["notification_id"]
        await self._recount(found, tx)
        return found

    async def _recount(self, notification_id: bytes, tx: Tx) -> None:
        """Let a notification be of what it still is of."""
        query = {"notification_id": notification_id, "void": {"$ne": True}}
        rows = await self._items.find(query, session=tx.session).sort("at", DESCENDING).to_list(None)
        actors = list(dict.fromkeys(row["actor_id"] for row in rows if "actor_id" in row))
        change: Document = {"count": len(actors) if actors else len(rows), "actors": actors[:ACTORS_KEPT]}
        if rows and "comment_id" in rows[0]:
            change["comment_id"] = rows[0]["comment_id"]
        await self._shown.update_one({"_id": notification_id}, {"$set": change}, session=tx.session)

    async def acted(self, pairs: Sequence[tuple[bytes, bytes]], tx: Tx) -> set[tuple[bytes, bytes]]:
        """Which of these actors stand in these notifications, of (notification, actor)."""
        if not pairs:
            return set()
        query = {"$or": [{"notification_id": one, "actor_id": actor} for one, actor in pairs]}
        rows = self._items.find({**query, "void": {"$ne": True}}, session=tx.session)
        return {(row["notification_id"], row["actor_id"]) for row in await rows.to_list(None)}

    # -- reading

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Notification]:
        """Notifications by id; those of other programmes are absent."""
        rows = await find_by_ids(self._shown, ids, tx)
        return {
            key: notification_from(row) for key, row in rows.items() if row["programme_id"] == programme_id
        }

    async def page(self, member_id: bytes, query: Mapping[str, Any], window: Window) -> Page[Notification]:
        """A member's, latest first."""
        page = await find_page(
            self._shown, {"member_id": member_id, "last": {"$exists": True}, **query}, ORDER, window
        )
        return Page(
            [notification_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def unread(self, member_id: bytes, limit: int, after: int = 0) -> list[Notification]:
        """The latest that a member has not read."""
        query = {"member_id": member_id, "unread": True, "last": {"$gt": after}}
        rows = await self._shown.find(query).sort("last", DESCENDING).limit(limit).to_list(None)
        return [notification_from(row) for row in rows]

    async def after(self, member_id: bytes, number: int, limit: int) -> list[Item]:
        """The happenings after that number, oldest first."""
        query = {"member_id": member_id, "number": {"$gt": number}}
        rows = await self._items.find(query).sort("number", ASCENDING).limit(limit).to_list(None)
        return [item_from(row) for row in rows]

    async def counted_of(
        self, notification_ids: Sequence[bytes], actor_ids: Sequence[bytes]
    ) -> dict[bytes, int]:
        """How many of these actors stand in each of these."""
        if not notification_ids or not actor_ids:
            return {}
        match = {
            "notification_id": {"$in": list(notification_ids)},
            "actor_id": {"$in": list(actor_ids)},
            "void": {"$ne": True},
        }
        rows = self._items.aggregate(
            [
                {"$match": match},
                {"$group": {"_id": {"of": "$notification_id", "by": "$actor_id"}}},
                {"$group": {"_id": "$_id.of", "count": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: int(row["count"]) for row in await rows.to_list(None)}

    async def latest_actors(
        self, notification_id: bytes, without: Sequence[bytes], limit: int
    ) -> list[bytes]:
        """Who did what a notification tells, latest first, but for some."""
        query = {
            "notification_id": notification_id,
            "void": {"$ne": True},
            "actor_id": {"$exists": True, "$nin": list(without)},
        }
        rows = self._items.aggregate(
            [
                {"$match": query},
                {"$group": {"_id": "$actor_id", "at": {"$max": "$at"}}},
                {"$sort": {"at": DESCENDING, "_id": ASCENDING}},
                {"$limit": limit},
            ]
        )
        return [row["_id"] for row in await rows.to_list(None)]


_IS_UNREAD: Document = {
    "$and": [{"$gt": ["$last", None]}, {"$lte": ["$read_at", None]}, {"$lte": ["$archived_at", None]}]
}
_UNREAD_AGAIN: Document = {"$set": {"unread": {"$cond": [_IS_UNREAD, True, "$$REMOVE"]}}}


def _to(one: Notification) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "kind": one.kind.value,
        "count": one.count,
        "actors": list(one.actors),
        "begun_at": one.begun_at,
        "at": one.at,
        "facts": dict(one.facts),
    }
    for name in ("first", "last", "key", "post_id", "comment_id", "campaign", "read_at", "archived_at"):
        if (value := getattr(one, name)) is not None:
            document[name] = value
    is_new = one.read_at is None and one.archived_at is None
    if is_new and one.last is not None:
        document["unread"] = True
    if is_new and one.key is not None:
        document["open"] = True
    return document


def notification_from(row: Document) -> Notification:
    """As it was stored."""
    return Notification(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        kind=NotificationKind(row["kind"]),
        first=row.get("first"),
        last=row.get("last"),
        count=row["count"],
        actors=tuple(row["actors"]),
        begun_at=row["begun_at"],
        at=row["at"],
        facts=row["facts"],
        key=row.get("key"),
        post_id=row.get("post_id"),
        comment_id=row.get("comment_id"),
        campaign=row.get("campaign"),
        read_at=row.get("read_at"),
        archived_at=row.get("archived_at"),
    )


def _item_to(one: Item) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "notification_id": one.notification_id,
        "at": one.at,
    }
    if one.number is not None:
        document["number"] = one.number
    if one.actor_id is not None:
        document["actor_id"] = one.actor_id
    if one.comment_id is not None:
        document["comment_id"] = one.comment_id
    return document


def item_from(row: Document) -> Item:
    """As it was stored."""
    return Item(
        row["_id"],
        row["programme_id"],
        row["member_id"],
        row["notification_id"],
        row.get("number"),
        row.get("actor_id"),
        row["at"],
        row.get("comment_id"),
        row.get("void", False),
    )
