"""Reading questions and bounties, as far as a viewer may see them, and how questions fared."""

from collections.abc import Sequence
from datetime import datetime

from community.posts.reading import PostReading
from community.questions.model import Bounty, Question
from community.questions.repository import QuestionRepository, Tally
from community.spaces.service import Viewer
from gamification.kit.errors import InvalidInput, NotFound


class QuestionReading:
    """For everyone, as far as they may see."""

    def __init__(self, repository: QuestionRepository, posts: PostReading) -> None:
        self._repository = repository
        self._posts = posts

    async def by_ids(self, viewer: Viewer, post_ids: Sequence[bytes]) -> dict[bytes, Question]:
        """What is beside posts that the viewer has been shown, by the post's id: an asker who is shadow-limited sees their own
        choice as the accepted answer."""
        found = await self._repository.by_ids(post_ids)
        return {key: one for key, one in found.items() if one.programme_id == viewer.actor.programme_id}

    async def bounties(self, viewer: Viewer, ids: Sequence[bytes]) -> dict[bytes, Bounty]:
        """Bounties by id; what the viewer may not see is absent like what there is not."""
        found = await self._repository.bounties(ids)
        posts = await self._posts.by_ids(viewer, sorted({one.post_id for one in found.values()}))
        seen = {}
        for key, one in found.items():
            post = posts.get(one.post_id)
            if post is None:
                continue
            rights = viewer.rights[post.space]
            if not one.shadowed or viewer.is_member(one.member_id) or rights.moderates:
                seen[key] = one
        return seen

    async def tally(self, viewer: Viewer, space: str | None, since: datetime, until: datetime) -> Tally:
        """How the questions fared that were asked from `since` to `until`, exclusive, in a space, or in all that the viewer
        reads. Raises: NotFound, InvalidInput."""
        if until <= since:
            raise InvalidInput("askedBefore is after askedFrom.", path=["askedBefore"])
        spaces = [key for key in viewer.readable if space in (None, key)]
        if space is not None and not spaces:
            raise NotFound("There is no such space.", path=["space"])
        return await self._repository.tally(viewer.actor.programme_id, spaces, since, until)
