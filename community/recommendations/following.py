"""Follows what was settled: who did something has their candidates made anew. One consumer of the backlog."""

from collections.abc import Callable, Sequence
from datetime import datetime

from community.comments.repository import CommentRepository
from community.notifications.watching import News
from community.posts.repository import PostRepository
from community.reactions.repository import ReactionRepository
from community.recommendations.repository import RecommendationRepository
from gamification.members.follows import FollowRepository
from gamification.settlement.followup import Followup, followup_of
from storage.backlog import Chore

CONSUMER = "recommendations"


class ActivityFollowing:
    """Notes whose candidates are due: members of whom activity was recorded, who came by or have another profile, and who wrote,
    reacted or followed somebody."""

    def __init__(
        self,
        repository: RecommendationRepository,
        posts: PostRepository,
        comments: CommentRepository,
        reactions: ReactionRepository,
        follows: FollowRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._posts = posts
        self._comments = comments
        self._reactions = reactions
        self._follows = follows
        self._now = now

    async def handle(self, chores: Sequence[Chore]) -> None:
        """Note them, programme by programme."""
        by_programme: dict[str, list[Followup]] = {}
        for chore in chores:
            by_programme.setdefault(chore.programme_id, []).append(followup_of(chore.body))
        for programme_id, followups in by_programme.items():
            due = {one.member_id for some in followups for one in some.activities}
            due |= {one for some in followups for one in some.profiles}
            due |= {one for some in followups for one in some.feeds}
            news = [one for some in followups for one in some.news]
            due |= await self._of_news(programme_id, news)
            await self._repository.make_due(programme_id, due, self._now())

    async def _of_news(self, programme_id: str, news: Sequence[tuple[str, bytes]]) -> set[bytes]:
        by: dict[str, list[bytes]] = {}
        for what, found in news:
            by.setdefault(what, []).append(found)
        posts = await self._posts.by_ids(programme_id, by.get(News.POST, []))
        comments = await self._comments.by_ids(programme_id, by.get(News.COMMENT, []))
        reactions = await self._reactions.by_ids(by.get(News.REACTION, []))
        follows = await self._follows.by_ids(by.get(News.FOLLOW, []))
        return {
            *(one.author_id for one in posts.values()),
            *(one.author_id for one in comments.values()),
            *(one.member_id for one in reactions.values() if one.programme_id == programme_id),
            *(one.follower for one in follows.values() if one.programme_id == programme_id),
        }
