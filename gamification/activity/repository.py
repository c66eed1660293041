"""Activities as stored, each with what it derived and gave."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from gamification.activity.model import (
    Activity,
    DerivedAdvance,
    DerivedAward,
    DerivedContribution,
    DerivedGift,
    DerivedQualification,
    Refund,
    Reversal,
)
from gamification.leaderboards.model import (
    Contribution,
    Refusal,
    Unscored,
    contribution_document,
    contribution_from,
)
from gamification.rules.model import Approved, CounterUse, Joined
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

COLLECTION = "activities"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("sequence", ASCENDING)]),
        Index([("member_id", ASCENDING), ("sequence", ASCENDING)]),
        Index([("member_id", ASCENDING), ("occurred_at", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("subject", ASCENDING), ("sequence", ASCENDING)],
            partial={"subject": {"$type": "string"}},
        ),
    ]
}
_STANDING = {"reversal": None}


class ActivityRepository:
    """`activities`: never deleted; a reversed one says so and derives nothing any more."""

    def __init__(self, mongo: Mongo) -> None:
        self._activities = mongo.collection(COLLECTION)

    async def by_ids(
        self, programme_id: str, ids: Iterable[bytes], tx: Tx | None = None
    ) -> dict[bytes, Activity]:
        """Activities by id; those of other programmes are absent."""
        rows = await find_by_ids(self._activities, list(ids), tx)
        return {
            found: activity_from(row) for found, row in rows.items() if row["programme_id"] == programme_id
        }

    async def add(self, activities: Sequence[Activity], tx: Tx) -> None:
        """Write new activities."""
        await insert(self._activities, [activity_document(activity) for activity in activities], tx)

    async def replace(self, activities: Sequence[Activity], tx: Tx) -> None:
        """Store activities whose derivations or reversal changed."""
        await write(
            self._activities, [ReplaceOne({"_id": a.id}, activity_document(a)) for a in activities], tx
        )

    async def sharing_counters(
        self, programme_id: str, member_id: bytes, subject: str | None, counter_ids: Sequence[bytes], tx: Tx
    ) -> list[Activity]:
        """Standing activities of this member or on this subject that met any of these counters, in order."""
        scopes: list[dict[str, Any]] = [{"member_id": member_id}]
        if subject is not None:
            scopes.append({"programme_id": programme_id, "subject": subject})
        cursor = self._activities.find(
            {
                "$or": scopes,
                "programme_id": programme_id,
                "counters.id": {"$in": list(counter_ids)},
                **_STANDING,
            },
            session=tx.session,
        )
        return sorted((activity_from(row) for row in await cursor.to_list(None)), key=lambda a: a.sequence)

    async def justifying(self, member_id: bytes, badge: str, occurrence: str, tx: Tx) -> list[Activity]:
        """A member's standing activities by which a rule found this award due, in order."""
        cursor = self._activities.find(
            {
                "member_id": member_id,
                "awards": {"$elemMatch": {"badge": badge, "occurrence": occurrence}},
                **_STANDING,
            },
            session=tx.session,
        ).sort("sequence", ASCENDING)
        return [activity_from(row) for row in await cursor.to_list(None)]

    async def qualifying(self, member_id: bytes, offer: str, tx: Tx) -> list[Activity]:
        """A member's standing activities by which they qualify by that referral offer, in order."""
        cursor = self._activities.find(
            {"member_id": member_id, "qualifies.offer": offer, **_STANDING}, session=tx.session
        ).sort("sequence", ASCENDING)
        return [activity_from(row) for row in await cursor.to_list(None)]

    async def contributions(
        self, member_id: bytes, board: str, period: str, tx: Tx
    ) -> list[tuple[int, Contribution]]:
        """What a member's standing activities wrote to a board's period: (sequence, contribution), in order."""
        cursor = self._activities.find(
            {
                "member_id": member_id,
                "scores": {"$elemMatch": {"board": board, "period": period}},
                **_STANDING,
            },
            projection=["sequence", "scores"],
            session=tx.session,
        ).sort("sequence", ASCENDING)
        return [
            (row["sequence"], contribution_from(score))
            for row in await cursor.to_list(None)
            for score in row["scores"]
            if score["board"] == board and score["period"] == period
        ]

    async def page(self, member_id: bytes, window: Window) -> Page[Activity]:
        """A member's activities, newest first."""
        page = await find_page(self._activities, {"member_id": member_id}, [("sequence", -1)], window)
        return Page(
            [activity_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def counts_between(self, member_id: bytes, since: datetime, until: datetime) -> dict[str, int]:
        """How much standing activity of a member happened in that time, by type, in the order of types."""
        rows = self._activities.aggregate(
            [
                {
                    "$match": {
                        "member_id": member_id,
                        "occurred_at": {"$gte": since, "$lt": until},
                        **_STANDING,
                    }
                },
                {"$group": {"_id": "$type", "count": {"$sum": 1}}},
                {"$sort": {"_id": 1}},
            ]
        )
        return {row["_id"]: int(row["count"]) async for row in rows}

    async def of_member_between(
        self, member_id: bytes, since: datetime, until: datetime, tx: Tx | None = None
    ) -> list[Activity]:
        """What a member did from the one instant to before the other and stands, in the order of time."""
        query = {"member_id": member_id, "occurred_at": {"$gte": since, "$lt": until}, **_STANDING}
        cursor = self._activities.find(query, session=tx.session if tx else None)
        return [activity_from(row) for row in await cursor.sort("occurred_at", ASCENDING).to_list(None)]

    async def between(
        self, programme_id: str, types: Sequence[str], after: int, until: int, limit: int, tx: Tx
    ) -> list[Activity]:
        """Activities of these types after one place in the programme's order and up to another, in it."""
        cursor = (
            self._activities.find(
                {
                    "programme_id": programme_id,
                    "sequence": {"$gt": after, "$lte": until},
                    "type": {"$in": list(types)},
                    "erased": None,
                },
                session=tx.session,
            )
            .sort("sequence", ASCENDING)
            .limit(limit)
        )
        return [activity_from(row) for row in await cursor.to_list(None)]

    async def stream(self, programme_id: str) -> AsyncIterator[Activity]:
        """Every activity of a programme in its order."""
        cursor = self._activities.find({"programme_id": programme_id}, batch_size=2000).sort(
            "sequence", ASCENDING
        )
        async for row in cursor:
            yield activity_from(row)

    async def of_source(self, programme_id: str, source: str) -> AsyncIterator[Activity]:
        """Every activity of a programme that a source told of, in no order."""
        query = {"programme_id": programme_id, "source": source}
        async for row in self._activities.find(query, batch_size=2000):
            yield activity_from(row)

    async def count(self, programme_id: str) -> int:
        """How many activities a programme has."""
        return int(await self._activities.count_documents({"programme_id": programme_id}))


def activity_document(activity: Activity) -> Document:
    document: Document = {
        "_id": activity.id,
        "programme_id": activity.programme_id,
        "type": activity.type,
        "source": activity.source,
        "source_id": activity.source_id,
        "member_id": activity.member_id,
        "occurred_at": activity.occurred_at,
        "recorded_at": activity.recorded_at,
        "sequence": activity.sequence,
        "programme_version": activity.programme_version,
        "properties": activity.properties,
    }
    if activity.subject is not None:
        document["subject"] = activity.subject
    if activity.member_facts is not None:
        document["member_facts"] = activity.member_facts
    document |= _derived(activity)
    if activity.refunds:
        document["remaining"] = activity.remaining
        document["refunds"] = [_refund_document(refund) for refund in activity.refunds]
    if activity.erased:
        document["erased"] = True
    if activity.counted_as is not None:
        document["counted_as"] = activity.counted_as
    if activity.approved is not None:
        of = activity.approved
        document["approved"] = {"task": of.task, "period": of.period, "submission": of.submission}
    if activity.campaigns:
        document["campaigns"] = [[one.campaign, one.occurrence, one.variant] for one in activity.campaigns]
    if activity.reversal is not None:
        document["reversal"] = {
            "at": activity.reversal.at,
            "actor": activity.reversal.actor,
            "reason": activity.reversal.reason,
        }
    return document


def _derived(activity: Activity) -> Document:
    """What followed from it; what is empty is left out, for most of it is in most."""
    document: Document = {}
    if activity.counters:
        document["counters"] = [
            {"id": use.id, "key": use.key, "add": use.add, "value": use.value} for use in activity.counters
        ]
    if activity.awards:
        document["awards"] = [
            {
                "rule": a.rule,
                "rule_version": a.rule_version,
                "badge": a.badge,
                "occurrence": a.occurrence,
                "level": a.level,
                **({"programme_version": a.programme_version} if a.programme_version else {}),
            }
            for a in activity.awards
        ]
    if activity.advances:
        document["advances"] = [
            {
                "rule": a.rule,
                "rule_version": a.rule_version,
                "task": a.task,
                "period": a.period,
                "by": a.by,
                "value": a.value,
            }
            for a in activity.advances
        ]
    if activity.transfers:
        document["transfers"] = list(activity.transfers)
    if activity.scores:
        document["scores"] = [contribution_document(score) for score in activity.scores]
    if activity.qualifies:
        document["qualifies"] = [
            {"rule": q.rule, "rule_version": q.rule_version, "offer": q.offer} for q in activity.qualifies
        ]
    if activity.contributed:
        document["contributed"] = [
            {
                "rule": c.rule,
                "rule_version": c.rule_version,
                "goal": c.goal,
                "period": c.period,
                "team": c.team,
                "by": c.by,
            }
            for c in activity.contributed
        ]
    if activity.gives:
        document["gives"] = [
            {
                "rule": g.rule,
                "rule_version": g.rule_version,
                "index": g.index,
                "reward": g.reward,
                "capped": g.capped,
            }
            for g in activity.gives
        ]
    if activity.unscored:
        document["unscored"] = [
            {"board": u.board, "period": u.period, "reason": u.reason.value} for u in activity.unscored
        ]
    return document


def _refund_document(refund: Refund) -> Document:
    fields = ("key", "at", "actor", "reason", "amount")
    return {
        **{name: getattr(refund, name) for name in fields},
        "lines": list(refund.lines),
        "taken": [{"transfer": transfer, "amount": amount} for transfer, amount in refund.taken],
    }


def _refund_from(row: Document) -> Refund:
    fields = {name: row[name] for name in ("key", "at", "actor", "reason", "amount")}
    taken = tuple((one["transfer"], one["amount"]) for one in row["taken"])
    return Refund(**fields, lines=tuple(row["lines"]), taken=taken)


def activity_from(row: Document) -> Activity:
    reversal, approved = row.get("reversal"), row.get("approved")
    return Activity(
        id=row["_id"],
        programme_id=row["programme_id"],
        type=row["type"],
        source=row["source"],
        source_id=row["source_id"],
        member_id=row["member_id"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        subject=row.get("subject"),
        properties=row["properties"],
        sequence=row["sequence"],
        programme_version=row["programme_version"],
        member_facts=row.get("member_facts"),
        counters=tuple(CounterUse(**use) for use in row.get("counters", ())),
        awards=tuple(DerivedAward(**award) for award in row.get("awards", ())),
        advances=tuple(DerivedAdvance(**advance) for advance in row.get("advances", ())),
        transfers=tuple(row.get("transfers", ())),
        scores=tuple(contribution_from(score) for score in row.get("scores", ())),
        reversal=Reversal(**reversal) if reversal else None,
        remaining=row.get("remaining"),
        refunds=tuple(_refund_from(refund) for refund in row.get("refunds", ())),
        erased=row.get("erased", False),
        counted_as=row.get("counted_as"),
        campaigns=tuple(Joined(*one) for one in row.get("campaigns", ())),
        approved=Approved(**approved) if approved else None,
        qualifies=tuple(DerivedQualification(**found) for found in row.get("qualifies", ())),
        gives=tuple(DerivedGift(**found) for found in row.get("gives", ())),
        contributed=tuple(DerivedContribution(**found) for found in row.get("contributed", ())),
        unscored=tuple(
            Unscored(u["board"], u["period"], Refusal(u["reason"])) for u in row.get("unscored", ())
        ),
    )
