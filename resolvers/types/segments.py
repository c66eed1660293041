"""Segments, and who is in them."""

from datetime import date, datetime

import strawberry

from gamification.programmes import definitions
from gamification.segments import model as domain
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus

IN_SEGMENT = Listing("members of a segment", (datetime, bytes))


@strawberry.type(description="How many members two segments share.")
class SegmentOverlap:
    model: strawberry.Private[domain.Overlap]

    @strawberry.field(description="Members who are in both.")
    def both(self) -> Long:
        return Long(self.model.both)

    @strawberry.field(description="Members who are in this one and not in the other.")
    def only_this(self) -> Long:
        return Long(self.model.only_first)

    @strawberry.field(description="Members who are in the other and not in this one.")
    def only_other(self) -> Long:
        return Long(self.model.only_second)


async def _members(rows: "list[SegmentEntry]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many(row.model.member_id for row in rows)
    return [Member.of(found[row.model.member_id]) if row.model.member_id in found else None for row in rows]


@strawberry.type(description="Somebody who is in a segment.")
class SegmentEntry:
    model: strawberry.Private[domain.SegmentMember]
    since: datetime = of_model("since", description="When they came to it, the last time.")
    member: Member | None = batched(_members, description="Who.")


@strawberry.type(description="Members that are alike. For operators and services.")
class Segment(Node):
    model: strawberry.Private[definitions.Segment]
    key: str = of_model("key", description="Its key in the programme file.")
    status: DefinitionStatus = of_model("status", description="Whether it takes effect.")
    version: int = of_model("version", description="Counts the changes to it, from 1.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    is_live: bool = of_model(
        "is_live",
        description="True where it is kept up by its condition, as members act and once a day; false where staff keep it.",
    )
    condition: str | None = of_model(
        "when", description="What is true of its members, in CEL; null for a list."
    )

    @strawberry.field(description="How many members are in it.")
    async def size(self, info: Info) -> Long:
        return Long(await info.context.services.segments.size(info.context.caller, self.model.key))

    @strawberry.field(description="Who is in it, the last to come first.")
    async def members(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[SegmentEntry]:
        page = await info.context.services.segments.page(
            info.context.caller, self.model.key, window(first, after, last, before, of=IN_SEGMENT)
        )
        return connect(page, lambda one: SegmentEntry(model=one), IN_SEGMENT)


@strawberry.type(
    description="What a condition comes to now. It is of members as they are; nothing of it is kept."
)
class SegmentPreview:
    model: strawberry.Private[domain.Preview]
    is_exact: bool = of_model(
        "is_exact", description="Whether all members were looked at; else so many of them, drawn at random."
    )
    faults: list[str] = strawberry.field(
        description="Why it can't be told of some, as where an attribute is not known of them; at most 5, the most frequent first."
    )
    sample: list[Member] = strawberry.field(
        description="Some who meet it, at most as many as were asked for."
    )

    @strawberry.field(description="How many members there are.")
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="How many were looked at.")
    def looked_at(self) -> Long:
        return Long(self.model.looked_at)

    @strawberry.field(description="How many of those looked at meet it.")
    def matching(self) -> Long:
        return Long(self.model.matching)

    @strawberry.field(description="Of how many of those looked at it can't be told; they would not be in it.")
    def undecided(self) -> Long:
        return Long(self.model.undecided)

    @strawberry.field(
        description="How many of all members meet it: counted where is_exact, else in the proportion of those looked at."
    )
    def estimate(self) -> Long:
        one = self.model
        return Long(one.matching if one.is_exact else round(one.matching * one.members / one.looked_at))


@strawberry.type(
    description="Where quintiles end. A score is 1 plus the number of these that a value exceeds; recency is in days since the "
    "last purchase, with its sign turned, so that more is better."
)
class QuintileCuts:
    model: strawberry.Private[domain.Cuts]
    day: date = of_model("day", description="The day they were made on.")
    recency: list[int] = of_model("recency", description="Four, or none where nobody is scored.")
    frequency: list[int] = of_model("frequency", description="Four, or none where nobody is scored.")

    @strawberry.field(description="Four, or none where nobody is scored; in the currency's smallest part.")
    def money(self) -> list[Long]:
        return [Long(one) for one in self.model.money]

    @strawberry.field(description="How many members bought anything in the window and are scored.")
    def size(self) -> Long:
        return Long(self.model.size)


@strawberry.type(description="When all members were last looked at for their segments.")
class SegmentSweep:
    model: strawberry.Private[domain.Run]
    day: date | None = of_model(
        "day", description="The programme's day that it was of; null before the first."
    )
    done_at: datetime | None = of_model("done_at", description="When it was done.")

    @strawberry.field(description="What members are scored by; null before the first.")
    def cuts(self) -> QuintileCuts | None:
        return QuintileCuts(model=self.model.cuts) if self.model.cuts is not None else None


async def build_segment(info: Info, segment: definitions.Segment) -> Segment:
    """The GraphQL object of a definition."""
    return Segment(
        id=encode_id("Segment", segment.key),
        model=segment,
        name=await label(info, segment),
        description=await text(info, segment.description),
    )
