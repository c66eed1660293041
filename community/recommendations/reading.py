"""What members did, read from where it is kept: so many members in so many reads, whatever they did."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from community.bookmarks.repository import COLLECTION as BOOKMARKS
from community.comments.model import CommentState
from community.comments.repository import COLLECTION as COMMENTS
from community.following.repository import POSTS as FOLLOWED_POSTS
from community.posts.model import PostState
from community.posts.repository import COLLECTION as POSTS
from community.questions.repository import COLLECTION as QUESTIONS
from community.reactions.model import TargetKind
from community.reactions.repository import COLLECTION as REACTIONS
from community.recommendations.model import Interaction, Kind
from community.spaces.model import SpaceState
from community.spaces.repository import COLLECTION as SPACES
from gamification.campaigning.repository import COLLECTION as CAMPAIGNS
from gamification.kit.identifiers import first_id_at
from gamification.members.follows import COLLECTION as FOLLOWS
from gamification.rewards.model import STANDING, RedemptionSource
from gamification.rewards.repository import REDEMPTIONS
from gamification.rewards.wishes import COLLECTION as WISHES
from gamification.tasks.repository import COLLECTION as PROGRESS
from storage.mongo import Document, Mongo

LOOKED_BACK = timedelta(days=365)
OF_ONE_MAX = 300
"""So many of what one member did in one way, the latest."""
WEIGHTS: Mapping[str, int] = {
    "redeemed": 3,
    "wished": 1,
    "completed": 3,
    "advanced": 1,
    "reacted": 1,
    "commented": 2,
    "followed_post": 2,
    "bookmarked": 2,
    "accepted": 3,
    "joined": 2,
    "posted_in": 3,
    "commented_in": 1,
    "followed": 3,
    "reacted_to": 1,
    "participated": 3,
}
"""What each says of a member's liking the item."""
Found = dict[tuple[bytes, Kind, str], Interaction]


