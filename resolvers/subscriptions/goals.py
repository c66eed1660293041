"""`goalUpdated`: how far a goal has come, now and at each change."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from gamification.kit.actors import Permission
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.live.goal_feeds import goal_feeds_of
from resolvers.types.goals import GoalProgress


@strawberry.type
class GoalSubscriptions:
    @strawberry.subscription(
        description="How far a goal has come in its present period, of all members or a team, now and whenever that "
        "changes: at most one message in 200 ms, always the newest state. When a period ends it goes on with the next."
    )
    async def goal_updated(
        self,
        info: Info,
        goal: Annotated[str, strawberry.argument(description="The goal's key.")],
        team: Annotated[
            str | None, strawberry.argument(description="Exactly for goals with teams: whose.")
        ] = None,
    ) -> AsyncGenerator[GoalProgress, None]:
        services, caller = info.context.services, info.context.caller
        await _refuse(info, goal, team)
        drafts = caller.can(Permission.PROGRAMME_READ_DRAFTS)
        feeds = goal_feeds_of(services)
        async with aclosing(feeds.states(services, caller, goal, team, drafts=drafts)) as states:
            async for definition, period, run in states:
                member = await services.members.me(caller)
                if member is not None:
                    services.members.refuse_banned(member)
                yield GoalProgress.of(definition, period, run)


async def _refuse(info: Info, key: str, team: str | None) -> None:
    """Raises: NotFound, InvalidInput, Forbidden for a banned member."""
    services, caller = info.context.services, info.context.caller
    goal = await services.goals.goal(caller, key)
    if goal is None:
        raise NotFound(f"There is no goal {key[:100]!r}.", path=["goal"])
    await services.goals.period(caller, goal, None, team, services.now())
    member = await services.members.me(caller)
    if member is not None:
        services.members.refuse_banned(member)
