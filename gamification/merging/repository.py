"""Merges as stored, and what of moving is one collection's: all within the merge's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from gamification.checkins.model import day_id
from gamification.checkins.model import state_id as check_in_id
from gamification.kit.identifiers import derived_id
from gamification.members.follows import follow_id
from gamification.merging.model import DOCUMENTS_MAX, Merge, MergeWarning, MovedPoints
from gamification.rewards.model import tally_id
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, UpdateOne, find_by_ids, insert, write

COLLECTION = "member_merges"
INDEXES = {
    COLLECTION: [
        Index([("into_id", ASCENDING), ("at", ASCENDING)]),
        Index([("swept", ASCENDING), ("at", ASCENDING)], partial={"swept": False}),
    ]
}


class MergeRepository:
    """`member_merges`: one an account that was merged, never deleted."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._merges = mongo.collection(COLLECTION)

    # -- merges

    async def find(self, programme_id: str, found: bytes) -> Merge | None:
        """A merge by id."""
        row = await self._merges.find_one({"_id": found, "programme_id": programme_id})
        return _merge_from(row) if row else None

    async def into(self, programme_id: str, member_id: bytes) -> list[Merge]:
        """What was merged into a member, in order."""
        rows = self._merges.find({"into_id": member_id, "programme_id": programme_id})
        return [_merge_from(row) for row in await rows.sort("at", ASCENDING).to_list(None)]

    async def add(self, merge: Merge, tx: Tx) -> None:
        """Store a merge; what was in the middle of being recorded for the merged account is still to be swept up."""
        await insert(self._merges, [{**_merge_document(merge), "swept": False}], tx)

    async def to_sweep(self, limit: int) -> list[Merge]:
        """Merges that are to be swept up after."""
        rows = await self._merges.find({"swept": False}).sort("at", ASCENDING).limit(limit).to_list(None)
        return [_merge_from(row) for row in rows]

    async def swept(self, merge: Merge, tx: Tx) -> None:
        """Nothing can come for the merged account any more."""
        await self._merges.update_one({"_id": merge.id}, {"$set": {"swept": True}}, session=tx.session)

    # -- what is there

    async def most(self, member_id: bytes, places: Iterable[tuple[str, str]], tx: Tx) -> int:
        """How many documents have an account in one of these (collection, field)s at most, up to one more than can be
        moved."""
        return max(
            [await self._count(name, {field: member_id}, tx, DOCUMENTS_MAX + 1) for name, field in places]
        )

    async def exists(self, collection: str, query: Mapping[str, Any], tx: Tx) -> bool:
        """Whether there is any such document."""
        found = await self._mongo.collection(collection).find_one(query, ["_id"], session=tx.session)
        return found is not None

    async def check_ins(self, programme_id: str, member_id: bytes, keys: Sequence[str], tx: Tx) -> set[str]:
        """The check-in programmes in which an account has days."""
        ids = {check_in_id(programme_id, member_id, key): key for key in keys}
        rows = self._mongo.collection("check_in_states").find(
            {"_id": {"$in": sorted(ids)}}, ["_id"], session=tx.session
        )
        return {ids[row["_id"]] for row in await rows.to_list(None)}

    async def ids(self, collection: str, query: Mapping[str, Any], tx: Tx) -> list[bytes]:
        """Ids of matching documents, in their order."""
        rows = self._mongo.collection(collection).find(query, ["_id"], session=tx.session)
        return [row["_id"] for row in await rows.sort("_id", ASCENDING).to_list(None)]

    async def rows(self, collection: str, query: Mapping[str, Any], tx: Tx) -> list[Document]:
        """Matching documents."""
        return await self._mongo.collection(collection).find(query, session=tx.session).to_list(None)

    # -- what moves

    async def delete(self, collection: str, ids: Sequence[bytes], tx: Tx) -> None:
        """Delete documents that were written anew under the survivor's ids."""
        if ids:
            await self._mongo.collection(collection).delete_many(
                {"_id": {"$in": list(ids)}}, session=tx.session
            )

    async def rename(self, collection: str, found: bytes, changes: Mapping[str, Any], tx: Tx) -> None:
        """Store a document under another id, with other fields, in place of the one that was there."""
        documents = self._mongo.collection(collection)
        row = await documents.find_one({"_id": found}, session=tx.session)
        assert row is not None  # noqa: S101 - the caller has read it
        await self.delete(collection, [found], tx)
        await insert(documents, [{**row, **changes}], tx)

    async def activities(self, from_id: bytes, into_id: bytes, tx: Tx) -> int:
        """Make the merged account's activities the survivor's. What was counted stays counted where it was."""
        found = await self._mongo.collection("activities").update_many(
            {"member_id": from_id},
            [{"$set": {"counted_as": {"$ifNull": ["$counted_as", "$member_id"]}, "member_id": into_id}}],
            session=tx.session,
        )
        return int(found.modified_count)

    async def reassign(self, collection: str, from_id: bytes, into_id: bytes, tx: Tx) -> int:
        """Make documents that nothing is derived from the survivor's, as they are."""
        found = await self._mongo.collection(collection).update_many(
            {"member_id": from_id}, {"$set": {"member_id": into_id}}, session=tx.session
        )
        return int(found.modified_count)

    async def regrounded(self, member_id: bytes, renamed: Mapping[str, str], tx: Tx) -> None:
        """Let what a member was given of the catalogue and of cards stand on the grounds' new names."""
        for name in ("reward_redemptions", "check_in_items"):
            documents = self._mongo.collection(name)
            rows = documents.find(
                {"member_id": member_id, "ground": {"$exists": True}}, ["ground"], session=tx.session
            )
            models = [
                UpdateOne({"_id": row["_id"]}, {"$set": {"ground": renamed[row["ground"]]}})
                for row in await rows.to_list(None)
                if row["ground"] in renamed
            ]
            await write(documents, models, tx)

    async def tallies(self, programme_id: str, from_id: bytes, into_id: bytes, tx: Tx) -> None:
        """Let what the merged account redeemed count in the survivor's caps. Call before redemptions are reassigned."""
        redemptions = self._mongo.collection("reward_redemptions")
        stored = self._mongo.collection("reward_tallies")
        rows = await redemptions.find(
            {"member_id": from_id, "caps": {"$exists": True}}, ["caps"], session=tx.session
        ).to_list(None)
        counted = await find_by_ids(stored, sorted({cap for row in rows for cap in row["caps"]}), tx)
        own = {
            found: {**row, "scope": row["scope"].replace(from_id.hex(), into_id.hex())}
            for found, row in counted.items()
            if row["scope"].rpartition(":")[2] == from_id.hex()
        }
        moved = {
            found: tally_id(programme_id, row["reward"], row["scope"], row["period"])
            for found, row in own.items()
        }
        await write(
            redemptions,
            [
                UpdateOne(
                    {"_id": row["_id"]}, {"$set": {"caps": [moved.get(cap, cap) for cap in row["caps"]]}}
                )
                for row in rows
                if moved.keys() & set(row["caps"])
            ],
            tx,
        )
        known = await find_by_ids(stored, sorted(moved.values()), tx)
        for found, row in own.items():
            before = known.get(moved[found], {"taken": 0, "bound": 0})
            taken = before["taken"] + row["taken"]
            # Both had a right to theirs: together they are no breach, but nothing more is given.
            changed = {**row, "_id": moved[found], "taken": taken}
            changed["bound"] = max(taken, before["bound"], row["bound"])
            await stored.replace_one({"_id": moved[found]}, changed, upsert=True, session=tx.session)
        await self.delete("reward_tallies", sorted(own), tx)

    async def check_in_days(self, from_id: bytes, into_id: bytes, tx: Tx) -> dict[bytes, bytes]:
        """The survivor's ids of the merged account's days, by the ids that they have."""
        fields = ["programme_id", "check_in", "day"]
        rows = self._mongo.collection("check_in_days").find(
            {"member_id": from_id}, fields, session=tx.session
        )
        return {
            row["_id"]: day_id(row["programme_id"], into_id, row["check_in"], date.fromisoformat(row["day"]))
            for row in await rows.to_list(None)
        }

    async def standings(
        self, programme_id: str, from_id: bytes, into_id: bytes, keys: Sequence[str], tx: Tx
    ) -> dict[bytes, bytes]:
        """The survivor's ids of the merged account's standings in check-in programmes, by the ids that they have."""
        ids = {
            check_in_id(programme_id, from_id, key): check_in_id(programme_id, into_id, key) for key in keys
        }
        states = self._mongo.collection("check_in_states")
        found = await find_by_ids(states, sorted(ids), tx, projection=["_id"])
        return {old: ids[old] for old in sorted(found)}

    async def move_check_ins(
        self,
        programme_id: str,
        from_id: bytes,
        into_id: bytes,
        keys: Sequence[str],
        days: Mapping[bytes, bytes],
        awards: Mapping[bytes, bytes],
        tx: Tx,
    ) -> None:
        """Make standings, days and items of check-in programmes, in which the survivor has none, theirs."""
        for old, new in (await self.standings(programme_id, from_id, into_id, keys, tx)).items():
            await self.rename("check_in_states", old, {"_id": new, "member_id": into_id}, tx)
        stored = self._mongo.collection("check_in_days")
        rows = await find_by_ids(stored, sorted(days), tx)
        for found, row in rows.items():
            row |= {"_id": days[found], "member_id": into_id}
            if "awards" in row:
                row["awards"] = [awards.get(one, one) for one in row["awards"]]
        await self.delete("check_in_days", sorted(rows), tx)
        await insert(stored, list(rows.values()), tx)
        await self.reassign("check_in_items", from_id, into_id, tx)

    async def wishes(self, from_id: bytes, into_id: bytes, tx: Tx) -> int:
        """Move the wish list; what both wished for is wished for once."""
        wishes = self._mongo.collection("reward_wishes")
        rows = await wishes.find({"member_id": from_id}, session=tx.session).to_list(None)
        moved = {derived_id("wish", into_id, row["reward"]): row for row in rows}
        known = await find_by_ids(wishes, sorted(moved), tx)
        fresh = [
            {**row, "_id": found, "member_id": into_id} for found, row in moved.items() if found not in known
        ]
        await insert(wishes, fresh, tx)
        await self.delete("reward_wishes", [row["_id"] for row in rows], tx)
        return len(rows)

    async def follows(self, programme_id: str, from_id: bytes, into_id: bytes, tx: Tx) -> int:
        """Move who follows whom, both ways. Nobody follows themselves, or anybody twice."""
        follows, counts = self._mongo.collection("follows"), self._mongo.collection("follow_counts")
        rows = await follows.find(
            {"$or": [{"follower": from_id}, {"followed": from_id}]}, session=tx.session
        ).to_list(None)
        if not rows:
            return 0
        moved: dict[bytes, Document] = {}
        for row in rows:
            follower, followed = (
                into_id if one == from_id else one for one in (row["follower"], row["followed"])
            )
            if follower != followed:
                found = follow_id(follower, followed)
                moved[found] = {**row, "_id": found, "follower": follower, "followed": followed}
        known = await find_by_ids(follows, sorted(moved), tx, projection=["_id"])
        fresh = [row for found, row in moved.items() if found not in known]
        await self.delete("follows", [row["_id"] for row in rows], tx)
        await insert(follows, fresh, tx)
        change: dict[bytes, int] = {}
        for sign, those in ((-1, rows), (1, fresh)):
            for row in those:
                change[row["follower"]] = change.get(row["follower"], 0) + sign
        change.pop(from_id, None)
        for follower, by in change.items():
            # Written also where the number stays: who follows at the same time meets it.
            await counts.update_one(
                {"_id": follower},
                {"$inc": {"following": by}, "$setOnInsert": {"programme_id": programme_id}},
                upsert=True,
                session=tx.session,
            )
        await self.delete("follow_counts", [from_id], tx)
        return len(rows)

    async def showcase(self, from_id: bytes, into_id: bytes, awards: Mapping[bytes, bytes], tx: Tx) -> None:
        """The survivor goes on showing what they chose; who chose nothing shows what the merged account did."""
        showcases = self._mongo.collection("badge_showcases")
        rows = await find_by_ids(showcases, [from_id, into_id], tx)
        if from_id in rows and into_id not in rows:
            chosen = [awards.get(found, found) for found in rows[from_id]["awards"]]
            await insert(showcases, [{**rows[from_id], "_id": into_id, "awards": chosen}], tx)
        await self.delete("badge_showcases", [from_id], tx)

    async def credentials(self, awards: Sequence[bytes], tx: Tx) -> int:
        """Revoke the credentials of awards that are another's now: they name the merged account."""
        if not awards:
            return 0
        found = await self._mongo.collection("credentials").update_many(
            {"award_id": {"$in": list(awards)}}, {"$set": {"ended": True}}, session=tx.session
        )
        return int(found.modified_count)

    async def inherit(self, from_id: bytes, into_id: bytes, tx: Tx) -> None:
        """What was merged into the merged account before is merged into the survivor now: one step leads there."""
        await self._mongo.collection("members").update_many(
            {"merged_into": from_id}, {"$set": {"merged_into": into_id}}, session=tx.session
        )
        await self._mongo.collection("accounts").update_many(
            {"heir": from_id}, {"$set": {"heir": into_id}}, session=tx.session
        )

    async def _count(self, collection: str, query: Mapping[str, Any], tx: Tx, limit: int) -> int:
        documents = self._mongo.collection(collection)
        return int(await documents.count_documents(query, limit=limit, session=tx.session))


