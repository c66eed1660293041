"""Finding in `posts`, `comments` and `reactions` what a shadow limit hides, or shows again."""

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
from storage.mongo import Collection, Document, Mongo, Tx


class ShadowRepository:
    """What is left for a sweep, so many at a time."""

    def __init__(self, mongo: Mongo) -> None:
        self._posts = mongo.collection(POSTS)
        self._comments = mongo.collection(COMMENTS)
        self._reactions = mongo.collection(REACTIONS)

    async def posts(self, sanction: Sanction, limit: int, tx: Tx) -> list[Post]:
        """The member's next published posts."""
        query = {"author_id": sanction.member_id, "state": PostState.PUBLISHED.value}
        return [post_from(row) for row in await _next(self._posts, query, sanction, "created_at", limit, tx)]

    async def comments(self, sanction: Sanction, limit: int, tx: Tx) -> list[Comment]:
        """The member's next published comments."""
        query = {"author_id": sanction.member_id, "state": CommentState.PUBLISHED.value}
        rows = await _next(self._comments, query, sanction, "created_at", limit, tx)
        return [comment_from(row) for row in rows]

    async def reactions(self, sanction: Sanction, limit: int, tx: Tx) -> list[Reaction]:
        """The member's next reactions."""
        query = {"member_id": sanction.member_id, "key": {"$ne": None}}
        return [reaction_from(row) for row in await _next(self._reactions, query, sanction, "at", limit, tx)]


async def _next(
    documents: Collection, query: dict[str, Any], sanction: Sanction, at: str, limit: int, tx: Tx
) -> list[Document]:
    if sanction.sweep is Sweep.HIDE:
        query["shadowed"] = None
    else:
        # What they wrote while they were limited stays what it was.
        query |= {"shadowed": True, at: {"$lt": sanction.began_at}}
    return await documents.find(query, session=tx.session).limit(limit).to_list(None)
