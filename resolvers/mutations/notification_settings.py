"""`setNotificationPreferences`, `setQuietHours`, `setEmailDigest`, `requestEmailCode`, `confirmEmail`, `removeEmail`,
`registerPushSubscription`, `removePushSubscription`: how a member wants to be told."""

from datetime import datetime, time
from typing import Annotated

import strawberry

from community.notifications import hours
from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.members import Member
from resolvers.types.notification_settings import DigestCycle
from resolvers.types.notifications import NotificationChannel, NotificationKind

_PREFERENCES_MAX = 200


@strawberry.input(description="Whether to be told of something by one way.")
class NotificationPreferenceInput:
    kind: NotificationKind = strawberry.field(description="Of what.")
    channel: NotificationChannel = strawberry.field(description="By which way.")
    enabled: bool = strawberry.field(description="Whether to be told.")


@strawberry.input(description="What to be told of, and by which ways; what is not stated stays as it is.")
class SetNotificationPreferencesInput:
    preferences: list[NotificationPreferenceInput] = strawberry.field(
        description=f"1 to {_PREFERENCES_MAX}; of the same kind and way the last counts."
    )


@strawberry.input(
    description="When to be left in peace: both times; or neither, for never, or for what the programme says."
)
class SetQuietHoursInput:
    begins: str | None = strawberry.field(
        default=None, description="From then on, such as `22:00`, by one's own clock."
    )
    ends: str | None = strawberry.field(
        default=None, description="Until then, such as `08:00`: of the next day where it is not later."
    )
    as_programme: bool = strawberry.field(
        default=False, description="What the programme says goes again; state no times."
    )


@strawberry.input(description="Whether emails come as one.")
class SetEmailDigestInput:
    cycle: DigestCycle = strawberry.field(description="How often.")
    hour: int = strawberry.field(default=8, description="0 to 23, by one's own clock.")
    weekday: int = strawberry.field(default=1, description="1 is Monday, 7 Sunday; of a weekly one.")


@strawberry.input(description="Which address to send a code to.")
class RequestEmailCodeInput:
    email: str = strawberry.field(description="An email address, at most 254 characters.")


@strawberry.input(description="The code that came.")
class ConfirmEmailInput:
    code: str = strawberry.field(description="Its digits.")


@strawberry.input(description="Which address to forget.")
class RemoveEmailInput:
    email: str | None = strawberry.field(
        default=None, description="Only where it is this one; whichever it is when not given."
    )


@strawberry.input(description="A browser's push subscription (`PushSubscription.toJSON()`).")
class RegisterPushSubscriptionInput:
    endpoint: str = strawberry.field(
        description="The address of its push service: https, on the public internet, at most 1000 characters."
    )
    p256dh: str = strawberry.field(description="Its `keys.p256dh`: 65 bytes in base64url.")
    auth: str = strawberry.field(description="Its `keys.auth`: 16 bytes in base64url.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the browser says that it ends, if it does."
    )


@strawberry.input(description="Which browser to push to no more.")
class RemovePushSubscriptionInput:
    endpoint: str = strawberry.field(description="The address of its push service.")


@strawberry.type(description="It is as was asked for.")
class NotificationSettingsSuccess:
    member: Member = strawberry.field(description="Whose settings they are, as they are now.")


@strawberry.type(description="It is gone.")
class ReachRemovedSuccess:
    member: Member = strawberry.field(description="Whose it was.")
    removed: bool = strawberry.field(description="False where there was none.")


NotificationSettingsResult = Annotated[
    NotificationSettingsSuccess | ConflictError | InvalidInputError | NotFoundError,
    strawberry.union("NotificationSettingsResult", description=RESULT),
]
ReachRemovedResult = Annotated[
    ReachRemovedSuccess | NotFoundError, strawberry.union("ReachRemovedResult", description=RESULT)
]