class InteractionReading:
    """Reads many collections and writes none."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def of(
        self, programme_id: str, member_ids: Sequence[bytes], now: datetime
    ) -> dict[bytes, dict[Kind, list[Interaction]]]:
        """What these members did in the last year, by member and kind: of each item one, the strongest, and of as strong ones the
        latest; in the order of time."""
        found: Found = {}
        since = now - LOOKED_BACK
        for add in (
            self._rewards,
            self._tasks,
            self._campaigns,
            self._reactions,
            self._comments,
            self._kept,
            self._spaces,
        ):
            await add(programme_id, member_ids, since, found)
        by: dict[bytes, dict[Kind, list[Interaction]]] = {one: {} for one in member_ids}
        for one in sorted(found.values(), key=lambda one: (one.at, one.item)):
            by[one.member_id].setdefault(one.kind, []).append(one)
        return by

    async def _rewards(self, programme_id: str, ids: Sequence[bytes], since: datetime, found: Found) -> None:
        query = {
            "status": {"$in": [one.value for one in STANDING]},
            "source": {"$ne": RedemptionSource.GIVEN.value},
            "made_at": {"$gte": since},
        }
        async for row in self._of(REDEMPTIONS, programme_id, ids, query, ["reward", "made_at"]):
            _put(found, row["member_id"], Kind.REWARD, row["reward"], "redeemed", row["made_at"])
        async for row in self._of(WISHES, programme_id, ids, {}, ["reward", "added_at"]):
            _put(found, row["member_id"], Kind.REWARD, row["reward"], "wished", row["added_at"])

    async def _tasks(self, programme_id: str, ids: Sequence[bytes], since: datetime, found: Found) -> None:
        fields = ["task", "completed_at", "updated_at", "value"]
        query = {"updated_at": {"$gte": since}}
        async for row in self._of(PROGRESS, programme_id, ids, query, fields):
            if row["completed_at"] is not None:
                _put(found, row["member_id"], Kind.TASK, row["task"], "completed", row["completed_at"])
            elif row["value"] > 0:
                _put(found, row["member_id"], Kind.TASK, row["task"], "advanced", row["updated_at"])

    async def _campaigns(
        self, programme_id: str, ids: Sequence[bytes], since: datetime, found: Found
    ) -> None:
        query = {"participations": {"$gt": 0}, "noted_at": {"$gte": since}}
        async for row in self._of(CAMPAIGNS, programme_id, ids, query, ["campaign", "noted_at"]):
            _put(found, row["member_id"], Kind.CAMPAIGN, row["campaign"], "participated", row["noted_at"])

    async def _reactions(
        self, programme_id: str, ids: Sequence[bytes], since: datetime, found: Found
    ) -> None:
        query = {"key": {"$ne": None}, "at": {"$gte": since}}
        fields = ["post_id", "author_id", "target_kind", "at"]
        async for row in self._of(REACTIONS, programme_id, ids, query, fields):
            by = row["member_id"]
            if row["target_kind"] == TargetKind.POST.value and row["author_id"] != by:
                _put(found, by, Kind.POST, row["post_id"].hex(), "reacted", row["at"])
            if row["author_id"] != by:
                _put(found, by, Kind.MEMBER, row["author_id"].hex(), "reacted_to", row["at"])

    async def _comments(self, programme_id: str, ids: Sequence[bytes], since: datetime, found: Found) -> None:
        query = {"_id": {"$gte": first_id_at(since)}, "state": CommentState.PUBLISHED.value}
        fields = ["post_id", "created_at"]
        written = [row async for row in self._of(COMMENTS, programme_id, ids, query, fields, by="author_id")]
        posts = await self._posts({row["post_id"] for row in written})
        for row in written:
            post = posts.get(row["post_id"])
            if post is None:
                continue
            _put(found, row["author_id"], Kind.SPACE, post["space"], "commented_in", row["created_at"])
            if post["author_id"] != row["author_id"]:
                _put(
                    found,
                    row["author_id"],
                    Kind.POST,
                    row["post_id"].hex(),
                    "commented",
                    row["created_at"],
                )
        authors = {row["_id"]: row["author_id"] for row in written}
        if authors:
            cursor = self._mongo.collection(QUESTIONS).find(
                {"accepted.comment_id": {"$in": list(authors)}, "accepted": {"$exists": True}},
                {"accepted": 1, "programme_id": 1},
            )
            for row in await cursor.to_list(None):
                taken = row["accepted"]
                if taken["stands"] and row["programme_id"] == programme_id:
                    by = authors[taken["comment_id"]]
                    _put(found, by, Kind.POST, row["_id"].hex(), "accepted", taken["at"])

    async def _kept(self, programme_id: str, ids: Sequence[bytes], since: datetime, found: Found) -> None:
        recent = {"at": {"$gte": since}}
        async for row in self._of(FOLLOWED_POSTS, programme_id, ids, recent, ["post_id", "at"]):
            _put(found, row["member_id"], Kind.POST, row["post_id"].hex(), "followed_post", row["at"])
        fields = ["target_kind", "target_id", "at"]
        async for row in self._of(BOOKMARKS, programme_id, ids, recent, fields):
            if row["target_kind"] == TargetKind.POST.value:
                _put(found, row["member_id"], Kind.POST, row["target_id"].hex(), "bookmarked", row["at"])
        async for row in self._of(FOLLOWS, programme_id, ids, {}, ["followed", "at"], by="follower"):
            _put(found, row["follower"], Kind.MEMBER, row["followed"].hex(), "followed", row["at"])

    async def _spaces(self, programme_id: str, ids: Sequence[bytes], since: datetime, found: Found) -> None:
        query = {"state": SpaceState.ACTIVE.value}
        async for row in self._of(SPACES, programme_id, ids, query, ["space", "since"]):
            _put(found, row["member_id"], Kind.SPACE, row["space"], "joined", row["since"])
        query = {"state": PostState.PUBLISHED.value, "published_at": {"$gte": since}}  # type: ignore[dict-item]
        fields = ["space", "published_at"]
        async for row in self._of(POSTS, programme_id, ids, query, fields, by="author_id"):
            _put(found, row["author_id"], Kind.SPACE, row["space"], "posted_in", row["published_at"])

    async def _posts(self, ids: set[bytes]) -> dict[bytes, Document]:
        cursor = self._mongo.collection(POSTS).find({"_id": {"$in": list(ids)}}, ["space", "author_id"])
        return {row["_id"]: row for row in await cursor.to_list(None)}

    async def _of(
        self,
        collection: str,
        programme_id: str,
        ids: Sequence[bytes],
        query: Mapping[str, Any],
        fields: Sequence[str],
        by: str = "member_id",
    ) -> AsyncIterator[Document]:
        wanted = {by: {"$in": list(ids)}, "programme_id": programme_id, **query}
        seen: dict[bytes, int] = {}
        cursor = self._mongo.collection(collection).find(wanted, [by, *fields], batch_size=5000)
        async for row in cursor.sort("_id", -1) if collection == COMMENTS else cursor:
            seen[row[by]] = seen.get(row[by], 0) + 1
            if seen[row[by]] <= OF_ONE_MAX:
                yield row


def _put(found: Found, member_id: bytes, kind: Kind, item: str, act: str, at: datetime) -> None:
    key, weight = (member_id, kind, item), WEIGHTS[act]
    known = found.get(key)
    if known is None or (weight, at) > (known.weight, known.at):
        found[key] = Interaction(member_id, kind, item, weight, at)
