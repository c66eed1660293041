"""What follows what was settled: members are told of it. One consumer of the backlog; again is the same as once."""

from collections.abc import Sequence
from itertools import groupby

from community.complaints.repository import ComplaintRepository
from community.notifications.announcing import AnnouncingService
from community.notifications.from_feeds import Told, notices_of, read_named
from community.notifications.from_news import NewsReading, Piece
from community.notifications.model import Notice
from community.notifications.telling import Telling
from community.notifications.watching import News
from community.oversight.repository import StatementRepository
from gamification.programmes.definitions.notifications import Channel
from gamification.settlement.followup import Followup, followup_of
from gamification.settlement.unit import Stores
from storage.backlog import Chore


class NotificationFollowing:
    """Goes through chores, programme by programme."""

    def __init__(
        self,
        stores: Stores,
        statements: StatementRepository,
        complaints: ComplaintRepository,
        news: NewsReading,
        telling: Telling,
        announcing: AnnouncingService,
    ) -> None:
        self._stores = stores
        self._statements = statements
        self._complaints = complaints
        self._news = news
        self._telling = telling
        self._announcing = announcing

    async def handle(self, chores: Sequence[Chore]) -> None:
        """Tell members of what these did."""
        ordered = sorted(chores, key=lambda one: one.programme_id)
        for programme_id, part in groupby(ordered, lambda one: one.programme_id):
            mine = sorted(part, key=lambda one: (one.created_at, one.id))
            follow = [(chore, followup_of(chore.body)) for chore in mine]
            await self._telling.tell(programme_id, await self._of_feeds(programme_id, follow))
            pieces = [
                Piece(News(what), found, chore.created_at)
                for chore, one in follow
                for what, found in one.news
            ]
            for _, one in follow:
                for announced in one.announcements:
                    await self._announcing.announce(
                        programme_id,
                        announced.campaign,
                        announced.key,
                        announced.member_ids,
                        {"title": announced.title, "body": announced.body},
                        [Channel(way) for way in announced.channels],
                    )
            async for found in self._news.found(programme_id, pieces):
                await self._telling.void(found.over)
                await self._telling.tell(programme_id, found.notices)

    async def _of_feeds(self, programme_id: str, follow: Sequence[tuple[Chore, Followup]]) -> list[Notice]:
        ends = [(member_id, last) for _, one in follow for member_id, (_, last) in one.feeds.items()]
        read = await self._stores.feed.by_ends(ends)
        told = [Told(member_id, message) for (member_id, _), messages in read.items() for message in messages]
        named = await read_named(self._stores, self._statements, self._complaints, programme_id, told)
        return notices_of(programme_id, told, named)
