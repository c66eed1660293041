"""`campaign_members`: {_id, programme_id, campaign, occurrence, member_id, variant, noted_at, stages, and what they brought:
participations, conversions, spend, points, rewards, cost}; `campaign_totals`: {_id, programme_id, campaign, occurrence, variant}
with the sums of these, of which squares and cubes are text, as they outgrow 64 bits; `campaign_goings`: {_id, programme_id, campaign,
occurrence, stage, after, done}: how far going through audiences is; `campaign_clocks`: {_id, programme_id, through}: until when a
campaign's times were looked at.
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
from gamification.campaigning.totals import (
    Change,
    Place,
    changed,
    place_of,
    together,
    totals_id,
)
from gamification.campaigns.model import run_id
from gamification.kit.records import evolve
from storage.mongo import (
    ASCENDING,
    DeleteOne,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    WriteModel,
    find_by_ids,
    write,
)
from storage.paging import Page, Window, find_page

COLLECTION = "campaign_members"
TOTALS = "campaign_totals"
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
    TOTALS: [Index([("programme_id", ASCENDING), ("campaign", ASCENDING), ("occurrence", ASCENDING)])],
    GOINGS: [],
    CLOCKS: [],
}


class CampaignMemberRepository:
    """Who is of a campaign's audience, as far as they were noted, and what they brought."""

    def __init__(self, mongo: Mongo) -> None:
        self._members = mongo.collection(COLLECTION)
        self._totals = mongo.collection(TOTALS)
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
        """Keep them as they are now, each once, and the totals with them."""
        rows = await find_by_ids(self._members, [one.id for one in members], tx)
        await self._change([(_from(rows[one.id]) if one.id in rows else None, one) for one in members], tx)

    async def hand_over(self, programme_id: str, merged: bytes, heir: bytes, tx: Tx) -> None:
        """Let what was told and given to a merged account have been the survivor's: what they brought is added up anew later."""
        query = {"member_id": {"$in": [merged, heir]}, "programme_id": programme_id}
        rows = self._members.find(query, session=tx.session)
        noted = [_from(row) for row in await rows.to_list(None)]
        own = {one.id: one for one in noted if one.member_id == heir}
        changes: list[Change] = []
        for one in noted:
            if one.member_id == merged:
                found = campaign_member_id(programme_id, one.campaign, one.occurrence, heir)
                before, after = own.get(found), evolve(one, id=found, member_id=heir)
                if before is not None:
                    # Who was told or given something twice is not given it a third time; how they are treated stays.
                    told = (*before.stages, *(stage for stage in one.stages if stage not in before.stages))
                    after = evolve(after, stages=told, variant=before.variant)
                changes += [(one, None), (before, after)]
        await self._change(changes, tx)

    async def _change(self, changes: Sequence[Change], tx: Tx) -> None:
        """Store members and totals; of two who change the same totals at once one runs again."""
        differing = [(before, after) for before, after in changes if before != after]
        members = [one for change in differing for one in change if one is not None]
        if not members:
            return
        programme_id = members[0].programme_id
        places = {totals_id(programme_id, place_of(one)): place_of(one) for one in members}
        rows = await find_by_ids(self._totals, list(places), tx)
        known = {places[found]: _totals_from(row) for found, row in rows.items()}
        totals = changed(known, differing)
        kept = [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for _, one in differing if one is not None]
        gone = [DeleteOne({"_id": one.id}) for one, after in differing if one is not None and after is None]
        await write(self._members, [*gone, *kept], tx)
        await write(self._totals, [_replace(programme_id, place, one) for place, one in totals.items()], tx)

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
        query: Document = {"programme_id": programme_id, "campaign": campaign}
        query |= {"occurrence": occurrence} if occurrence is not None else {}
        rows = self._totals.find(query, batch_size=1000)
        parts: dict[str, list[ArmTotals]] = {}
        async for row in rows:
            parts.setdefault(row["variant"], []).append(_totals_from(row))
        found = [together(variant, parts[variant]) for variant in sorted(parts)]
        return [one for one in found if one.members]

    async def stream_totals(self, programme_id: str) -> AsyncIterator[tuple[Place, ArmTotals]]:
        """All of a programme, in no order."""
        async for row in self._totals.find({"programme_id": programme_id}, batch_size=1000):
            yield (row["campaign"], row["occurrence"], row["variant"]), _totals_from(row)

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


def _replace(programme_id: str, place: Place, one: ArmTotals) -> WriteModel:
    campaign, occurrence, variant = place
    row: Document = {
        "_id": totals_id(programme_id, place),
        "programme_id": programme_id,
        "campaign": campaign,
        "occurrence": occurrence,
        "variant": variant,
        "members": one.members,
        "reached": one.reached,
        "participants": one.participants,
        "converters": one.converters,
        "spend": one.spend,
        "squares": str(one.squares),
        "cubes": str(one.cubes),
        "points": [[unit, amount] for unit, amount in one.points.items()],
        "rewards": [[key, count] for key, count in one.rewards.items()],
        "cost": one.cost,
    }
    return ReplaceOne({"_id": row["_id"]}, row, upsert=True)


def _totals_from(row: Document) -> ArmTotals:
    return ArmTotals(
        row["variant"],
        int(row["members"]),
        int(row["reached"]),
        int(row["participants"]),
        int(row["converters"]),
        int(row["spend"]),
        int(row["squares"]),
        int(row["cubes"]),
        {unit: int(amount) for unit, amount in row["points"]},
        {key: int(count) for key, count in row["rewards"]},
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
