"""What members did, added up from their posts, comments and the reactions to them: so many members in four reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from community.trust.levels import Behaviour
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.programmes.definitions import TrustSettings
from storage.mongo import Mongo, Tx


class BehaviourReading:
    """Reads `posts`, `comments` and `reactions`."""

    def __init__(self, mongo: Mongo) -> None:
        self._texts = (mongo.collection("posts"), mongo.collection("comments"))
        self._reactions = mongo.collection("reactions")

    async def of(
        self, members: Sequence[Member], settings: TrustSettings, now: datetime, tx: Tx | None = None
    ) -> dict[bytes, Behaviour]:
        """What each of these did."""
        session = tx.session if tx is not None else None
        ids = [member.id for member in members]
        found = {
            member.id: Behaviour(joined_days=max(0, (now - member.joined_at).days)) for member in members
        }
        since, lately = now - settings.window, now - timedelta(days=settings.layers.days)
        days: dict[bytes, set[str]] = {}
        for texts in self._texts:
            rows = texts.aggregate(_written(ids, min(since, lately)), session=session)
            for row in await rows.to_list(None):
                _count(found, days, row, since, lately)
        for member_id, written in days.items():
            found[member_id] = evolve(found[member_id], days=len(written))
        for at, name in ((since, "likers"), (lately, "likers_lately")):
            liked = self._reactions.aggregate(_liked(ids, at), session=session)
            for row in await liked.to_list(None):
                found[row["_id"]] = evolve(found[row["_id"]], **{name: int(row["count"])})
        return found


def _written(ids: Sequence[bytes], since: datetime) -> list[Mapping[str, Any]]:
    """Texts by author, day and whether they stand."""
    day = {"$dateToString": {"date": "$created_at", "format": "%Y-%m-%d"}}
    stands = {"$and": [{"$eq": ["$state", "published"]}, {"$ne": [{"$ifNull": ["$shadowed", False]}, True]}]}
    return [
        {
            "$match": {
                "author_id": {"$in": ids},
                "created_at": {"$gte": since},
                "state": {"$in": ["published", "removed"]},
            }
        },
        {
            "$group": {
                "_id": {"author": "$author_id", "day": day, "state": "$state", "stands": stands},
                "count": {"$sum": 1},
                "last": {"$max": "$created_at"},
            }
        },
    ]


def _count(
    found: dict[bytes, Behaviour],
    days: dict[bytes, set[str]],
    row: Mapping[str, Any],
    since: datetime,
    lately: datetime,
) -> None:
    author, key, count = row["_id"]["author"], row["_id"]["day"], int(row["count"])
    before = found[author]
    in_window, is_late = row["last"] >= since, row["last"] >= lately
    if row["_id"]["state"] == "removed":
        found[author] = evolve(before, removed=before.removed + count * in_window)
    elif row["_id"]["stands"]:
        found[author] = evolve(
            before, texts=before.texts + count * in_window, lately=before.lately + count * is_late
        )
        if in_window:
            days.setdefault(author, set()).add(key)


def _liked(ids: Sequence[bytes], since: datetime) -> list[Mapping[str, Any]]:
    """By author, how many different people react to them."""
    return [
        {
            "$match": {
                "author_id": {"$in": ids},
                "key": {"$ne": None},
                "shadowed": None,
                "at": {"$gte": since},
            }
        },
        {"$group": {"_id": {"author": "$author_id", "by": "$member_id"}}},
        {"$group": {"_id": "$_id.author", "count": {"$sum": 1}}},
    ]
