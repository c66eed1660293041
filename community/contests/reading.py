"""Reading contests and what is in them, as far as a viewer may see them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.contests.model import (
    Ballot,
    ContestState,
    Entry,
    Run,
    RunState,
    ballot_id,
    run_id,
    state_of,
)
from community.contests.repository import BEST, LATEST, ContestRepository
from community.contests.service import sees
from community.spaces.service import Viewer
from gamification.kit.records import record
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Contest
from storage.paging import Page, Window

_EMPTY: Page[Entry] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class SeenContest:
    """A contest as somebody sees it now, with their own ballot."""

    contest: Contest
    run: Run | None
    ballot: Ballot | None
    state: ContestState
    now: datetime

    @property
    def is_ranked(self) -> bool:
        """Whether its results are there."""
        return self.run is not None and self.run.state in (RunState.GIVING, RunState.FINISHED)

    @property
    def shows_counts(self) -> bool:
        """Whether it is shown how many votes each story has."""
        return self.contest.counts_shown or self.is_ranked


class ContestReading:
    """For everyone who reads a contest's space."""

    def __init__(self, repository: ContestRepository, now: Callable[[], datetime]) -> None:
        self._repository = repository
        self._now = now

    async def contests(self, viewer: Viewer, catalogue: Catalogue) -> list[SeenContest]:
        """All that are there for the viewer, in file order."""
        there = [one for one in catalogue.document.contests if sees(viewer, one)]
        if not there:
            return []
        programme_id, now = viewer.actor.programme_id, self._now()
        runs = await self._repository.runs([run_id(programme_id, one.key) for one in there])
        ballots: Mapping[bytes, Ballot] = {}
        if viewer.member is not None:
            own = [ballot_id(programme_id, one.key, viewer.member.id) for one in there]
            ballots = await self._repository.ballots(own)
        of_key = {ballot.contest: ballot for ballot in ballots.values()}
        found = []
        for one in there:
            run = runs.get(run_id(programme_id, one.key))
            found.append(SeenContest(one, run, of_key.get(one.key), state_of(one, run, now), now))
        return found

    async def entries(self, viewer: Viewer, seen: SeenContest, window: Window) -> Page[Entry]:
        """The stories in a contest: once it is ranked those with a rank, the best first, else those that take part, entered
        last first."""
        query: dict[str, Any] = {"programme_id": viewer.actor.programme_id, "contest": seen.contest.key}
        if viewer.hidden:
            query["member_id"] = {"$nin": list(viewer.hidden)}
        if seen.is_ranked:
            return await self._repository.page({**query, "rank": {"$gte": 1}}, BEST, window)
        stands: dict[str, Any] = {"seen": True, "withdrawn": False, "disqualified": None}
        if viewer.member is None:
            return await self._repository.page(query | stands, LATEST, window)
        own = {"member_id": viewer.member.id, "withdrawn": False}
        return await self._repository.page({**query, "$or": [stands, own]}, LATEST, window)

    async def of_posts(self, viewer: Viewer, post_ids: Sequence[bytes]) -> dict[bytes, list[Entry]]:
        """In which contests these stories are, that the viewer has been shown."""
        found: dict[bytes, list[Entry]] = {}
        for entry in await self._repository.of_posts(post_ids):
            if entry.programme_id == viewer.actor.programme_id and not entry.withdrawn:
                found.setdefault(entry.post_id, []).append(entry)
        return found
