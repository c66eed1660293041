"""Counting what came since a moment, for many at once and up to a bound."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from community.comments.model import CommentState
from community.comments.repository import COLLECTION as COMMENTS
from community.following.repository import POSTS as FOLLOWED
from community.posts.repository import COLLECTION as POSTS
from storage.mongo import Document, Mongo

COUNTED_MAX = 100


class UnreadRepository:
    """Of posts and comments of all programmes; each count is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._posts = mongo.collection(POSTS)
        self._followed = mongo.collection(FOLLOWED)

    async def posts(
        self, programme_id: str, since: Mapping[str, datetime], shown: Mapping[str, Any]
    ) -> dict[str, int]:
        """How many posts of what is `shown` came to each space since its moment, COUNTED_MAX at most; one read in all."""
        parts: list[list[Document]] = [
            [
                {
                    "$match": {
                        "programme_id": programme_id,
                        **shown,
                        "space": key,
                        "published_at": {"$gt": at},
                    }
                },
                {"$limit": COUNTED_MAX},
                {"$group": {"_id": "$space", "count": {"$sum": 1}}},
            ]
            for key, at in since.items()
        ]
        if not parts:
            return {}
        others = [{"$unionWith": {"coll": POSTS, "pipeline": part}} for part in parts[1:]]
        rows = await self._posts.aggregate([*parts[0], *others]).to_list(None)
        return {row["_id"]: int(row["count"]) for row in rows}

    async def comments(self, followed: list[bytes], shown: Mapping[str, Any]) -> dict[bytes, int]:
        """How many comments of what is `shown` came under each followed post since it was read last, COUNTED_MAX at most, by
        the post's id; `followed` are the ids of what says that it is followed. One read in all."""
        rows = self._followed.aggregate(
            [
                {"$match": {"_id": {"$in": followed}}},
                _joined("written", shown, [_later("created_at")]),
                # What waited for a moderator came when they let it through, whenever it was written.
                _joined(
                    "approved",
                    {"approved_at": {"$exists": True}, **shown},
                    [_later("approved_at"), {"$lte": ["$created_at", "$$read_at"]}],
                ),
                {
                    "$project": {
                        "post_id": 1,
                        "count": {
                            "$min": [COUNTED_MAX, {"$add": [{"$size": "$written"}, {"$size": "$approved"}]}]
                        },
                    }
                },
            ]
        )
        return {row["post_id"]: int(row["count"]) for row in await rows.to_list(None)}


def _joined(name: str, shown: Mapping[str, Any], conditions: list[Document]) -> Document:
    """Comments under a followed post that meet these conditions, as far as one counts them."""
    under = {"$eq": ["$post_id", "$$post"]}
    return {
        "$lookup": {
            "from": COMMENTS,
            "let": {"post": "$post_id", "read_at": "$read_at"},
            "pipeline": [
                {
                    "$match": {
                        "$expr": {"$and": [under, *conditions]},
                        "state": CommentState.PUBLISHED.value,
                        **shown,
                    }
                },
                {"$limit": COUNTED_MAX},
                {"$project": {"_id": 1}},
            ],
            "as": name,
        }
    }


def _later(field: str) -> Document:
    return {"$gt": [f"${field}", "$$read_at"]}
