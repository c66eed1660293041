"""Referrals, referrers and signals as stored."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.causes import cause_document, cause_from
from gamification.leaderboards.model import contribution_document, contribution_from
from gamification.referrals.model import (
    Funnel,
    Given,
    ReachedMilestone,
    Referral,
    ReferralFlag,
    ReferralStatus,
    Referrer,
)
from storage.mongo import (
    ASCENDING,
    Document,
    DuplicateKeyError,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

REFERRALS = "referrals"
REFERRERS = "referrers"
SIGNALS = "member_signals"
INDEXES = {
    REFERRALS: [
        Index(
            [
                ("programme_id", ASCENDING),
                ("referrer_id", ASCENDING),
                ("sequence", ASCENDING),
                ("_id", ASCENDING),
            ]
        ),
        Index([("referee_id", ASCENDING)], unique=True),
        Index([("signals.device", ASCENDING)], partial={"signals.device": {"$exists": True}}),
        Index(
            [("signals.address", ASCENDING), ("used_at", ASCENDING)],
            partial={"signals.address": {"$exists": True}},
        ),
        Index([("programme_id", ASCENDING), ("sequence", ASCENDING)], partial={"in_review": True}),
        Index(
            [
                ("programme_id", ASCENDING),
                ("offer", ASCENDING),
                ("used_at", ASCENDING),
                ("status", ASCENDING),
                ("expires_at", ASCENDING),
            ]
        ),
    ],
    REFERRERS: [
        Index([("programme_id", ASCENDING), ("code", ASCENDING)], unique=True),
        Index([("member_id", ASCENDING)]),
    ],
    SIGNALS: [],
}
_ANCESTORS_MAX = 10_000
_KEPT_OF_A_KIND = 20


class ReferralRepository:
    """`referrals`: one a new member. `referrers`: one a member and offer. `member_signals`: digests by member."""

    def __init__(self, mongo: Mongo) -> None:
        self._referrals = mongo.collection(REFERRALS)
        self._referrers = mongo.collection(REFERRERS)
        self._signals = mongo.collection(SIGNALS)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Referral]:
        """Referrals by id."""
        rows = await find_by_ids(self._referrals, list(ids), tx)
        return {found: referral_from(row) for found, row in rows.items()}

    async def save(self, changed: Sequence[Referral], known: Iterable[bytes], tx: Tx) -> None:
        """Store referrals."""
        known = set(known)
        await insert(self._referrals, [referral_document(r) for r in changed if r.id not in known], tx)
        await write(
            self._referrals,
            [ReplaceOne({"_id": r.id}, referral_document(r)) for r in changed if r.id in known],
            tx,
        )

    async def referrers(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Referrer]:
        """Referrers by id."""
        rows = await find_by_ids(self._referrers, list(ids), tx)
        return {found: _referrer_from(row) for found, row in rows.items()}

    async def by_code(self, programme_id: str, code: str, tx: Tx | None = None) -> Referrer | None:
        """Whose code that is."""
        row = await self._referrers.find_one(
            {"programme_id": programme_id, "code": code}, session=tx.session if tx else None
        )
        return _referrer_from(row) if row else None

    async def add_referrer(self, referrer: Referrer) -> bool:
        """Store a new code; False where the member has one by now, or the code is another's."""
        try:
            await self._referrers.insert_one(_referrer_document(referrer))
        except DuplicateKeyError:
            return False
        return True

    async def save_referrers(self, changed: Sequence[Referrer], tx: Tx) -> None:
        """Store what became of referrers; each was stored before."""
        await write(self._referrers, [ReplaceOne({"_id": r.id}, _referrer_document(r)) for r in changed], tx)

    async def chain(self, programme_id: str, member_id: bytes, tx: Tx) -> dict[bytes, bytes]:
        """Who brought this member, who brought them, and so on: referrers by whom they brought."""
        rows = await self._referrers.aggregate(
            [
                {"$limit": 1},
                {
                    "$graphLookup": {
                        "from": REFERRALS,
                        "startWith": {"$literal": member_id},
                        "connectFromField": "referrer_id",
                        "connectToField": "referee_id",
                        "as": "chain",
                        "maxDepth": _ANCESTORS_MAX,
                        "restrictSearchWithMatch": {"programme_id": programme_id},
                    }
                },
                {"$project": {"chain.referrer_id": 1, "chain.referee_id": 1}},
            ],
            session=tx.session,
        ).to_list(None)
        return {link["referee_id"]: link["referrer_id"] for row in rows for link in row["chain"]}

    async def used_since(self, programme_id: str, referrer_id: bytes, since: datetime, tx: Tx) -> int:
        """How often a member's codes were used since."""
        query = {"programme_id": programme_id, "referrer_id": referrer_id, "used_at": {"$gt": since}}
        return int(await self._referrals.count_documents(query, session=tx.session))

    async def with_signal(
        self, programme_id: str, kind: str, digest: bytes, since: datetime | None, tx: Tx
    ) -> int:
        """How many referrals have that signal; since then only, where stated."""
        query: dict[str, Any] = {"programme_id": programme_id, f"signals.{kind}": digest}
        if since is not None:
            query["used_at"] = {"$gt": since}
        return int(await self._referrals.count_documents(query, session=tx.session))

    async def signals(
        self, member_ids: Iterable[bytes], tx: Tx | None = None
    ) -> dict[bytes, dict[str, set[bytes]]]:
        """Digests that are known of members, by kind."""
        rows = await find_by_ids(self._signals, list(member_ids), tx)
        return {
            found: {kind: set(known) for kind, known in row["seen"].items()} for found, row in rows.items()
        }

    async def note_signals(
        self, programme_id: str, member_id: bytes, seen: Mapping[str, Iterable[bytes]], tx: Tx | None = None
    ) -> None:
        """Add digests to what is known of a member; of each kind the newest 20 are kept."""
        pushed = {
            f"seen.{kind}": {"$each": sorted(found), "$slice": -_KEPT_OF_A_KIND}
            for kind, found in seen.items()
            if found
        }
        if not pushed:
            return
        session = tx.session if tx else None
        await self._signals.update_one(
            {"_id": member_id}, {"$setOnInsert": {"programme_id": programme_id}}, upsert=True, session=session
        )
        removed = {f"seen.{kind}": {"$in": sorted(found)} for kind, found in seen.items() if found}
        await self._signals.update_one({"_id": member_id}, {"$pull": removed}, session=session)
        await self._signals.update_one({"_id": member_id}, {"$push": pushed}, session=session)

    async def page(self, programme_id: str, query: dict[str, Any], window: Window) -> Page[Referral]:
        """Referrals that match, latest change first."""
        page = await find_page(
            self._referrals, {"programme_id": programme_id, **query}, [("sequence", -1), ("_id", -1)], window
        )
        return Page(
            [referral_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def funnel(self, programme_id: str, referrer_id: bytes, offer: str, now: datetime) -> Funnel:
        """How far a member's referrals have come."""
        lapsed = {"$and": [{"$eq": ["$status", "pending"]}, {"$lt": ["$expires_at", now]}]}
        cursor = self._referrals.aggregate(
            [
                {"$match": {"programme_id": programme_id, "referrer_id": referrer_id, "offer": offer}},
                {"$group": {"_id": {"$cond": [lapsed, "expired", "$status"]}, "count": {"$sum": 1}}},
            ]
        )
        counts = {ReferralStatus(row["_id"]): int(row["count"]) async for row in cursor}
        return Funnel(sum(counts.values()), counts)

    async def funnel_by_day(
        self, programme_id: str, offer: str, since: datetime, until: datetime, time_zone: str, now: datetime
    ) -> dict[str, dict[ReferralStatus, int]]:
        """How far the referrals have come whose code was used from `since` on and before `until`, by that day; read from the
        index alone."""
        query = {"programme_id": programme_id, "offer": offer, "used_at": {"$gte": since, "$lt": until}}
        lapsed = {"$and": [{"$eq": ["$status", "pending"]}, {"$lt": ["$expires_at", now]}]}
        day = {"$dateToString": {"date": "$used_at", "format": "%Y-%m-%d", "timezone": time_zone}}
        status = {"$cond": [lapsed, "expired", "$status"]}
        cursor = self._referrals.aggregate(
            [
                {"$match": query},
                {"$project": {"_id": 0, "day": day, "status": status}},
                {"$group": {"_id": {"day": "$day", "status": "$status"}, "count": {"$sum": 1}}},
            ]
        )
        found: dict[str, dict[ReferralStatus, int]] = {}
        async for row in cursor:
            counts = found.setdefault(row["_id"]["day"], {})
            counts[ReferralStatus(row["_id"]["status"])] = int(row["count"])
        return found

    async def with_scores(self, member_id: bytes, tx: Tx | None = None) -> list[tuple[int, Given]]:
        """What referrals and milestones wrote to boards for this member: (place in the programme's order, gift)."""
        session = tx.session if tx else None
        sides = (("referrer_id", "to_referrer"), ("referee_id", "to_referee"))
        found: list[tuple[int, Given]] = []
        for side, gift in sides:
            query = {side: member_id, f"{gift}.scores.0": {"$exists": True}}
            rows = await self._referrals.find(query, session=session).to_list(None)
            found += [(row["reward_sequence"], _given_from(row[gift])) for row in rows]
        async for row in self._referrers.find({"member_id": member_id}, session=session):
            found += [(m.sequence, m.given) for m in _referrer_from(row).milestones if m.given.scores]
        return found

    async def stream(self, programme_id: str) -> AsyncIterator[Referral]:
        """Every referral of a programme, in no order."""
        async for row in self._referrals.find({"programme_id": programme_id}, batch_size=5000):
            yield referral_from(row)

    async def stream_referrers(self, programme_id: str) -> AsyncIterator[Referrer]:
        """Every referrer of a programme, in no order."""
        async for row in self._referrers.find({"programme_id": programme_id}, batch_size=5000):
            yield _referrer_from(row)


def referral_document(referral: Referral) -> Document:
    document: Document = {
        "_id": referral.id,
        "programme_id": referral.programme_id,
        "offer": referral.offer,
        "referrer_id": referral.referrer_id,
        "referee_id": referral.referee_id,
        "used_at": referral.used_at,
        "expires_at": referral.expires_at,
        "status": referral.status.value,
        "flags": [flag.value for flag in referral.flags],
        "cleared": referral.cleared,
        "signals": dict(referral.signals),
        "runs": referral.runs,
        "at": referral.at,
        "cause": cause_document(referral.cause) if referral.cause else None,
        "reason": referral.reason,
        "to_referrer": _given_document(referral.to_referrer),
        "to_referee": _given_document(referral.to_referee),
        "reward_sequence": referral.reward_sequence,
        "sequence": referral.sequence,
    }
    if referral.waits_for_staff:
        document["in_review"] = True
    return document


def referral_from(row: Document) -> Referral:
    return Referral(
        id=row["_id"],
        programme_id=row["programme_id"],
        offer=row["offer"],
        referrer_id=row["referrer_id"],
        referee_id=row["referee_id"],
        used_at=row["used_at"],
        expires_at=row["expires_at"],
        status=ReferralStatus(row["status"]),
        flags=tuple(ReferralFlag(flag) for flag in row["flags"]),
        cleared=row["cleared"],
        signals=row["signals"],
        runs=row["runs"],
        at=row["at"],
        cause=cause_from(row["cause"]) if row["cause"] else None,
        reason=row["reason"],
        to_referrer=_given_from(row["to_referrer"]),
        to_referee=_given_from(row["to_referee"]),
        reward_sequence=row["reward_sequence"],
        sequence=row["sequence"],
    )


def _given_document(given: Given) -> Document:
    return {
        "transfers": list(given.transfers),
        "scores": [contribution_document(score) for score in given.scores],
        "awards": list(given.awards),
    }


def _given_from(row: Document) -> Given:
    scores = tuple(contribution_from(score) for score in row["scores"])
    return Given(tuple(row["transfers"]), scores, tuple(row["awards"]))


def _referrer_document(referrer: Referrer) -> Document:
    return {
        "_id": referrer.id,
        "programme_id": referrer.programme_id,
        "offer": referrer.offer,
        "member_id": referrer.member_id,
        "code": referrer.code,
        "rewarded": referrer.rewarded,
        "milestones": [
            {
                "count": m.count,
                "runs": m.runs,
                "stands": m.stands,
                "given": _given_document(m.given),
                "sequence": m.sequence,
            }
            for m in referrer.milestones
        ],
    }


def _referrer_from(row: Document) -> Referrer:
    return Referrer(
        id=row["_id"],
        programme_id=row["programme_id"],
        offer=row["offer"],
        member_id=row["member_id"],
        code=row["code"],
        rewarded=row["rewarded"],
        milestones=tuple(
            ReachedMilestone(m["count"], m["runs"], m["stands"], _given_from(m["given"]), m["sequence"])
            for m in row["milestones"]
        ),
    )
