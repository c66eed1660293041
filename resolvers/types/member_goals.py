"""What a member contributed to goals: a field of `Member`."""

from typing import Annotated

import strawberry

from gamification.members.model import Member
from gamification.members.service import require_private
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.goals import CONTRIBUTIONS, GoalContribution


@strawberry.type
class GoalFields:
    model: strawberry.Private[Member]

    @strawberry.field(
        description="What they contributed to goals, latest change first. The member, staff and services see it."
    )
    async def goal_contributions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        goal: Annotated[str | None, strawberry.argument(description="Only to the goal of this key.")] = None,
    ) -> Connection[GoalContribution] | None:
        require_private(info.context.caller, self.model)
        wanted = window(first, after, last, before, of=CONTRIBUTIONS)
        page = await info.context.services.goals.of_member(info.context.caller, self.model, goal, wanted)
        return connect(page, lambda one: GoalContribution(model=one), CONTRIBUTIONS)