@strawberry.type
class NotificationSettingsMutations:
    @strawberry.mutation(
        description="Choose what to be told of, and by which ways. Emails of campaigns are sent to who chose them alone. What is "
        "required stays in the inbox (INVALID_INPUT)."
    )
    async def set_notification_preferences(
        self, info: Info, input: Annotated[SetNotificationPreferencesInput, INPUT]
    ) -> NotificationSettingsResult:
        if not 0 < len(input.preferences) <= _PREFERENCES_MAX:
            raise InvalidInput(
                f"State 1 to {_PREFERENCES_MAX} preferences.", path=["preferences"], limit=_PREFERENCES_MAX
            )
        wanted = [(one.kind, one.channel, one.enabled) for one in input.preferences]
        member, _ = await info.context.services.notifications.choices.choose(info.context.caller, wanted)
        return NotificationSettingsSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Choose when neither to be mailed nor pushed to: what comes then waits until they end. The inbox fills at once."
    )
    async def set_quiet_hours(
        self, info: Info, input: Annotated[SetQuietHoursInput, INPUT]
    ) -> NotificationSettingsResult:
        if (input.begins is None) != (input.ends is None) or (
            input.as_programme and input.begins is not None
        ):
            raise InvalidInput("State both times, or neither.", path=["ends"])
        quiet = None
        if input.begins is not None and input.ends is not None:
            quiet = hours.QuietHours(_time(input.begins, "begins"), _time(input.ends, "ends"))
        member, _ = await info.context.services.notifications.choices.be_quiet(
            info.context.caller, quiet, as_programme=input.as_programme
        )
        return NotificationSettingsSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Choose whether emails come as one, and when. What can't wait comes by itself all the same, as do campaigns."
    )
    async def set_email_digest(
        self, info: Info, input: Annotated[SetEmailDigestInput, INPUT]
    ) -> NotificationSettingsResult:
        digest = hours.Digest(input.cycle, input.hour, input.weekday)
        member, _ = await info.context.services.notifications.choices.digest(info.context.caller, digest)
        return NotificationSettingsSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Send a code to an address, good for 30 minutes: at most 3 an hour and 10 a day. Until it is confirmed the "
        "address before goes on. Conflicts: CODE_LOCKED for too many; UNAVAILABLE where no emails are sent."
    )
    async def request_email_code(
        self, info: Info, input: Annotated[RequestEmailCodeInput, INPUT]
    ) -> NotificationSettingsResult:
        member, _ = await info.context.services.notifications.reach.ask(info.context.caller, input.email)
        return NotificationSettingsSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Confirm the address that a code was sent to. Conflicts: CODE_REFUSED for another code or none; CODE_LOCKED "
        "after 5 wrong ones."
    )
    async def confirm_email(
        self, info: Info, input: Annotated[ConfirmEmailInput, INPUT]
    ) -> NotificationSettingsResult:
        member = await info.context.services.notifications.reach.confirm(
            info.context.caller, input.code[:100]
        )
        return NotificationSettingsSuccess(member=Member.of(member))

    @strawberry.mutation(description="Forget one's email address. Again is the same as once.")
    async def remove_email(self, info: Info, input: Annotated[RemoveEmailInput, INPUT]) -> ReachRemovedResult:
        member, removed = await info.context.services.notifications.reach.remove(
            info.context.caller, input.email
        )
        return ReachRemovedSuccess(member=Member.of(member), removed=removed)

    @strawberry.mutation(
        description="Be pushed to in a browser; of more than 20 the oldest go. Again is the same as once; whoever was pushed to there "
        "before is no more. Conflict: UNAVAILABLE where nothing is pushed."
    )
    async def register_push_subscription(
        self, info: Info, input: Annotated[RegisterPushSubscriptionInput, INPUT]
    ) -> NotificationSettingsResult:
        member = await info.context.services.notifications.reach.register(
            info.context.caller, input.endpoint, input.p256dh, input.auth, input.expires_at
        )
        return NotificationSettingsSuccess(member=Member.of(member))

    @strawberry.mutation(description="Be pushed to in a browser no more. Again is the same as once.")
    async def remove_push_subscription(
        self, info: Info, input: Annotated[RemovePushSubscriptionInput, INPUT]
    ) -> ReachRemovedResult:
        member, removed = await info.context.services.notifications.reach.unregister(
            info.context.caller, input.endpoint
        )
        return ReachRemovedSuccess(member=Member.of(member), removed=removed)


def _time(stated: str, name: str) -> time:
    """A time of day in whole minutes. Raises: InvalidInput."""
    try:
        return datetime.strptime(stated, "%H:%M").time()  # noqa: DTZ007 - a time of no day and no zone
    except ValueError:
        raise InvalidInput("A time of day is hours and minutes, such as 22:00.", path=[name]) from None
