"""`gathering`, `gatherings`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.gatherings import reading
from community.gatherings.model import Rsvp
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, decode_bytes_id, window
from resolvers.types.gatherings import (
    COMING,
    Gathering,
    GatheringRsvp,
    GatheringState,
    RsvpState,
    load_gathering,
)
from storage.paging import Page

PAST = Listing("past gatherings", (datetime, bytes))
ANSWERS = Listing("a member's gatherings", (datetime, bytes))


@strawberry.input(description="Which gatherings to list.")
class GatheringFilter:
    space: str | None = strawberry.field(default=None, description="Only in the space of this key.")
    past: bool = strawberry.field(
        default=False, description="Those that have ended, the latest first; else the others, the next first."
    )
    state: GatheringState = strawberry.field(
        default=GatheringState.SCHEDULED, description="Or those that were cancelled."
    )
    campaign: str | None = strawberry.field(
        default=None, description="Only those that belong to the campaign of this key."
    )


@strawberry.type(description="That a calendar is read at a secret address, which nobody is told again.")
class CalendarFeed:
    since: datetime = strawberry.field(description="Since when it is at the address that it has.")


@strawberry.type
class GatheringQueries:
    @strawberry.field(description="A gathering; null where it is not there for the caller.")
    async def gathering(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The gathering.")]
    ) -> Gathering | None:
        raw = decode_bytes_id(id, "Gathering")
        return await load_gathering(info, raw) if raw is not None else None

    @strawberry.field(description="Gatherings in the spaces that the caller reads.")
    async def gatherings(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            GatheringFilter | None, strawberry.argument(description="All that are to come when not given.")
        ] = None,
    ) -> Connection[Gathering]:
        stated = filter or GatheringFilter()
        listing = PAST if stated.past else COMING
        page = await info.context.services.gathering_reading.page(
            await info.context.viewer(),
            reading.GatheringFilter(stated.space, stated.past, stated.state, stated.campaign),
            info.context.services.now(),
            window(first, after, last, before, of=listing),
        )
        info.context.loaders.gatherings.hold({one.id: one for one in page.rows})
        return connect(page, Gathering.of, listing)

    @strawberry.field(
        description="What a member answered to gatherings, the latest first: oneself, and for staff and services anyone. Empty "
        "for others."
    )
    async def gathering_rsvps(
        self,
        info: Info,
        member_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose; one's own when not given.")
        ] = None,
        state: Annotated[
            RsvpState | None, strawberry.argument(description="Only what was answered so.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[GatheringRsvp]:
        asked = window(first, after, last, before, of=ANSWERS)
        raw = decode_bytes_id(member_id, "Member") if member_id is not None else None
        if member_id is None:
            member = (await info.context.viewer()).member
        else:
            member = await info.context.loaders.members.load(raw) if raw is not None else None
        page: Page[Rsvp] = Page([], [], has_next=False, has_previous=False)
        if member is not None:
            page = await info.context.services.gathering_reading.of_member(
                info.context.caller, member, state, asked
            )
        return connect(page, lambda one: GatheringRsvp(model=one), ANSWERS)

    @strawberry.field(description="One's own calendar feed; null where there is none.")
    async def calendar_feed(self, info: Info) -> CalendarFeed | None:
        member = (await info.context.viewer()).member
        if member is None:
            return None
        since = await info.context.services.calendar_feeds.since(member.id)
        return CalendarFeed(since=since) if since is not None else None