def _merge_document(merge: Merge) -> Document:
    return {
        "_id": merge.id,
        "programme_id": merge.programme_id,
        "from_id": merge.from_id,
        "into_id": merge.into_id,
        "by": merge.by,
        "reason": merge.reason,
        "at": merge.at,
        "sequence": merge.sequence,
        "points": [
            {name: getattr(moved, name) for name in MovedPoints.__dataclass_fields__}
            for moved in merge.points
        ],
        "counts": dict(merge.counts),
        "warnings": [warning.value for warning in merge.warnings],
        "completed": list(merge.completed),
        "tiers": [{"ladder": ladder, "tier": tier} for ladder, tier in merge.tiers.items()],
    }


def _merge_from(row: Document) -> Merge:
    return Merge(
        id=row["_id"],
        programme_id=row["programme_id"],
        from_id=row["from_id"],
        into_id=row["into_id"],
        by=row["by"],
        reason=row["reason"],
        at=row["at"],
        sequence=row["sequence"],
        points=tuple(MovedPoints(**moved) for moved in row["points"]),
        counts=row["counts"],
        warnings=tuple(MergeWarning(warning) for warning in row["warnings"]),
        completed=tuple(row["completed"]),
        tiers={one["ladder"]: one["tier"] for one in row["tiers"]},
    )
