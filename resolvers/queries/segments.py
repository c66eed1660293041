"""`segment`, `segments`, `segmentOverlap`, `segmentPreview`, `segmentSweep`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.members import Member
from resolvers.types.segments import Segment, SegmentOverlap, SegmentPreview, SegmentSweep, build_segment

SEGMENTS = Listing("segments", (str,))
_KEY = strawberry.argument(description="A segment's key in the programme file.")


@strawberry.type
class SegmentQueries:
    @strawberry.field(description="A segment by key. For operators and services.")
    async def segment(self, info: Info, key: Annotated[str, _KEY]) -> Segment | None:
        found = await info.context.services.segments.segment(info.context.caller, key)
        return await build_segment(info, found) if found else None

    @strawberry.field(
        description="Every segment, in file order; archived ones too. For operators and services."
    )
    async def segments(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Segment]:
        found = await info.context.services.segments.segments(info.context.caller)
        return await list_definitions(info, found, build_segment, SEGMENTS, first, after, last, before)

    @strawberry.field(description="How many members two segments share. For operators and services.")
    async def segment_overlap(
        self, info: Info, key: Annotated[str, _KEY], other: Annotated[str, _KEY]
    ) -> SegmentOverlap:
        found = await info.context.services.segments.overlap(info.context.caller, key, other)
        return SegmentOverlap(model=found)

    @strawberry.field(
        description="What a condition comes to now, before it is published: how many meet it, and some of them. Of more than "
        "20,000 members it looks at so many, drawn at random. For operators and services."
    )
    async def segment_preview(
        self,
        info: Info,
        when: Annotated[str, strawberry.argument(description="A condition in CEL, at most 1000 characters.")],
        sample: Annotated[int, strawberry.argument(description="How many members to show, at most 50.")] = 10,
    ) -> SegmentPreview:
        found = await info.context.services.segments.preview(info.context.caller, when, sample)
        members = await info.context.loaders.members.load_many(found.sample)
        shown = [Member.of(members[one]) for one in found.sample if one in members]
        return SegmentPreview(model=found, faults=list(found.faults), sample=shown)

    @strawberry.field(
        description="When all members were last looked at, and what they are scored by. For operators and services."
    )
    async def segment_sweep(self, info: Info) -> SegmentSweep:
        return SegmentSweep(model=await info.context.services.segments.run(info.context.caller))
