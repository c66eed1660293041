"""Gatherings, and who comes to them."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.gatherings import model as domain
from community.gatherings.access import looks_after, may_come, sees_address
from community.gatherings.codes import STEP_SECONDS, code_at, token_of
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, Node, connect, global_id, window
from resolvers.scalars import Long
from resolvers.types.campaigns import Campaign, build_campaign
from resolvers.types.members import Member
from resolvers.types.spaces import Space, space_of

GatheringState = domain.GatheringState
strawberry.enum(
    GatheringState,
    name="GatheringState",
    description="SCHEDULED: it takes place, or did. CANCELLED: it does not.",
)
RsvpState = domain.RsvpState
strawberry.enum(
    RsvpState,
    name="RsvpState",
    description="GOING: they have a place. WAITING: they get one when there is one. INTERESTED: they take none. NOT_GOING. "
    "REMOVED: those who look after the gathering took them out.",
)
GatheringNoticeKind = domain.NoticeKind
strawberry.enum(
    GatheringNoticeKind,
    name="GatheringNoticeKind",
    description="What a member is told of a gathering. REMINDER: it begins soon, and they have a place. CHANGED: its time or "
    "place has. CANCELLED: it does not take place. MOVED_UP: they waited, and have a place now. REMOVED: they were taken out "
    "of it.",
)
COMING = Listing("coming gatherings", (datetime, bytes))
RSVPS = Listing("gathering answers", (datetime, bytes))
TURNS = Listing("gathering waitlist", (int, bytes))


async def _members(rsvps: "list[GatheringRsvp]", info: Info) -> list[Member | None]:
    viewer = await info.context.viewer()
    found = await info.context.loaders.members.load_many({one.model.member_id for one in rsvps})
    gatherings = await info.context.loaders.gatherings.load_many({one.model.gathering_id for one in rsvps})
    shown: list[Member | None] = []
    for one in rsvps:
        member, gathering = found.get(one.model.member_id), gatherings.get(one.model.gathering_id)
        is_seen = gathering is not None and looks_after(viewer, gathering)
        if member is not None and not is_seen:
            # Those who chose not to stand on boards by their name are named to nobody else here either.
            is_seen = viewer.is_member(member.id) or (
                member.is_listed and member.alias is None and member.id not in viewer.hidden
            )
        shown.append(Member.of(member) if member is not None and is_seen else None)
    return shown


async def _sees_more(rsvps: "list[GatheringRsvp]", info: Info) -> list[bool]:
    """Whether the caller sees all of each: it is their own, or they look after the gathering."""
    viewer = await info.context.viewer()
    gatherings = await info.context.loaders.gatherings.load_many({one.model.gathering_id for one in rsvps})
    return [
        viewer.is_member(one.model.member_id)
        or (one.model.gathering_id in gatherings and looks_after(viewer, gatherings[one.model.gathering_id]))
        for one in rsvps
    ]


async def _attended(rsvps: "list[GatheringRsvp]", info: Info) -> list[datetime | None]:
    seen = await _sees_more(rsvps, info)
    return [one.model.attended_at if may_see else None for one, may_see in zip(rsvps, seen, strict=True)]


async def _positions(rsvps: "list[GatheringRsvp]", info: Info) -> list[Long | None]:
    before = await info.context.services.gathering_reading.before([one.model for one in rsvps])
    seen = await _sees_more(rsvps, info)
    return [
        Long(before[one.model.id] + 1) if may_see and one.model.id in before else None
        for one, may_see in zip(rsvps, seen, strict=True)
    ]


async def _gatherings_of(rsvps: "list[GatheringRsvp]", info: Info) -> "list[Gathering | None]":
    found = await info.context.loaders.gatherings.load_many({one.model.gathering_id for one in rsvps})
    return [
        Gathering.of(found[one.model.gathering_id]) if one.model.gathering_id in found else None
        for one in rsvps
    ]


async def _campaigns(gatherings: "list[Gathering]", info: Info) -> list[Campaign | None]:
    """What they belong to: all campaigns that are there for the caller, read at once."""
    keys = {one.model.campaign for one in gatherings} - {None}
    if not keys:
        return [None for _ in gatherings]
    services, caller = info.context.services, info.context.caller
    views = await services.campaigns.views(caller, await services.members.me(caller))
    built = {
        one.definition.key: await build_campaign(info, one) for one in views if one.definition.key in keys
    }
    return [built.get(one.model.campaign or "") for one in gatherings]


@strawberry.type(description="A token that says who one is, to be scanned by who looks after a gathering.")
class AttendanceToken:
    token: str = strawberry.field(description="To be shown as a QR code; of 32 characters.")
    expires_at: datetime = strawberry.field(description="Until when it is good; ask for another then.")


@strawberry.type(description="The code that shows that one came. It changes every 30 seconds.")
class AttendanceCode:
    code: str = strawberry.field(description="6 digits.")
    valid_until: datetime = strawberry.field(
        description="When the next one comes; it passes for one step more."
    )
    step_seconds: int = strawberry.field(description="How long each is the present one.")


@strawberry.type(description="A member's answer to a gathering.")
class GatheringRsvp:
    model: strawberry.Private[domain.Rsvp]
    state: RsvpState = of_model("state", description="What they answered, and what came of it.")
    since: datetime = of_model("at", description="Since when it is so.")
    member: Member | None = batched(
        _members,
        description="Who; null where they are not visible. Who is on boards by a pseudonym, or not at all, is shown to "
        "themselves and to who looks after the gathering.",
    )
    gathering: "Gathering | None" = batched(
        _gatherings_of, description="To what; null where it is not there for the caller any more."
    )
    attended_at: datetime | None = batched(
        _attended,
        description="When it was noted that they came; for themselves and who looks after the gathering.",
    )
    waitlist_position: Long | None = batched(
        _positions,
        description="Their place among those who wait, from 1; for themselves and who looks after the gathering.",
    )

    @strawberry.field(
        description="The caller's own token, to be scanned there; null where this is not theirs, or they are not going, and "
        "once nobody's coming is noted any more."
    )
    async def token(self, info: Info) -> AttendanceToken | None:
        viewer = await info.context.viewer()
        gathering = await info.context.loaders.gatherings.load(self.model.gathering_id)
        now = info.context.services.now()
        if gathering is None or not viewer.is_member(self.model.member_id) or not may_come(viewer, gathering):
            return None
        if self.model.state is not RsvpState.GOING or gathering.state is not GatheringState.SCHEDULED:
            return None
        if now >= gathering.times.ends_at + domain.HOST_KEEPS:
            return None
        token, until = token_of(gathering.secret, self.model.member_id, now)
        return AttendanceToken(token=token, expires_at=until)


async def _own(gatherings: "list[Gathering]", info: Info) -> list[GatheringRsvp | None]:
    found = await info.context.loaders.own_rsvps.load_many({one.model.id for one in gatherings})
    return [GatheringRsvp(model=found[one.model.id]) if one.model.id in found else None for one in gatherings]


async def _urls(gatherings: "list[Gathering]", info: Info) -> list[str | None]:
    viewer = await info.context.viewer()
    asked = [one.model.id for one in gatherings if one.model.online_url is not None]
    own = await info.context.loaders.own_rsvps.load_many(set(asked))
    return [
        one.model.online_url if sees_address(viewer, one.model, own.get(one.model.id)) else None
        for one in gatherings
    ]


async def _managed(gatherings: "list[Gathering]", info: Info) -> list[bool]:
    viewer = await info.context.viewer()
    return [looks_after(viewer, one.model) for one in gatherings]


async def _sources(gatherings: "list[Gathering]", info: Info) -> list[str | None]:
    viewer = await info.context.viewer()
    return [one.model.written.body if looks_after(viewer, one.model) else None for one in gatherings]


async def _hosts(gatherings: "list[Gathering]", info: Info) -> list[Member | None]:
    viewer = await info.context.viewer()
    wanted = {one.model.host_id for one in gatherings if one.model.host_id is not None}
    found = await info.context.loaders.members.load_many(wanted - viewer.hidden)
    return [Member.of(found[one.model.host_id]) if one.model.host_id in found else None for one in gatherings]


async def _spaces(gatherings: "list[Gathering]", info: Info) -> list[Space | Exception]:
    viewer = await info.context.viewer()
    built = {key: await space_of(info, viewer, key) for key in {one.model.space for one in gatherings}}
    return [built[one.model.space] or NotFound("There is no such space.") for one in gatherings]


@strawberry.type(description="A meet-up in a space: on the spot, online, or both.")
class Gathering(Node):
    model: strawberry.Private[domain.Gathering]
    id: strawberry.ID = global_id("Gathering")
    state: GatheringState = of_model("state", description="Whether it takes place.")
    version: Long = of_model("version", description="Counts its changes; state it when you edit.")
    title: str = of_model("written.title", description="Its title, at most 200 characters.")
    html: str = of_model(
        "written.html",
        description="What it is about, rendered and clean: safe to be put into a page as it is.",
    )
    text: str = of_model("written.text", description="What it is about, without any marks.")
    place: str | None = of_model("place", description="Where it is; null where it is online alone.")
    starts_at: datetime = of_model("times.starts_at", description="When it begins.")
    ends_at: datetime = of_model("times.ends_at", description="When it ends.")
    time_zone: str = of_model("times.time_zone", description="The IANA zone that its times are stated by.")
    rsvp_by: datetime | None = of_model(
        "times.rsvp_by", description="Until when one asks for a place; until its end where null."
    )
    capacity: int | None = of_model("capacity", description="How many can go; null for as many as like.")
    created_at: datetime = of_model("created_at", description="When it was made.")
    changed_at: datetime = of_model("changed_at", description="When it was last changed.")
    attendance_from: datetime = of_model(
        "times.attended_from", description="From when members note that they came."
    )
    attendance_until: datetime = of_model(
        "times.attended_until",
        description="Until when members note that they came; who looks after it does until 7 days after its end.",
    )
    attended_count: Long = of_model("attended", description="How many came.")
    online_url: str | None = batched(
        _urls, description="Where online it is, for who is going and who looks after it; null for others."
    )
    viewer_may_manage: bool = batched(_managed, description="Whether the caller looks after it.")
    source: str | None = batched(
        _sources, description="What it is about as Markdown, for who looks after it; null for others."
    )
    host: Member | None = batched(
        _hosts, description="The member who made it; null where staff did, or they are not visible."
    )
    space: Space = batched(_spaces, description="Where it stands; who reads the space sees it.")
    campaign: Campaign | None = batched(
        _campaigns,
        description="The campaign that it belongs to; null for none, or where that is not there for the caller.",
    )
    viewer_rsvp: GatheringRsvp | None = batched(
        _own, description="The caller's own answer; null where they gave none."
    )

    @strawberry.field(description="Whether one can be there online.")
    def is_online(self) -> bool:
        return self.model.online_url is not None

    @strawberry.field(description="How many hours before it begins who goes is reminded; at most 5.")
    def remind_hours(self) -> list[int]:
        return list(self.model.reminders)

    @strawberry.field(description="How many have a place.")
    def going_count(self) -> Long:
        return Long(self.model.count(RsvpState.GOING))

    @strawberry.field(description="How many wait for one.")
    def waiting_count(self) -> Long:
        return Long(self.model.count(RsvpState.WAITING))

    @strawberry.field(description="How many are interested.")
    def interested_count(self) -> Long:
        return Long(self.model.count(RsvpState.INTERESTED))

    @strawberry.field(description="Why it was cancelled, where it is.")
    def cancel_reason(self) -> str | None:
        return self.model.cancelled.reason if self.model.cancelled is not None else None

    @strawberry.field(
        description="The code to be shown there, for who looks after it, while members note that they came; null else."
    )
    async def attendance_code(self, info: Info) -> AttendanceCode | None:
        now, times = info.context.services.now(), self.model.times
        is_open = times.attended_from <= now < times.attended_until
        if not looks_after(await info.context.viewer(), self.model) or not is_open:
            return None
        if self.model.state is not GatheringState.SCHEDULED:
            return None
        code = code_at(self.model.secret, now)
        return AttendanceCode(code=code.text, valid_until=code.until, step_seconds=STEP_SECONDS)

    @strawberry.field(
        description="It as an iCalendar file (RFC 5545), with the address where the caller sees that."
    )
    async def icalendar(self, info: Info) -> str:
        viewer = await info.context.viewer()
        return await info.context.services.calendar_feeds.calendar(viewer, self.model.id)

    @strawberry.field(
        description="Who answered so, the latest first, and of those who wait the next first. Who goes is for everyone who "
        "reads the space; others, and who came, for who looks after it; empty for others."
    )
    async def rsvps(
        self,
        info: Info,
        state: Annotated[RsvpState, strawberry.argument(description="What they answered.")] = RsvpState.GOING,
        attended: Annotated[
            bool | None, strawberry.argument(description="Only those who came, or who did not.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[GatheringRsvp]:
        listing = TURNS if state is RsvpState.WAITING else RSVPS
        page = await info.context.services.gathering_reading.rsvps(
            await info.context.viewer(),
            self.model,
            state,
            window(first, after, last, before, of=listing),
            attended=attended,
        )
        return connect(page, lambda one: GatheringRsvp(model=one), listing)

    @classmethod
    def of(cls, gathering: domain.Gathering) -> "Gathering":
        """The GraphQL object of a gathering that the caller may see."""
        return cls(model=gathering)


async def load_gathering(info: Info, raw: bytes) -> Gathering | None:
    """The gathering of that id; None where it is not there for the caller."""
    found = await info.context.loaders.gatherings.load(raw)
    return Gathering.of(found) if found else None
