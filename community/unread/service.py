"""How much the viewer has not read, of what they may see and did not write themselves."""

from collections.abc import Iterable, Sequence

from community.following.model import Reader, followed_id
from community.posts.reading import PostFilter, query_of, seen_by
from community.spaces.service import Viewer
from community.unread.repository import UnreadRepository


class UnreadService:
    """For members, of themselves."""

    def __init__(self, repository: UnreadRepository) -> None:
        self._repository = repository

    async def of_spaces(self, viewer: Viewer, reader: Reader | None, spaces: Iterable[str]) -> dict[str, int]:
        """How many posts came to each of these spaces since the viewer read it last, or joined the programme; 100 at most.
        Those that the viewer doesn't read are absent."""
        if viewer.member is None or reader is None:
            return {}
        member, shown = viewer.member, query_of(viewer, PostFilter())
        readable = [key for key in spaces if key in viewer.readable]
        if shown is None or not readable:
            return {}
        since = {key: reader.read.get(key, member.joined_at) for key in readable}
        others = {**shown, "author_id": {"$ne": member.id}}
        found = await self._repository.posts(viewer.actor.programme_id, since, others)
        return {key: found.get(key, 0) for key in readable}

    async def of_posts(self, viewer: Viewer, post_ids: Sequence[bytes]) -> dict[bytes, int]:
        """How many comments came under each of these posts since the viewer, who has been shown them, read it last; 100 at
        most. Those that they don't follow are absent."""
        if viewer.member is None:
            return {}
        member = viewer.member
        shown = {**seen_by(viewer), "author_id": {"$ne": member.id}}
        return await self._repository.comments([followed_id(member.id, one) for one in post_ids], shown)
