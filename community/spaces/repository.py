"""`space_memberships`: {_id, programme_id, space, member_id, role, state, since, by, reason}."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from community.blocks.repository import COLLECTION as BLOCKS
from community.sanctions.repository import COLLECTION as SANCTIONS
from community.sanctions.repository import sanction_from
from community.spaces.model import (
    NOTHING_AROUND,
    Around,
    SpaceMembership,
    SpaceRole,
    SpaceState,
    membership_id,
)
from community.trust.repository import COLLECTION as TRUST
from gamification.members.repository import COLLECTION as MEMBERS
from storage.batching import Batcher
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "space_memberships"
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING)]),
        Index(
            [
                ("programme_id", ASCENDING),
                ("space", ASCENDING),
                ("state", ASCENDING),
                ("since", DESCENDING),
                ("_id", DESCENDING),
            ]
        ),
    ]
}


class SpaceMembershipRepository:
    """Who is in which space."""

    def __init__(self, mongo: Mongo) -> None:
        self._memberships = mongo.collection(COLLECTION)
        self._members = mongo.collection(MEMBERS)
        self._around: Batcher[str, bytes, dict[bytes, Around]] = Batcher(self._read_around)

    async def around(self, programme_id: str, member_id: bytes, tx: Tx | None = None) -> Around:
        """What stands around a member, in one read; outside transactions in one for all who are asked for at once."""
        if tx is not None:
            found = await self._read_around(programme_id, [member_id], tx)
        else:
            found = await self._around.ask(programme_id, [member_id])
        return found.get(member_id, NOTHING_AROUND)

    async def _read_around(
        self, programme_id: str, member_ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Around]:
        rows = self._members.aggregate(
            [
                {"$match": {"_id": {"$in": list(member_ids)}, "programme_id": programme_id}},
                {"$project": {"_id": 1}},
                _joined(COLLECTION, "member_id", COLLECTION),
                _joined(SANCTIONS, "member_id", SANCTIONS, [{"$match": {"open": True}}]),
                _joined(BLOCKS, "blocker", "blocked_by_them"),
                _joined(BLOCKS, "blocked", "who_block_them"),
                _joined(TRUST, "_id", TRUST, [{"$project": {"level": 1}}]),
            ],
            session=tx.session if tx else None,
        )
        return {row["_id"]: _around_from(row) for row in await rows.to_list(None)}

    async def find(
        self, programme_id: str, space: str, member_id: bytes, tx: Tx | None = None
    ) -> SpaceMembership | None:
        """One member's in one space."""
        found = membership_id(programme_id, space, member_id)
        rows = await find_by_ids(self._memberships, [found], tx)
        return _from(rows[found]) if found in rows else None

    async def save(self, memberships: Sequence[SpaceMembership], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(
            self._memberships, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in memberships], tx
        )

    async def delete(self, membership: SpaceMembership, tx: Tx) -> None:
        """Forget one: they are not in it, and never asked."""
        await self._memberships.delete_one({"_id": membership.id}, session=tx.session)

    async def page(
        self, programme_id: str, space: str, state: SpaceState, roles: Sequence[SpaceRole], window: Window
    ) -> Page[SpaceMembership]:
        """Those of a space in that state, latest first; of these roles, or any where none is named."""
        query: dict[str, Any] = {"programme_id": programme_id, "space": space, "state": state.value}
        if roles:
            query["role"] = {"$in": [role.value for role in roles]}
        page = await find_page(self._memberships, query, [("since", -1), ("_id", -1)], window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def counts(self, programme_id: str, spaces: Iterable[str]) -> dict[str, int]:
        """How many are in each of these spaces."""
        rows = self._memberships.aggregate(
            [
                {
                    "$match": {
                        "programme_id": programme_id,
                        "space": {"$in": list(spaces)},
                        "state": SpaceState.ACTIVE.value,
                    }
                },
                {"$group": {"_id": "$space", "count": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: int(row["count"]) for row in await rows.to_list(None)}

    async def stream(self, programme_id: str) -> AsyncIterator[SpaceMembership]:
        """Every one of a programme, in no order."""
        async for row in self._memberships.find({"programme_id": programme_id}, batch_size=5000):
            yield _from(row)

    async def of_member(self, member_id: bytes, tx: Tx) -> list[SpaceMembership]:
        """All of a member's."""
        rows = self._memberships.find({"member_id": member_id}, session=tx.session)
        return [_from(row) for row in await rows.to_list(None)]


def _around_from(found: Document) -> Around:
    return Around(
        {row["space"]: _from(row) for row in found[COLLECTION]},
        tuple(sanction_from(row) for row in found[SANCTIONS]),
        frozenset(row["blocked"] for row in found["blocked_by_them"])
        | frozenset(row["blocker"] for row in found["who_block_them"]),
        next((int(row["level"]) for row in found[TRUST]), 0),
    )


def _joined(
    collection: str, field: str, name: str, pipeline: Sequence[Mapping[str, Any]] = ()
) -> Mapping[str, Any]:
    return {
        "$lookup": {
            "from": collection,
            "localField": "_id",
            "foreignField": field,
            "pipeline": list(pipeline),
            "as": name,
        }
    }


def _to(one: SpaceMembership) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "space": one.space,
        "member_id": one.member_id,
        "role": one.role.value,
        "state": one.state.value,
        "since": one.since,
    }
    return document | {name: value for name, value in (("by", one.by), ("reason", one.reason)) if value}


def _from(row: Document) -> SpaceMembership:
    return SpaceMembership(
        row["_id"],
        row["programme_id"],
        row["space"],
        row["member_id"],
        SpaceRole(row["role"]),
        SpaceState(row["state"]),
        row["since"],
        row.get("by"),
        row.get("reason"),
    )
