"""The fields of a member that tell of their notifications: to themselves alone."""

from typing import Annotated

import strawberry

from community.notifications.reading import InboxFilter
from gamification.members import model as domain
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.scalars import Long
from resolvers.types.notification_settings import NotificationSettings
from resolvers.types.notifications import INBOX, Notification, NotificationKind


@strawberry.input(description="Which notifications to list.")
class NotificationFilter:
    kinds: list[NotificationKind] | None = strawberry.field(
        default=None, description="Only of these kinds, of all when not given or empty."
    )
    unread: bool = strawberry.field(default=False, description="Only unread ones.")
    archived: bool = strawberry.field(
        default=False, description="Those that were put away, instead of those that were not."
    )


@strawberry.type
class NotificationFields:
    model: strawberry.Private[domain.Member]

    @strawberry.field(
        description="The inbox, latest first, for 90 days. A page may be shorter than asked for, where something may not be "
        "seen any more. The member alone sees it."
    )
    async def notifications(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            NotificationFilter | None,
            strawberry.argument(description="All that were not put away when not given."),
        ] = None,
    ) -> Connection[Notification] | None:
        stated = filter or NotificationFilter()
        wanted = InboxFilter(tuple(stated.kinds or ()), stated.unread, stated.archived)
        page = await info.context.services.notifications.inbox.page(
            info.context.caller, self.model, wanted, window(first, after, last, before, of=INBOX)
        )
        return connect(page, lambda one: Notification(model=one), INBOX)

    @strawberry.field(
        description="How many notifications are unread: of the latest 100, so that 100 are as many or more. The member alone "
        "sees it."
    )
    async def unread_notifications(self, info: Info) -> Long | None:
        inbox = info.context.services.notifications.inbox
        return Long(await inbox.unread(info.context.caller, self.model))

    @strawberry.field(
        description="The same of those that came since the member last looked through the inbox (`seeNotifications`): what a "
        "badge on a bell shows. The member alone sees it."
    )
    async def unseen_notifications(self, info: Info) -> Long | None:
        inbox = info.context.services.notifications.inbox
        head = await inbox.head(self.model)
        return Long(await inbox.unread(info.context.caller, self.model, head.seen))

    @strawberry.field(
        description="What they chose of notifications, and how they are reached. The member alone sees it."
    )
    async def notification_settings(self, info: Info) -> NotificationSettings | None:
        choices = info.context.services.notifications.choices
        return NotificationSettings(model=await choices.of(info.context.caller, self.model))
