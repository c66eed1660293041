"""`mergePreview`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.mutations.merging import account_id
from resolvers.types.merging import MergePreview


@strawberry.type
class MergeQueries:
    @strawberry.field(
        description="What merging one account into another would do now: for operators and services. It is worked out in "
        "full, as `mergeMembers` would, and given up."
    )
    async def merge_preview(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID, strawberry.argument(name="from", description="The account that would go.")
        ],
        into: Annotated[strawberry.ID, strawberry.argument(description="The member that would be left.")],
    ) -> MergePreview:
        found = await info.context.services.merges.preview(
            info.context.caller, account_id(from_, "from"), account_id(into, "into")
        )
        return MergePreview.of(found)
