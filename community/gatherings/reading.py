"""Reading gatherings and answers: what a viewer may see of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from community.gatherings.access import looks_after, rights_on
from community.gatherings.limits import DAYS_MAX
from community.gatherings.model import Gathering, GatheringState, Rsvp, RsvpState, rsvp_id
from community.gatherings.repository import (
    BY_TURN,
    COMING,
    LATEST_ANSWERS,
    PASSED,
    GatheringRepository,
    RsvpRepository,
)
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.members.service import may_see_private
from storage.paging import Page, Window

_EMPTY: Page[Any] = Page([], [], has_next=False, has_previous=False)


@record(frozen=True, slots=True)
class GatheringFilter:
    """Which gatherings a list shows: those of a space, or of all that one reads; of a campaign, or of any and none; that have
    not ended, the next first, or with `past` those that have, the latest first."""

    space: str | None = None
    past: bool = False
    state: GatheringState = GatheringState.SCHEDULED
    campaign: str | None = None


class GatheringReading:
    """For everyone, as far as they may see."""

    def __init__(self, gatherings: GatheringRepository, rsvps: RsvpRepository) -> None:
        self._gatherings = gatherings
        self._rsvps = rsvps

    async def by_ids(self, viewer: Viewer, ids: Sequence[bytes]) -> dict[bytes, Gathering]:
        """Gatherings by id; what is not there for the viewer is absent like what there is not."""
        found = await self._gatherings.by_ids(viewer.actor.programme_id, ids)
        return {key: one for key, one in found.items() if rights_on(viewer, one) is not None}

    async def page(
        self, viewer: Viewer, wanted: GatheringFilter, now: datetime, window: Window
    ) -> Page[Gathering]:
        """Gatherings in the spaces that the viewer reads."""
        spaces = [key for key in viewer.readable if wanted.space in (None, key)]
        if not spaces:
            return _EMPTY
        ends: Mapping[str, Any] = {"$lte": now} if wanted.past else {"$gt": now}
        # What the order goes by is bounded as well, so that no read walks over all that is on the other side.
        starts: Mapping[str, Any] = (
            {"$lt": now} if wanted.past else {"$gt": now - timedelta(days=DAYS_MAX + 1)}
        )
        query: dict[str, Any] = {
            "space": {"$in": spaces},
            "state": wanted.state.value,
            "ends_at": ends,
            "starts_at": starts,
            "$or": [{"shadowed": None}, {"space": {"$in": list(viewer.moderated)}}],
        }
        query |= {"campaign": wanted.campaign} if wanted.campaign is not None else {}
        order = PASSED if wanted.past else COMING
        return await self._gatherings.page(viewer.actor.programme_id, query, order, window)

    async def own(self, viewer: Viewer, gathering_ids: Sequence[bytes]) -> dict[bytes, Rsvp]:
        """The viewer's own answers, by the gathering's id."""
        if viewer.member is None:
            return {}
        ids = [rsvp_id(one, viewer.member.id) for one in gathering_ids]
        return {one.gathering_id: one for one in (await self._rsvps.by_ids(ids)).values()}

    async def rsvps(
        self,
        viewer: Viewer,
        gathering: Gathering,
        state: RsvpState,
        window: Window,
        *,
        attended: bool | None,
    ) -> Page[Rsvp]:
        """Answers to a gathering that the viewer has been shown, the latest first, and of those who wait the first. Who goes
        is for everyone; the others, and who came, for who looks after it."""
        hosts = looks_after(viewer, gathering)
        if not hosts and (state is not RsvpState.GOING or attended is not None):
            return _EMPTY
        order = BY_TURN if state is RsvpState.WAITING else LATEST_ANSWERS
        return await self._rsvps.page(gathering.id, state, order, window, attended=attended, unseen=hosts)

    async def of_member(
        self, actor: Actor, member: Member, state: RsvpState | None, window: Window
    ) -> Page[Rsvp]:
        """A member's answers, the latest first: their own, and for staff and services."""
        if not may_see_private(actor, member):
            return _EMPTY
        return await self._rsvps.of_member(member.id, state, window)

    async def before(self, rsvps: Sequence[Rsvp]) -> dict[bytes, int]:
        """By the answer's id, how many wait before each of those that wait."""
        return await self._rsvps.before([one for one in rsvps if one.state is RsvpState.WAITING])
