"""`putIntoSegment`, `takeOutOfSegment`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.segments import Segment, build_segment


@strawberry.input(description="Members, and a segment that staff keep.")
class SegmentListInput:
    segment: str = strawberry.field(description="The segment's key: one without a condition.")
    external_ids: list[str] = strawberry.field(description="The members' external ids; at most 1000.")


@strawberry.type(description="The segment has these members now, or has them no more.")
class SegmentListSuccess:
    segment: Segment = strawberry.field(description="As it is now.")
    changed: int = strawberry.field(
        description="How many came or left; who was in it already, or was not, is not counted."
    )
    unknown: list[str] = strawberry.field(description="The external ids that are nobody's, in order.")


SegmentListResult = Annotated[
    SegmentListSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("SegmentListResult", description=RESULT),
]


@strawberry.type
class SegmentMutations:
    @strawberry.mutation(
        description="Put members into a segment that staff keep. Again is the same as once. For operators and services."
    )
    async def put_into_segment(
        self, info: Info, input: Annotated[SegmentListInput, INPUT]
    ) -> SegmentListResult:
        return await _put(info, input, is_in=True)

    @strawberry.mutation(
        description="Take members out of a segment that staff keep. Again is the same as once. For operators and services."
    )
    async def take_out_of_segment(
        self, info: Info, input: Annotated[SegmentListInput, INPUT]
    ) -> SegmentListResult:
        return await _put(info, input, is_in=False)


async def _put(info: Info, input: SegmentListInput, *, is_in: bool) -> SegmentListSuccess:
    services, caller = info.context.services, info.context.caller
    changed, unknown = await services.segments.put(caller, input.segment, input.external_ids, is_in=is_in)
    found = await services.segments.segment(caller, input.segment)
    assert found is not None  # noqa: S101 - it was just changed
    return SegmentListSuccess(segment=await build_segment(info, found), changed=changed, unknown=unknown)
