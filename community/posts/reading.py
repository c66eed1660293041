"""Reading posts: what a viewer may see of them, page by page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from community.posts.access import may_read
from community.posts.model import Post, PostState, Revision
from community.posts.repository import BEGUN, LATEST, PostRepository
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.records import record
from gamification.programmes.definitions import PostKind
from storage.paging import Page, Window

_ORDERS = dict.fromkeys((PostState.DRAFT, PostState.SCHEDULED, PostState.PENDING), BEGUN)
"""What was never published is listed by when it was begun."""
_EMPTY: Page[Any] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class PostFilter:
    """Which posts a list shows: all that are published and that the viewer may read, or those of them that are in a space,
    of a kind, with a tag, by an author. In another state than published: one's own, and those of spaces that one looks
    after."""

    space: str | None = None
    kind: PostKind | None = None
    tag: str | None = None
    author_id: bytes | None = None
    state: PostState = PostState.PUBLISHED
    pinned: bool = False
    mark: str | None = None


class PostReading:
    """For everyone, as far as they may see."""

    def __init__(self, repository: PostRepository) -> None:
        self._repository = repository

    async def by_ids(self, viewer: Viewer, ids: Sequence[bytes]) -> dict[bytes, Post]:
        """Posts by id; what the viewer may not see is absent like what there is not."""
        found = await self._repository.by_ids(viewer.actor.programme_id, ids)
        return {key: post for key, post in found.items() if may_read(viewer, post)}

    async def page(self, viewer: Viewer, wanted: PostFilter, window: Window) -> Page[Post]:
        """Posts, those published last first."""
        query = query_of(viewer, wanted)
        if query is None:
            return _EMPTY
        order = _ORDERS.get(wanted.state, LATEST)
        return await self._repository.page(viewer.actor.programme_id, query, order, window)

    async def counts(self, actor: Actor, spaces: Iterable[str]) -> dict[str, int]:
        """How many posts are published in each of these spaces."""
        return await self._repository.counts(actor.programme_id, spaces)

    async def revisions(self, post: Post, window: Window) -> Page[Revision]:
        """The published versions of a post that the caller has been shown, newest first."""
        return await self._repository.revisions(post.id, window)

    async def before(self, revisions: Sequence[Revision]) -> dict[bytes, Revision]:
        """The version before each of these, by the later one's id; the first has none."""
        return await self._repository.before(revisions)


def seen_by(viewer: Viewer, *, author: str = "author_id", space: str = "space") -> dict[str, Any]:
    """What of a query leaves out published content that the viewer is not to see in spaces that they read: what is by
    members with whom they share a block, and what is published for its author alone. The fields' names are given."""
    moderated = list(viewer.moderated)
    if set(viewer.readable) <= set(moderated):
        return {}
    own: list[dict[str, Any]] = [{space: {"$in": moderated}}] if moderated else []
    if viewer.member is not None:
        own.append({author: viewer.member.id})
    shown: list[dict[str, Any]] = [{"$or": [{"shadowed": None}, *own]} if own else {"shadowed": None}]
    if viewer.hidden:
        shown.append({"$or": [{author: {"$nin": list(viewer.hidden)}}, *own]})
    return {"$and": shown}


def query_of(viewer: Viewer, wanted: PostFilter) -> Mapping[str, Any] | None:
    """What the database is asked; None where nothing can be found."""
    spaces = [key for key in viewer.readable if wanted.space in (None, key)]
    query: dict[str, Any] = {"state": wanted.state.value}
    if wanted.state is not PostState.PUBLISHED:
        own = {"author_id": viewer.member.id} if viewer.member is not None else None
        if wanted.state in (PostState.DRAFT, PostState.SCHEDULED):
            if own is None or wanted.author_id not in (None, viewer.member and viewer.member.id):
                return None
            query |= own
        else:
            moderated = [key for key in spaces if viewer.rights[key].moderates]
            seen: list[Mapping[str, Any]] = [{"space": {"$in": moderated}}] if moderated else []
            seen += [own] if own else []
            if not seen:
                return None
            query["$or"] = seen
            if wanted.state is not PostState.PENDING:
                query["publications"] = {"$gt": 0}
    else:
        query |= seen_by(viewer)
    if not spaces:
        return None
    query["space"] = {"$in": spaces}
    for name, value in (
        ("kind", wanted.kind and wanted.kind.value),
        ("written.tags", wanted.tag),
        ("author_id", wanted.author_id),
        ("marks", wanted.mark),
    ):
        if value is not None:
            query[name] = value
    if wanted.pinned:
        query["pinned_at"] = {"$exists": True}
    return query
