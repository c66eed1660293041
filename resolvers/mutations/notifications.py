"""`markNotificationsRead`, `archiveNotifications`, `seeNotifications`: what a member does with their inbox."""

from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.scalars import Long
from resolvers.types.members import Member

_IDS = "1 to 100 of one's own notifications."


@strawberry.input(description="What was read: exactly one of `ids` and `upTo`.")
class MarkNotificationsReadInput:
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description=_IDS)
    up_to: Long | None = strawberry.field(
        default=None,
        description="All up to this sequence: of the latest that was shown, so that nothing is read that came since.",
    )
    read: bool = strawberry.field(default=True, description="False makes them unread again.")


@strawberry.input(description="What to put away.")
class ArchiveNotificationsInput:
    ids: list[strawberry.ID] = strawberry.field(description=_IDS)
    archived: bool = strawberry.field(default=True, description="False takes them out again.")


@strawberry.input(description="Up to where the inbox was looked through.")
class SeeNotificationsInput:
    up_to: Long = strawberry.field(description="The sequence of the latest that was shown.")


@strawberry.type(description="It is as was asked for.")
class InboxSuccess:
    member: Member = strawberry.field(description="Whose inbox it is, with what is unread now.")


InboxResult = Annotated[
    InboxSuccess | InvalidInputError | NotFoundError, strawberry.union("InboxResult", description=RESULT)
]


@strawberry.type
class NotificationMutations:
    @strawberry.mutation(
        description="Note notifications as read, or as unread again. What happens after to the same thing begins a new one. "
        "Again is the same as once."
    )
    async def mark_notifications_read(
        self, info: Info, input: Annotated[MarkNotificationsReadInput, INPUT]
    ) -> InboxResult:
        member = await info.context.services.notifications.inbox.mark_read(
            info.context.caller, ids=notification_ids(input.ids or ()), up_to=input.up_to, read=input.read
        )
        return InboxSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Put notifications away, or take them out again. Again is the same as once."
    )
    async def archive_notifications(
        self, info: Info, input: Annotated[ArchiveNotificationsInput, INPUT]
    ) -> InboxResult:
        member = await info.context.services.notifications.inbox.archive(
            info.context.caller, notification_ids(input.ids), archived=input.archived
        )
        return InboxSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Note that the inbox was looked through, which leaves what is unread unread. It never goes back."
    )
    async def see_notifications(
        self, info: Info, input: Annotated[SeeNotificationsInput, INPUT]
    ) -> InboxResult:
        member = await info.context.services.notifications.inbox.see(info.context.caller, input.up_to)
        return InboxSuccess(member=Member.of(member))


def notification_ids(stated: list[strawberry.ID] | tuple[strawberry.ID, ...]) -> list[bytes]:
    """The ids' bytes, each once. Raises: NotFound."""
    found = [decode_bytes_id(one, "Notification") for one in stated]
    if None in found:
        raise NotFound("There is no such notification.", path=["ids"])
    return list(dict.fromkeys(one for one in found if one is not None))
