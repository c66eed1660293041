"""Reading proposals, as far as a viewer may see them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from community.proposals.model import Proposal, Support
from community.proposals.repository import ProposalRepository
from community.spaces.service import Viewer
from gamification.kit.records import record
from storage.paging import Page, Window

_EMPTY: Page[Proposal] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class SeenProposal:
    """A proposal as somebody sees it now: whether its answer is overdue, and whether they support it."""

    proposal: Proposal
    is_overdue: bool
    viewer_supports: bool


class ProposalReading:
    """For everyone, as far as they may see."""

    def __init__(self, repository: ProposalRepository, now: Callable[[], datetime]) -> None:
        self._repository = repository
        self._now = now

    async def by_ids(self, viewer: Viewer, post_ids: Sequence[bytes]) -> dict[bytes, SeenProposal]:
        """The proposals of posts that the viewer has been shown, by the post's id."""
        found = await self._repository.by_ids(post_ids)
        return await self._seen(viewer, list(found.values()))

    async def overdue(self, viewer: Viewer, window: Window) -> Page[SeenProposal]:
        """Those whose answer is overdue, the longest first, in spaces that the viewer looks after."""
        spaces = viewer.moderated
        if not spaces:
            return Page([], [], has_next=False, has_previous=False)
        page = await self._repository.overdue(viewer.actor.programme_id, spaces, self._now(), window)
        seen = await self._seen(viewer, page.rows)
        rows = [seen[one.id] for one in page.rows]
        return Page(rows, page.positions, page.has_next, page.has_previous)

    async def supporters(self, viewer: Viewer, proposal: Proposal, window: Window) -> Page[Support]:
        """Who supports a proposal that the viewer has been shown, latest first."""
        return await self._repository.supporters(proposal.id, sorted(viewer.hidden), window)

    async def _seen(self, viewer: Viewer, proposals: Sequence[Proposal]) -> dict[bytes, SeenProposal]:
        own: set[bytes] = set()
        if viewer.member is not None and proposals:
            own = await self._repository.of_member(viewer.member.id, [one.id for one in proposals])
        now = self._now()
        return {
            one.id: SeenProposal(one, one.is_overdue(now), one.id in own)
            for one in proposals
            if one.programme_id == viewer.actor.programme_id
        }
