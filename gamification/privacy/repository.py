"""Erasures as stored, and the parts of erasing that are one collection's. Each part touches up to `limit` documents."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gamification.kit.records import evolve
from gamification.privacy.model import Erasure
from gamification.privacy.plan import Deleted, Emptied, kept_properties
from storage.mongo import ASCENDING, Collection, Document, Index, Mongo, Tx, UpdateOne, write

COLLECTION = "member_erasures"
INDEXES = {COLLECTION: [Index([("open", ASCENDING), ("asked_at", ASCENDING)], partial={"open": True})]}
_MEMBER = "member:"


class ErasureRepository:
    """`member_erasures`: never deleted, and once done they name nobody."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._erasures = mongo.collection(COLLECTION)

    # -- erasures

    async def find(self, programme_id: str, member_id: bytes, tx: Tx | None = None) -> Erasure | None:
        """The erasure of a member."""
        row = await self._erasures.find_one(
            {"_id": member_id, "programme_id": programme_id}, session=tx.session if tx else None
        )
        return _from(row) if row else None

    async def open(self, limit: int) -> list[Erasure]:
        """Those that are not done, the oldest first."""
        rows = self._erasures.find({"open": True}).sort("asked_at", ASCENDING).limit(limit)
        return [_from(row) for row in await rows.to_list(None)]

    async def put(self, erasure: Erasure, tx: Tx) -> None:
        """Store how far it has come. Of two that go on with it at once, one conflicts and runs again."""
        await self._erasures.replace_one(
            {"_id": erasure.id}, _document(erasure), upsert=True, session=tx.session
        )

    # -- what is there

    async def ids(
        self, collection: str, query: Mapping[str, Any], after: bytes | None, limit: int, tx: Tx
    ) -> list[bytes]:
        """Ids of documents that match, in their order, after that one."""
        stated = dict(query) if after is None else {**query, "_id": {"$gt": after}}
        rows = self._mongo.collection(collection).find(stated, ["_id"], session=tx.session)
        return [row["_id"] for row in await rows.sort("_id", ASCENDING).limit(limit).to_list(None)]

    # -- parts: each gives how many documents it has touched

    async def treat(
        self, collection: str, treatment: Deleted | Emptied, erasure: Erasure, limit: int, tx: Tx
    ) -> int:
        """Delete or empty documents of the member."""
        documents = self._mongo.collection(collection)
        mine: Document = {treatment.by: erasure.id}
        if isinstance(treatment, Deleted):
            return await _delete(documents, mine, limit, tx)
        own = {"$in": list(erasure.actors)}
        unset = (*treatment.unset, *(f"{cause}.reason" for cause in treatment.causes))
        filled: list[Document] = [{_found(path): {"$exists": True}} for path in unset]
        filled += [{f"{cause}.actor": own} for cause in treatment.causes]
        for path, value in treatment.put.items():
            condition = {"$type": "string"} if value is None else {"$exists": True, "$ne": value}
            filled.append({_found(path): condition})
        ids = await _ids(documents, {**mine, "$or": filled}, limit, tx)
        if not ids:
            return 0
        changes: Document = {}
        if unset:
            changes["$unset"] = {_changed(path): "" for path in unset}
        if treatment.put:
            changes["$set"] = {_changed(path): value for path, value in treatment.put.items()}
        for path in [path for path in unset if "[]" in path]:
            # Each element of a field that is not there is no place to write to.
            field = path.split("[]")[0]
            await documents.update_many(
                {"_id": {"$in": ids}, field: {"$exists": True}},
                {"$unset": {_changed(path): changes["$unset"].pop(_changed(path))}},
                session=tx.session,
            )
        await documents.update_many({"_id": {"$in": ids}}, changes, session=tx.session)
        for cause in treatment.causes:
            await documents.update_many(
                {"_id": {"$in": ids}, f"{cause}.actor": own},
                {"$unset": {f"{cause}.actor": ""}},
                session=tx.session,
            )
        return len(ids)

    async def activities(self, erasure: Erasure, limit: int, tx: Tx) -> int:
        """Empty activities of what may name a person."""
        activities = self._mongo.collection("activities")
        rows = await (
            activities.find(
                {"member_id": erasure.id, "erased": None},
                ["properties", "remaining", "reversal", "refunds"],
                session=tx.session,
            )
            .limit(limit)
            .to_list(None)
        )
        models = []
        for row in rows:
            change: Document = {"erased": True, "properties": kept_properties(row["properties"])}
            if row.get("remaining") is not None:
                change["remaining"] = kept_properties(row["remaining"])
            if row.get("reversal"):
                change["reversal.reason"] = None
            if row.get("refunds"):
                change["refunds.$[].reason"] = None
            models.append(UpdateOne({"_id": row["_id"]}, {"$set": change, "$unset": {"member_facts": ""}}))
        await write(activities, models, tx)
        return len(models)

    async def follows(self, erasure: Erasure, limit: int, tx: Tx) -> int:
        """Delete who follows whom, both ways, and count the followers' down."""
        follows, counts = self._mongo.collection("follows"), self._mongo.collection("follow_counts")
        query = {"$or": [{"follower": erasure.id}, {"followed": erasure.id}]}
        rows = await follows.find(query, ["follower"], session=tx.session).limit(limit).to_list(None)
        if rows:
            await follows.delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=tx.session)
            followers = [row["follower"] for row in rows if row["follower"] != erasure.id]
            await write(
                counts, [UpdateOne({"_id": one}, {"$inc": {"following": -1}}) for one in followers], tx
            )
        await counts.delete_one({"_id": erasure.id}, session=tx.session)
        return len(rows)

    async def feed(self, erasure: Erasure, limit: int, tx: Tx) -> int:
        """Delete messages of the feed: their ids begin with the member's."""
        # Both bounds as long as the ids: of binary values MongoDB takes any shorter one for less, whatever is in it.
        mine = {"_id": {"$gte": erasure.id + bytes(8), "$lte": erasure.id + b"\xff" * 8}}
        return await _delete(self._mongo.collection("member_feed"), mine, limit, tx)

    async def keys(self, erasure: Erasure, limit: int, tx: Tx) -> int:
        """Delete the member's own idempotency keys."""
        first = f"{erasure.programme_id}\x00{_MEMBER}{erasure.external_id}\x00"
        mine = {"_id": {"$gte": first, "$lt": first[:-1] + "\x01"}}
        return await _delete(self._mongo.collection("idempotency_keys"), mine, limit, tx)

    async def credentials(self, erasure: Erasure, after: bytes | None, limit: int, tx: Tx) -> bytes | None:
        """Revoke the credentials of the next awards; the last of these, None after all."""
        awards = await self.ids("badge_awards", {"member_id": erasure.id}, after, limit, tx)
        if awards:
            await self._mongo.collection("credentials").update_many(
                {"award_id": {"$in": awards}}, {"$set": {"ended": True, "salt": ""}}, session=tx.session
            )
        return awards[-1] if len(awards) == limit else None

    async def referrals(self, erasure: Erasure, tx: Tx) -> None:
        """End the member's codes, and empty the referral that brought them."""
        referrals, referrers = self._mongo.collection("referrals"), self._mongo.collection("referrers")
        await referrals.update_many(
            {"referee_id": erasure.id},
            {"$set": {"signals": {}, "reason": None}, "$unset": {"cause.reason": ""}},
            session=tx.session,
        )
        rows = await referrers.find({"member_id": erasure.id}, ["_id"], session=tx.session).to_list(None)
        await write(
            referrers,
            # A code has no colon: this one is nobody's to state.
            [
                UpdateOne({"_id": row["_id"]}, {"$set": {"code": f"erased:{row['_id'].hex()}"}})
                for row in rows
            ],
            tx,
        )


