"""Redemptions and what they are taken from, as stored."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from gamification.kit.identifiers import DERIVED_ID_BYTES
from gamification.rewards.documents import (
    coupon_document,
    coupon_from,
    packet_document,
    packet_from,
    redemption_document,
    redemption_from,
    tally_document,
    tally_from,
)
from gamification.rewards.model import (
    Coupon,
    CouponState,
    Packet,
    Redemption,
    RedemptionStatus,
    Tally,
)
from storage.mongo import (
    ASCENDING,
    Collection,
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

REDEMPTIONS = "reward_redemptions"
TALLIES = "reward_tallies"
PACKETS = "reward_packets"
COUPONS = "reward_coupons"
INDEXES = {
    REDEMPTIONS: [
        Index([("member_id", ASCENDING), ("sequence", ASCENDING), ("_id", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("status", ASCENDING), ("sequence", ASCENDING), ("_id", ASCENDING)]
        ),
        Index([("member_id", ASCENDING), ("ground", ASCENDING)], partial={"ground": {"$exists": True}}),
        Index([("member_id", ASCENDING), ("flag", ASCENDING)], partial={"flag": {"$exists": True}}),
        Index([("remind_at", ASCENDING)], partial={"remind_at": {"$type": "date"}}),
    ],
    TALLIES: [Index([("programme_id", ASCENDING), ("reward", ASCENDING)])],
    PACKETS: [],
    COUPONS: [
        Index([("programme_id", ASCENDING), ("reward", ASCENDING), ("state", ASCENDING), ("_id", ASCENDING)]),
        Index([("member_id", ASCENDING)], partial={"member_id": {"$exists": True}}),
    ],
}
S = TypeVar("S", Redemption, Tally, Packet, Coupon)


class RewardRepository:
    """`reward_redemptions`, `reward_tallies`, `reward_packets`, `reward_coupons`."""

    def __init__(self, mongo: Mongo) -> None:
        self._redemptions = mongo.collection(REDEMPTIONS)
        self._tallies = mongo.collection(TALLIES)
        self._packets = mongo.collection(PACKETS)
        self._coupons = mongo.collection(COUPONS)

    # -- redemptions

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Redemption]:
        """Redemptions by id."""
        return {
            k: redemption_from(row)
            for k, row in (await find_by_ids(self._redemptions, list(ids), tx)).items()
        }

    async def given_on(self, grounds: Iterable[tuple[bytes, str]], tx: Tx | None = None) -> list[Redemption]:
        """What these members were given on these grounds: (member, ground) pairs."""
        wanted = set(grounds)
        query = {
            "member_id": {"$in": sorted({member for member, _ in wanted})},
            "ground": {"$in": sorted({ground for _, ground in wanted})},
        }
        rows = await self._redemptions.find(query, session=tx.session if tx else None).to_list(None)
        return [redemption_from(row) for row in rows if (row["member_id"], row["ground"]) in wanted]

    async def of_flags(
        self, member_ids: Iterable[bytes], flags: Iterable[str], tx: Tx | None = None
    ) -> list[Redemption]:
        """These members' privileges of these flags, ended ones too."""
        query = {"member_id": {"$in": list(member_ids)}, "flag": {"$in": list(flags)}}
        rows = await self._redemptions.find(query, session=tx.session if tx else None).to_list(None)
        return [redemption_from(row) for row in rows]

    async def privileges_of(self, member_ids: Sequence[bytes], at: datetime) -> list[Redemption]:
        """These members' privileges that stand and have not ended."""
        query = {
            "member_id": {"$in": list(member_ids)},
            "flag": {"$exists": True},
            "status": RedemptionStatus.DONE.value,
            "$or": [{"expires_at": {"$exists": False}}, {"expires_at": {"$gt": at}}],
        }
        rows = await self._redemptions.find(query).sort("_id", ASCENDING).to_list(None)
        return [redemption_from(row) for row in rows]

    async def to_remind(self, now: datetime, limit: int) -> list[Redemption]:
        """Redemptions of which the member is to be told that they expire."""
        cursor = (
            self._redemptions.find({"remind_at": {"$lte": now}}).sort("remind_at", ASCENDING).limit(limit)
        )
        return [redemption_from(row) for row in await cursor.to_list(None)]

    async def page(self, programme_id: str, query: Mapping[str, Any], window: Window) -> Page[Redemption]:
        """Redemptions that match, newest first."""
        found = await find_page(
            self._redemptions,
            {"programme_id": programme_id, **query},
            [("sequence", -1), ("_id", -1)],
            window,
        )
        rows = [redemption_from(row) for row in found.rows]
        return Page(rows, found.positions, found.has_next, found.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[Redemption]:
        """Every redemption of a programme, in no order."""
        async for row in self._redemptions.find({"programme_id": programme_id}, batch_size=5000):
            yield redemption_from(row)

    # -- what they are taken from

    async def tallies(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Tally]:
        """Tallies by id; those in which nothing counted yet are absent."""
        return {k: tally_from(row) for k, row in (await find_by_ids(self._tallies, list(ids), tx)).items()}

    async def packets(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Packet]:
        """Red packets by id; those nobody had a share of yet are absent."""
        return {k: packet_from(row) for k, row in (await find_by_ids(self._packets, list(ids), tx)).items()}

    async def coupons(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Coupon]:
        """Coupons by id."""
        return {k: coupon_from(row) for k, row in (await find_by_ids(self._coupons, list(ids), tx)).items()}

    async def free_codes(self, programme_id: str, reward: str, count: int, tx: Tx) -> list[Coupon]:
        """So many codes that nobody has, from a random place of the pool on: who takes some at the same time mostly
        takes others."""
        pool = {"programme_id": programme_id, "reward": reward, "state": CouponState.AVAILABLE.value}
        start = secrets.token_bytes(DERIVED_ID_BYTES)
        found: list[Coupon] = []
        for bound in ({"$gte": start}, {"$lt": start}):
            if len(found) < count:
                cursor = self._coupons.find({**pool, "_id": bound}, session=tx.session).sort("_id", ASCENDING)
                found += [coupon_from(row) for row in await cursor.limit(count - len(found)).to_list(None)]
        return found

    async def pool_size(self, programme_id: str, reward: str) -> int:
        """How many codes of a pool nobody has."""
        query = {"programme_id": programme_id, "reward": reward, "state": CouponState.AVAILABLE.value}
        return await self._coupons.count_documents(query)

    async def add_codes(self, coupons: Sequence[Coupon]) -> int:
        """Put new codes into their pools; how many were new. One that is there, of whatever pool, stays as it is."""
        result = await self._coupons.bulk_write(
            [
                UpdateOne({"_id": coupon.id}, {"$setOnInsert": coupon_document(coupon)}, upsert=True)
                for coupon in coupons
            ],
            ordered=False,
        )
        return int(result.upserted_count)

    async def stream_coupons(self, programme_id: str) -> AsyncIterator[Coupon]:
        """Every coupon of a programme, in no order."""
        async for row in self._coupons.find({"programme_id": programme_id}, batch_size=5000):
            yield coupon_from(row)

    async def stream_packets(self, programme_ids: Iterable[str]) -> AsyncIterator[Packet]:
        """Every red packet of these programmes that somebody had a share of."""
        async for row in self._packets.find({"programme_id": {"$in": list(programme_ids)}}):
            yield packet_from(row)

    async def tallies_of(self, programme_id: str, rewards: Sequence[str] | None = None) -> list[Tally]:
        """Every tally of a programme, or of these rewards."""
        query: Document = {"programme_id": programme_id}
        if rewards is not None:
            query["reward"] = {"$in": list(rewards)}
        return [tally_from(row) for row in await self._tallies.find(query).to_list(None)]

    # -- writing

    async def save(
        self,
        redemptions: Sequence[Redemption],
        tallies: Sequence[Tally],
        packets: Sequence[Packet],
        coupons: Sequence[Coupon],
        known: Iterable[bytes],
        tx: Tx,
    ) -> None:
        """Store what changed; `known` are the ids that were there before."""
        there = set(known)
        await _save(self._redemptions, redemptions, redemption_document, there, tx)
        await _save(self._tallies, tallies, tally_document, there, tx)
        await _save(self._packets, packets, packet_document, there, tx)
        await _save(self._coupons, coupons, coupon_document, there, tx)


async def _save(
    collection: Collection,
    changed: Sequence[S],
    to_document: Callable[[S], Document],
    known: set[bytes],
    tx: Tx,
) -> None:
    await insert(collection, [to_document(one) for one in changed if one.id not in known], tx)
    there = [one for one in changed if one.id in known]
    await write(collection, [ReplaceOne({"_id": one.id}, to_document(one)) for one in there], tx)
