"""`survey`, `surveys`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.surveys import Survey, build_survey

SURVEYS = Listing("surveys", (str,))


@strawberry.input(description="Which surveys to list.")
class SurveyFilter:
    open: bool | None = strawberry.field(
        default=None, description="Only those that take answers now, or that don't."
    )


@strawberry.type
class SurveyQueries:
    @strawberry.field(description="A survey by key; null where it is not there for the caller.")
    async def survey(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Survey | None:
        found = await info.context.services.survey_reading.survey(info.context.caller, key)
        return await build_survey(info, found) if found else None

    @strawberry.field(
        description="Every survey that is there for the caller, in file order. Archived ones for staff and services."
    )
    async def surveys(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            SurveyFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[Survey]:
        services, wanted = info.context.services, filter.open if filter else None
        found = await services.survey_reading.surveys(info.context.caller)
        now = services.now()
        chosen = [one for one in found if wanted in (None, one.takes_answers(now))]
        return await list_definitions(info, chosen, build_survey, SURVEYS, first, after, last, before)
