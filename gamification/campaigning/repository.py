"""`campaign_members`: {_id, programme_id, campaign, occurrence, member_id, variant, noted_at, stages, and what they brought:
participations, conversions, spend, points, rewards, cost}; `campaign_goings`: {_id, programme_id, campaign, occurrence, stage,
after, done}: how far going through audiences is; `campaign_clocks`: {_id, programme_id, through}: until when a campaign's times
were looked at.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from gamification.campaigning.model import (
    ArmTotals,
    Brought,
    CampaignMember,
    Going,
    Stage,
    campaign_member_id,
    going_id,
)
from gamification.campaigns.model import run_id
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "campaign_members"
GOINGS = "campaign_goings"
CLOCKS = "campaign_clocks"
INDEXES = {
    COLLECTION: [
        Index(
            [
                ("programme_id", ASCENDING),
                ("campaign", ASCENDING),
                ("occurrence", ASCENDING),
                ("_id", ASCENDING),
            ]
        ),
        Index([("member_id", ASCENDING), ("noted_at", ASCENDING)]),
    ],
    GOINGS: [],
    CLOCKS: [],
}


class CampaignMemberRepository:
    """Who is of a campaign's audience, as far as they were noted, and what they brought."""

    def __init__(self, mongo: Mongo) -> None:
        self._members = mongo.collection(COLLECTION)
        self._goings = mongo.collection(GOINGS)
        self._clocks = mongo.collection(CLOCKS)

    async def of(
        self,
        programme_id: str,
        campaign: str,
        occurrence: str,
        member_ids: Sequence[bytes],
        tx: Tx | None = None,
    ) -> dict[bytes, CampaignMember]:
        """What is noted of these members for that time, by member id."""
        ids = [campaign_member_id(programme_id, campaign, occurrence, one) for one in member_ids]
        rows = await find_by_ids(self._members, ids, tx)
        return {row["member_id"]: _from(row) for row in rows.values()}

    async def save(self, members: Sequence[CampaignMember], tx: Tx) -> None:
        """Keep them as they are now."""
        models = [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in members]
        await write(self._members, models, tx)

    async def after(
        self, programme_id: str, campaign: str, occurrence: str, after: bytes | None, limit: int, tx: Tx
    ) -> list[CampaignMember]:
        """Those of a time after that one, in the order of their own ids."""
        query: Document = {"programme_id": programme_id, "campaign": campaign, "occurrence": occurrence}
        query |= {"_id": {"$gt": after}} if after else {}
        rows = self._members.find(query, session=tx.session).sort("_id", ASCENDING).limit(limit)
        return [_from(row) for row in await rows.to_list(None)]

    async def stream(self, programme_id: str) -> AsyncIterator[CampaignMember]:
        """All of a programme, in no order."""
        async for row in self._members.find({"programme_id": programme_id}, batch_size=2000):
            yield _from(row)

    async def of_member(self, programme_id: str, member_id: bytes, window: Window) -> Page[CampaignMember]:
        """The campaigns of a member, the latest first."""
        query = {"member_id": member_id, "programme_id": programme_id}
        page = await find_page(self._members, query, [("noted_at", -1), ("_id", -1)], window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def totals(self, programme_id: str, campaign: str, occurrence: str | None) -> list[ArmTotals]:
        """What the variants brought, of one time or of all of them, in the order of their keys. Where it was on several times
        each counts a member anew."""
        match: Document = {"programme_id": programme_id, "campaign": campaign}
        match |= {"occurrence": occurrence} if occurrence is not None else {}
        rows = self._members.aggregate(
            [{"$match": match}, _BY_VARIANT, {"$sort": {"_id": 1}}], allowDiskUse=True
        )
        found = await rows.to_list(None)
        given: dict[str, dict[str, dict[str, int]]] = {}
        for name in ("points", "rewards"):
            parts = self._members.aggregate(
                [
                    {"$match": {**match, name: {"$ne": []}}},
                    {"$unwind": f"${name}"},
                    {
                        "$group": {
                            "_id": {
                                "variant": "$variant",
                                "key": {"$arrayElemAt": [f"${name}", 0]},
                            },
                            "sum": {"$sum": {"$arrayElemAt": [f"${name}", 1]}},
                        }
                    },
                ],
                allowDiskUse=True,
            )
            for row in await parts.to_list(None):
                of_variant = given.setdefault(row["_id"]["variant"], {}).setdefault(name, {})
                of_variant[row["_id"]["key"]] = int(row["sum"])
        return [_totals(row, given.get(row["_id"], {})) for row in found]

    async def going(
        self, programme_id: str, campaign: str, occurrence: str, stage: Stage, tx: Tx | None = None
    ) -> Going:
        """How far going through an audience is."""
        found = going_id(programme_id, campaign, occurrence, stage)
        row = await self._goings.find_one({"_id": found}, session=tx.session if tx else None)
        if row is None:
            return Going(found, programme_id, campaign, occurrence, stage)
        return Going(found, programme_id, campaign, occurrence, stage, row["after"], row["done"])

    async def save_going(self, going: Going, tx: Tx) -> None:
        """Keep how far it is."""
        row = {
            "_id": going.id,
            "programme_id": going.programme_id,
            "campaign": going.campaign,
            "occurrence": going.occurrence,
            "stage": going.stage.value,
            "after": going.after,
            "done": going.is_done,
        }
        await write(self._goings, [ReplaceOne({"_id": going.id}, row, upsert=True)], tx)

    async def clock(self, programme_id: str, campaign: str) -> datetime | None:
        """Until when a campaign's times were looked at."""
        row = await self._clocks.find_one({"_id": run_id(programme_id, campaign)})
        return row["through"] if row is not None else None

    async def set_clock(self, programme_id: str, campaign: str, through: datetime) -> None:
        """They were looked at until then; it is never put back."""
        found = {"_id": run_id(programme_id, campaign)}
        update = {"$max": {"through": through}, "$setOnInsert": {"programme_id": programme_id}}
        await self._clocks.update_one(found, update, upsert=True)


_BY_VARIANT: Document = {
    "$group": {
        "_id": "$variant",
        "members": {"$sum": 1},
        "reached": {"$sum": {"$cond": [{"$ne": ["$stages", []]}, 1, 0]}},
        "participants": {"$sum": {"$cond": [{"$gt": ["$participations", 0]}, 1, 0]}},
        "converters": {"$sum": {"$cond": [{"$gt": ["$conversions", 0]}, 1, 0]}},
        "spend": {"$sum": "$spend"},
        "squares": {"$sum": {"$multiply": ["$spend", "$spend"]}},
        "cubes": {"$sum": {"$multiply": ["$spend", "$spend", "$spend"]}},
        "cost": {"$sum": "$cost"},
    }
}


def _totals(row: Document, given: dict[str, dict[str, int]]) -> ArmTotals:
    return ArmTotals(
        row["_id"],
        int(row["members"]),
        int(row["reached"]),
        int(row["participants"]),
        int(row["converters"]),
        int(row["spend"]),
        int(row["squares"]),
        int(row["cubes"]),
        given.get("points", {}),
        given.get("rewards", {}),
        int(row["cost"]),
    )


def _to(one: CampaignMember) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "campaign": one.campaign,
        "occurrence": one.occurrence,
        "member_id": one.member_id,
        "variant": one.variant,
        "noted_at": one.noted_at,
        "stages": [stage.value for stage in one.stages],
        "participations": one.brought.participations,
        "conversions": one.brought.conversions,
        "spend": one.brought.spend,
        "points": [[unit, amount] for unit, amount in one.brought.points.items()],
        "rewards": [[key, count] for key, count in one.brought.rewards.items()],
        "cost": one.brought.cost,
    }


def _from(row: Document) -> CampaignMember:
    brought = Brought(
        int(row["participations"]),
        int(row["conversions"]),
        int(row["spend"]),
        {unit: int(amount) for unit, amount in row["points"]},
        {key: int(count) for key, count in row["rewards"]},
        int(row["cost"]),
    )
    return CampaignMember(
        row["_id"],
        row["programme_id"],
        row["campaign"],
        row["occurrence"],
        row["member_id"],
        row["variant"],
        row["noted_at"],
        tuple(Stage(stage) for stage in row["stages"]),
        brought,
    )
