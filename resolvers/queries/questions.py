"""`questionStatistics`."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.questions import QuestionStatistics


@strawberry.type
class QuestionQueries:
    @strawberry.field(
        description="How the questions fared that were asked in a while: how soon they were answered, and how many were not."
    )
    async def question_statistics(
        self,
        info: Info,
        asked_from: Annotated[datetime, strawberry.argument(description="Asked from then on.")],
        asked_before: Annotated[datetime, strawberry.argument(description="Asked before then, exclusive.")],
        space: Annotated[
            str | None,
            strawberry.argument(
                description="Only in the space of this key; in all that the caller reads when not given."
            ),
        ] = None,
    ) -> QuestionStatistics:
        viewer = await info.context.viewer()
        found = await info.context.services.question_reading.tally(viewer, space, asked_from, asked_before)
        return QuestionStatistics(model=found)
