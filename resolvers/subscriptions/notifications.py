"""`notificationReceived`: a member's inbox as it fills."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from community.notifications.telling import inbox_key
from gamification.kit.errors import InvalidInput, NotFound
from gamification.members.model import Member as DomainMember
from resolvers.context import Info
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.notifications import Notification

_RECHECK_S = 30.0
_AT_ONCE = 100


@strawberry.type(
    description="Something that came into the inbox; or, without a notification, where the inbox ends."
)
class NotificationReceived:
    sequence: Long = strawberry.field(
        description="Its number in the inbox. State the last that was received to go on from there."
    )
    notification: Notification | None = strawberry.field(
        description="The notification that it is told with, as this is now; null in the first message, and where it may not be "
        "seen any more."
    )
    member: Member = strawberry.field(description="Whose inbox it is, with what is unread now.")


@strawberry.type
class NotificationSubscriptions:
    @strawberry.subscription(
        description="The member's own inbox. With `after`, first all that came since that number, as far as it is kept (90 "
        "days); without, first a message of where the inbox ends. Then everything as it comes, in order, without a gap and "
        "each once."
    )
    async def notification_received(
        self,
        info: Info,
        after: Annotated[
            Long | None,
            strawberry.argument(description="The last sequence received before the connection was lost."),
        ] = None,
    ) -> AsyncGenerator[NotificationReceived, None]:
        if after is not None and after < 0:
            raise InvalidInput("A number in the inbox is 0 or more.", path=["after"])
        services = info.context.services
        inbox = services.notifications.inbox
        member = await _member(info)
        with services.doorbells.listening(inbox_key(member.id)) as bell:
            head = (await inbox.head(member)).number
            number = min(after, head) if after is not None else head
            if after is None:
                yield NotificationReceived(sequence=Long(head), notification=None, member=Member.of(member))
            while True:
                while found := await inbox.since(member, number, _AT_ONCE):
                    info.context.look()
                    for number, shown in found:
                        yield NotificationReceived(
                            sequence=Long(number),
                            notification=Notification(model=shown) if shown is not None else None,
                            member=Member.of(member),
                        )
                await bell.wait(_RECHECK_S)
                info.context.look()
                member = await _member(info)


async def _member(info: Info) -> DomainMember:
    """The member whose token this is. Raises: NotFound."""
    member = await info.context.services.members.me(info.context.caller)
    if member is None:
        raise NotFound("This token is no member's; join first.")
    return member
