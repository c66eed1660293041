"""What a member chose of notifications, and what became of them by email and push."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.notifications import deliveries as domain
from community.notifications import hours
from community.notifications.choosing import Chosen, Preference
from community.notifications.contacts import Subscription
from community.notifications.preferences import Preferences
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.relay import Listing, Node, encode_id, global_id
from resolvers.types.notifications import NotificationChannel, NotificationKind

if TYPE_CHECKING:
    from resolvers.types.members import Member

DELIVERIES = Listing("notification deliveries", (datetime, bytes))
DigestCycle = hours.DigestCycle
strawberry.enum(
    DigestCycle,
    name="DigestCycle",
    description="OFF: each email by itself. DAILY, WEEKLY: as one. What can't wait, and campaigns, come by themselves.",
)
DeliveryState = domain.DeliveryState
strawberry.enum(
    DeliveryState,
    name="NotificationDeliveryState",
    description="QUEUED: to be sent now, or tried again. DEFERRED: the member's quiet hours come first. HELD: for the next "
    "digest. SENT: taken by the mail server or the push service. FAILED: it never will be. SUPPRESSED: it was not to be sent.",
)
DeliveryReason = domain.Reason
strawberry.enum(
    DeliveryReason,
    name="NotificationDeliveryReason",
    description="PREFERENCE: not wanted. NO_ADDRESS: none that was confirmed, or no browser. BOUNCING: the mail server refuses "
    "the address for good. CAP: campaigns sent as much as they may. QUIET_HOURS. READ: known before it was sent. NOT_VISIBLE: not to "
    "be seen any more. MEMBER_GONE: erased, merged or banned. REFUSED: for good. UNREACHABLE: not taken yet, or not any more.",
)


@strawberry.type(description="Whether a member is told of something by one way.")
class NotificationPreference:
    model: strawberry.Private[Preference]
    kind: NotificationKind = of_model("kind", description="Of what.")
    channel: NotificationChannel = of_model("channel", description="By which way.")
    enabled: bool = of_model("on", description="Whether they are told.")
    required: bool = of_model("required", description="Whether it can't be turned off.")
    chosen_at: datetime | None = of_model(
        "chosen_at",
        description="Since when they want it so; null where it goes as for who did not choose. Of campaigns by email: when they "
        "agreed.",
    )


@strawberry.type(description="When a member is neither mailed nor pushed to, by their own clock.")
class QuietHours:
    begins: str = strawberry.field(description="From then on, such as `22:00`.")
    ends: str = strawberry.field(
        description="Until then, such as `08:00`: of the next day where it is not later."
    )
    chosen: bool = strawberry.field(description="By the member; else they are the programme's.")


@strawberry.type(description="Whether emails come as one.")
class EmailDigest:
    cycle: DigestCycle = strawberry.field(description="How often.")
    hour: int = strawberry.field(description="0 to 23, by the member's clock.")
    weekday: int = strawberry.field(description="1 is Monday, 7 Sunday; of a weekly one.")
    next_at: datetime | None = strawberry.field(description="When the next is due; null for none.")


@strawberry.type(description="A member's email address.")
class EmailContact:
    address: str | None = strawberry.field(description="The one that was confirmed; null for none.")
    confirmed_at: datetime | None = strawberry.field(description="When.")
    bouncing: bool = strawberry.field(
        description="Whether the mail server refuses it for good: nothing is sent to it until it is confirmed again."
    )
    pending: str | None = strawberry.field(
        description="The address that a code was sent to and that is not confirmed yet; null for none."
    )
    pending_until: datetime | None = strawberry.field(description="Until when that code is good.")


@strawberry.type(description="A browser that a member is pushed to.")
class PushSubscription:
    model: strawberry.Private[Subscription]
    endpoint: str = of_model("endpoint", description="The address of its push service.")
    registered_at: datetime = of_model("at", description="When it was registered last.")


@strawberry.type(
    description="What a member chose of notifications, and how they are reached. Readable by the member alone."
)
class NotificationSettings:
    model: strawberry.Private[Chosen]

    @strawberry.field(description="Of every kind and way.")
    def preferences(self) -> list[NotificationPreference]:
        return [NotificationPreference(model=one) for one in self.model.all()]

    @strawberry.field(description="When they are left in peace; null for never.")
    def quiet_hours(self) -> QuietHours | None:
        found = self.model.quiet
        if found is None:
            return None
        chosen = self.model.preferences.quiet_chosen
        return QuietHours(begins=f"{found.begins:%H:%M}", ends=f"{found.ends:%H:%M}", chosen=chosen)

    @strawberry.field(description="Whether emails come as one.")
    def digest(self) -> EmailDigest:
        chosen: Preferences = self.model.preferences
        return EmailDigest(
            cycle=chosen.digest.cycle,
            hour=chosen.digest.hour,
            weekday=chosen.digest.weekday,
            next_at=chosen.digest_due_at,
        )

    @strawberry.field(description="Their email address; null where they never stated one.")
    def email(self) -> EmailContact | None:
        contact = self.model.contact
        if contact is None:
            return None
        return EmailContact(
            address=contact.email,
            confirmed_at=contact.confirmed_at,
            bouncing=contact.bounced is not None,
            pending=contact.asked.email if contact.asked is not None else None,
            pending_until=contact.asked.until if contact.asked is not None else None,
        )

    @strawberry.field(description="The browsers that they are pushed to, 20 at most.")
    def push_subscriptions(self) -> list[PushSubscription]:
        return [PushSubscription(model=one) for one in self.model.browsers]

    @strawberry.field(
        description="What browsers subscribe with (`applicationServerKey`), in base64url; null where nothing is pushed."
    )
    def push_key(self, info: Info) -> str | None:
        pusher = info.context.services.notifications.ways.pusher
        return pusher.key.public if pusher is not None else None

    @strawberry.field(description="The ways that this installation tells members by.")
    def channels(self, info: Info) -> list[NotificationChannel]:
        ways = info.context.services.notifications.ways.channels
        return [one for one in NotificationChannel if one is NotificationChannel.IN_APP or one in ways]


@strawberry.type(
    description="What became of a notification by email or push, or of a digest or a code by email. For staff and services, 90 days."
)
class NotificationDelivery(Node):
    model: strawberry.Private[domain.Delivery]
    id: strawberry.ID = global_id("NotificationDelivery")
    channel: NotificationChannel = of_model("channel", description="By which way.")
    kind: NotificationKind | None = of_model(
        "kind", description="Of what; null for a digest, and for a code that confirms an address."
    )
    state: DeliveryState = of_model("state", description="What became of it.")
    reason: DeliveryReason | None = of_model(
        "reason", description="Why it was not sent, or not yet; null else."
    )
    detail: str | None = of_model("detail", description="What the other side said, 500 characters at most.")
    attempts: int = of_model("attempts", description="How often it was tried.")
    at: datetime = of_model("at", description="When it was to be told.")
    due_at: datetime | None = of_model("due_at", description="When it is tried next; null where it is not.")
    sent_at: datetime | None = of_model("sent_at", description="When it was taken; null where it was not.")
    digest: str | None = of_model(
        "digest",
        description="The day (`2026-11-22`) or week (`2026-W47`) of the digest that this is; null else.",
    )

    @strawberry.field(description="Whom it is for; null once they are gone.")
    async def member(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        from resolvers.types.members import Member

        found = await info.context.loaders.members.load(self.model.member_id)
        return Member.of(found) if found is not None else None

    @strawberry.field(description="The digest that it is a part of; null else.")
    def digest_id(self) -> strawberry.ID | None:
        found = self.model.digest_id
        return encode_id("NotificationDelivery", found) if found is not None else None


async def load_notification_delivery(info: Info, raw: bytes) -> NotificationDelivery | None:
    """The delivery of that id, for who may read it."""
    found = await info.context.services.notifications.log.by_ids(info.context.caller, [raw])
    return NotificationDelivery(model=found[raw]) if raw in found else None
