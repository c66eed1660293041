"""What was done against a member: fields of `Member`."""

import strawberry

from gamification.members.model import Member
from gamification.members.service import require_private
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.sanctions import SANCTIONS, STATEMENTS, ModerationStatement, Sanction


@strawberry.type
class ModerationFields:
    model: strawberry.Private[Member]

    @strawberry.field(
        description="Sanctions, newest first: all of them for staff and services, and what they were told of for the member."
    )
    async def sanctions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Sanction] | None:
        require_private(info.context.caller, self.model)
        page = await info.context.services.moderating.sanctioning.of_member(
            info.context.caller, self.model, window(first, after, last, before, of=SANCTIONS)
        )
        return connect(page, Sanction.of, SANCTIONS)

    @strawberry.field(
        description="What they were told of decisions against them, newest first. The member, staff and services see it."
    )
    async def moderation_statements(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ModerationStatement] | None:
        require_private(info.context.caller, self.model)
        page = await info.context.services.moderating.appealing.of_member(
            info.context.caller, self.model, window(first, after, last, before, of=STATEMENTS)
        )
        return connect(page, ModerationStatement.of, STATEMENTS)
