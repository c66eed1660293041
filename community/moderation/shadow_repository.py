"""Finding in `posts`, `comments` and `reactions` what a shadow limit hides, or shows again."""

from collections.abc import Sequence
from typing import Any

from community.comments.model import Comment, CommentState
from community.comments.repository import COLLECTION as COMMENTS
from community.comments.repository import comment_from
from community.posts.model import Post, PostState
from community.posts.repository import COLLECTION as POSTS
from community.posts.repository import post_from
from community.reactions.model import Reaction
from community.reactions.repository import COLLECTION as REACTIONS
from community.reactions.repository import reaction_from
from community.sanctions.model import Sanction, Sweep
from gamification.kit.records import record
from storage.mongo import Collection, Document, Mongo, Tx


class ShadowRepository:
    """What is left for a sweep, so many at a time."""

    def __init__(self, mongo: Mongo) -> None:
        self._posts = mongo.collection(POSTS)
        self._comments = mongo.collection(COMMENTS)
        self._reactions = mongo.collection(REACTIONS)

    async def posts(self, left: "Left", limit: int, tx: Tx) -> list[Post]:
        """The member's next published posts."""
        query = {"author_id": left.member_id, "state": PostState.PUBLISHED.value}
        return [post_from(row) for row in await _next(self._posts, query, left, "created_at", limit, tx)]

    async def comments(self, left: "Left", limit: int, tx: Tx) -> list[Comment]:
        """The member's next published comments."""
        query = {"author_id": left.member_id, "state": CommentState.PUBLISHED.value}
        rows = await _next(self._comments, query, left, "created_at", limit, tx)
        return [comment_from(row) for row in rows]

    async def reactions(self, left: "Left", limit: int, tx: Tx) -> list[Reaction]:
        """The member's next reactions."""
        query = {"member_id": left.member_id, "key": {"$ne": None}}
        return [reaction_from(row) for row in await _next(self._reactions, query, left, "at", limit, tx)]


@record(frozen=True, slots=True)
class Left:
    """What of a member's is left to be hidden, or shown again but for what they wrote in these `limits`: that stays."""

    member_id: bytes
    sweep: Sweep
    limits: Sequence[Sanction]


async def _next(
    documents: Collection, query: dict[str, Any], left: Left, at: str, limit: int, tx: Tx
) -> list[Document]:
    if left.sweep is Sweep.HIDE:
        query["shadowed"] = None
    else:
        query |= {
            "shadowed": True,
            "$nor": [{at: {"$gte": one.began_at, "$lt": one.ended_at}} for one in left.limits],
        }
    return await documents.find(query, session=tx.session).limit(limit).to_list(None)
