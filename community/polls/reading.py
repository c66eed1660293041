"""Reading polls, as far as a viewer may see them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from community.polls.counting import shows_results
from community.polls.model import Ballot, Poll
from community.polls.repository import PollRepository
from community.spaces.service import Viewer
from gamification.kit.records import record
from storage.paging import Page, Window

_EMPTY: Page[Ballot] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class SeenPoll:
    """A poll as somebody sees it now: their own ballot, whether it is closed, and whether they see how it stands."""

    poll: Poll
    ballot: Ballot | None
    is_closed: bool
    shows_results: bool


class PollReading:
    """For everyone, as far as they may see."""

    def __init__(self, repository: PollRepository, now: Callable[[], datetime]) -> None:
        self._repository = repository
        self._now = now

    async def by_ids(self, viewer: Viewer, post_ids: Sequence[bytes]) -> dict[bytes, SeenPoll]:
        """The polls of posts that the viewer has been shown, by the post's id."""
        polls = await self._repository.by_ids(post_ids)
        ballots: dict[bytes, Ballot] = {}
        if viewer.member is not None and polls:
            ballots = await self._repository.of_member(viewer.member.id, list(polls))
        now = self._now()
        return {
            key: SeenPoll(
                poll, ballots.get(key), poll.is_closed(now), shows_results(poll, ballots.get(key), now)
            )
            for key, poll in polls.items()
            if poll.programme_id == viewer.actor.programme_id
        }

    async def voters(self, viewer: Viewer, seen: SeenPoll, option: int, window: Window) -> Page[Ballot]:
        """Who voted for an option, latest first: of an open ballot, to whom results are shown. Empty for all others."""
        if seen.poll.terms.secret or not seen.shows_results:
            return _EMPTY
        return await self._repository.voters(seen.poll.id, option, sorted(viewer.hidden), window)