def done(erasure: Erasure, now: datetime) -> Erasure:
    """Done, and the external id forgotten."""
    return evolve(erasure, done_at=now, external_id=None, place=None, former=())


async def _ids(documents: Collection, query: Mapping[str, Any], limit: int, tx: Tx) -> list[Any]:
    rows = documents.find(query, ["_id"], session=tx.session).limit(limit)
    return [row["_id"] for row in await rows.to_list(None)]


async def _delete(documents: Collection, query: Mapping[str, Any], limit: int, tx: Tx) -> int:
    ids = await _ids(documents, query, limit, tx)
    if ids:
        await documents.delete_many({"_id": {"$in": ids}}, session=tx.session)
    return len(ids)


def _found(path: str) -> str:
    return path.replace("[]", "")


def _changed(path: str) -> str:
    return path.replace("[]", ".$[]")


def _document(erasure: Erasure) -> Document:
    document: Document = {
        "_id": erasure.id,
        "programme_id": erasure.programme_id,
        "pseudonym": erasure.pseudonym,
        "by": erasure.by,
        "asked_at": erasure.asked_at,
        "step": erasure.step,
    }
    if erasure.done_at is None:
        document |= {"open": True, "external_id": erasure.external_id, "place": erasure.place}
        if erasure.former:
            document["former"] = list(erasure.former)
    else:
        document["done_at"] = erasure.done_at
    return document


def _from(row: Document) -> Erasure:
    return Erasure(
        id=row["_id"],
        programme_id=row["programme_id"],
        pseudonym=row["pseudonym"],
        by=row["by"],
        asked_at=row["asked_at"],
        external_id=row.get("external_id"),
        step=row["step"],
        place=row.get("place"),
        done_at=row.get("done_at"),
        former=tuple(row.get("former", ())),
    )
