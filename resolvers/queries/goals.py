"""`goal`, `goals`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.goals import Goal, build_goal
from resolvers.types.tasks import DefinitionStatus

GOALS = Listing("goals", (str,))


@strawberry.type
class GoalQueries:
    @strawberry.field(description="A goal by key.")
    async def goal(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Goal | None:
        found = await info.context.services.goals.goal(info.context.caller, key)
        return await build_goal(info, found) if found else None

    @strawberry.field(description="Every goal, in file order; archived ones too.")
    async def goals(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        status: Annotated[
            DefinitionStatus | None, strawberry.argument(description="Only those of this status.")
        ] = None,
    ) -> Connection[Goal]:
        found = await info.context.services.goals.goals(info.context.caller)
        wanted = [one for one in found if status in (None, one.status)]
        return await list_definitions(info, wanted, build_goal, GOALS, first, after, last, before)
