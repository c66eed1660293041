"""`moderationQueue`, `moderationLog`, `moderationStatistics`, `blockedMembers`."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import strawberry

from community.moderation.reading import CaseFilter, LogFilter
from resolvers.context import Info
from resolvers.mutations.members import member_id
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, decode_id, window
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.moderation import (
    LOG,
    QUEUE,
    ModerationActKind,
    ModerationCase,
    ModerationCaseKind,
    ModerationCaseState,
    ModerationLogEntry,
    ModerationStatistics,
)
from resolvers.types.trust import CommunityLayer, CommunityLayerCount
from storage.paging import Page

BLOCKS = Listing("blocked members", (datetime, bytes))
_PERIOD = timedelta(days=30)
NOTHING: Page[Any] = Page([], [], has_next=False, has_previous=False)


@strawberry.input(description="Which cases to list.")
class ModerationCaseFilter:
    state: ModerationCaseState | None = strawberry.field(
        default=ModerationCaseState.OPEN, description="Only in this state; null for every one."
    )
    kind: ModerationCaseKind | None = strawberry.field(default=None, description="Only of this kind.")
    space: str | None = strawberry.field(default=None, description="Only in the space of this key.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description="Only about this member.")
    claimed_by: str | None = strawberry.field(
        default=None, description="Only those that this one has to themselves, as `moderator:kim`."
    )

    def as_domain(self) -> CaseFilter:
        """What the domain calls it. Raises: NotFound for what is no member's id."""
        target = member_id(self.member_id) if self.member_id is not None else None
        return CaseFilter(self.state, self.kind, self.space, target, self.claimed_by)


@strawberry.input(description="Which entries of the log to list.")
class ModerationLogFilter:
    by: str | None = strawberry.field(default=None, description="Only by this one, as `moderator:kim`.")
    kind: ModerationActKind | None = strawberry.field(default=None, description="Only of this kind.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description="Only about this member.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="Only about this thing.")
    space: str | None = strawberry.field(default=None, description="Only in the space of this key.")
    since: datetime | None = strawberry.field(default=None, description="Only from then on.")
    until: datetime | None = strawberry.field(default=None, description="Only before then.")
    parent: Long | None = strawberry.field(default=None, description="Only what is a part of this entry.")

    def as_domain(self) -> LogFilter:
        """What the domain calls it. Raises: NotFound for what is no member's id."""
        target = member_id(self.member_id) if self.member_id is not None else None
        subject = decode_id(self.subject_id) if self.subject_id is not None else None
        raw = bytes.fromhex(subject[1]) if subject is not None and _is_hex(subject[1]) else None
        return LogFilter(
            self.by,
            self.kind,
            target,
            raw if self.subject_id is None else raw or b"",
            self.space,
            self.since,
            self.until,
            self.parent,
        )


@strawberry.type
class ModerationQueries:
    @strawberry.field(
        description="What waits for moderators, what weighs most first, of as much the oldest: for moderators and operators, "
        "and for those who look after a space what is of it; empty for others. It is counted up to 10 000."
    )
    async def moderation_queue(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ModerationCaseFilter | None, strawberry.argument(description="What is open when not given.")
        ] = None,
    ) -> Connection[ModerationCase]:
        wanted = (filter or ModerationCaseFilter()).as_domain()
        viewer, reading = await info.context.viewer(), info.context.services.moderating.reading
        page = await reading.queue(viewer, wanted, window(first, after, last, before, of=QUEUE))
        return connect(page, ModerationCase.of, QUEUE, lambda: reading.count(viewer, wanted))

    @strawberry.field(
        description="What moderators and rules did, latest first; for moderators, operators and services."
    )
    async def moderation_log(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ModerationLogFilter | None, strawberry.argument(description="All of it when not given.")
        ] = None,
    ) -> Connection[ModerationLogEntry]:
        wanted = (filter or ModerationLogFilter()).as_domain()
        page = await info.context.services.moderating.reading.log(
            info.context.caller, wanted, window(first, after, last, before, of=LOG)
        )
        return connect(page, lambda one: ModerationLogEntry(model=one), LOG)

    @strawberry.field(description="How moderation goes; for moderators, operators and services.")
    async def moderation_statistics(
        self,
        info: Info,
        since: Annotated[
            datetime | None, strawberry.argument(description="Opened from then on; 30 days when not given.")
        ] = None,
        until: Annotated[
            datetime | None, strawberry.argument(description="Opened before then; now when not given.")
        ] = None,
    ) -> ModerationStatistics:
        services = info.context.services
        now = services.now()
        to = until or now
        found = await services.moderating.reading.statistics(
            info.context.caller, since or to - _PERIOD, to, now
        )
        return ModerationStatistics(model=found)

    @strawberry.field(
        description="How many members are in each layer of the community; for moderators, operators and services."
    )
    async def community_layers(self, info: Info) -> list[CommunityLayerCount]:
        found = await info.context.services.trust.layers(info.context.caller)
        return [CommunityLayerCount(layer=layer, count=Long(found.get(layer, 0))) for layer in CommunityLayer]

    @strawberry.field(description="Whom the caller blocks, latest first; nobody else learns of it.")
    async def blocked_members(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Member]:
        wanted = window(first, after, last, before, of=BLOCKS)
        own = await info.context.services.members.me(info.context.caller)
        if own is None:
            return connect(NOTHING, Member.of, BLOCKS)
        page = await info.context.services.blocks.page(own, wanted)
        found = await info.context.loaders.members.load_many({blocked for blocked, _ in page.rows})
        shown = [
            (found[blocked], position)
            for (blocked, _), position in zip(page.rows, page.positions, strict=True)
            if blocked in found
        ]
        return Connection(
            listing=BLOCKS,
            positions=[position for _, position in shown],
            has_next=page.has_next,
            has_previous=page.has_previous,
            nodes=[Member.of(member) for member, _ in shown],
        )


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True
