"""By which ways a member is told of something, and when: pure."""

from collections.abc import Set
from datetime import datetime

from community.notifications.deliveries import Delivery, DeliveryState, Reason, delivery_id
from community.notifications.hours import DigestCycle, quiet_until
from community.notifications.model import Notice
from community.notifications.preferences import Preferences
from gamification.kit.records import record
from gamification.programmes.definitions.notifications import (
    REQUIRED,
    Channel,
    NotificationKind,
    NotificationSettings,
)

_AT_ONCE = frozenset({*REQUIRED, NotificationKind.GATHERING_NOTICE, NotificationKind.TASK_CLAIM_ENDING})
"""What comes too late in a digest."""


@record(frozen=True, slots=True)
class Reach:
    """How a member can be reached: by an address that was confirmed, whether it bounces, and by how many browsers."""

    has_email: bool = False
    bounces: bool = False
    browsers: int = 0


def stands_in_inbox(notice: Notice, preferences: Preferences, terms: NotificationSettings) -> bool:
    """Whether it comes into the inbox."""
    if notice.channels is not None and Channel.IN_APP not in notice.channels:
        return notice.kind in REQUIRED
    return preferences.is_on(terms, notice.kind, Channel.IN_APP)


def planned(
    notice: Notice,
    notification_id: bytes,
    preferences: Preferences,
    terms: NotificationSettings,
    reach: Reach,
    ways: Set[Channel],
    now: datetime,
    time_zone: str,
) -> list[Delivery]:
    """The deliveries of what begins a notification, by the `ways` that this installation has."""
    found = []
    for channel in (Channel.EMAIL, Channel.PUSH):
        if channel not in ways or (notice.channels is not None and channel not in notice.channels):
            continue
        state, reason, due_at = _fate(notice.kind, channel, preferences, terms, reach, now, time_zone)
        found.append(
            Delivery(
                id=delivery_id(notice.id, channel),
                programme_id=notice.programme_id,
                member_id=notice.member_id,
                channel=channel,
                state=state,
                at=now,
                kind=notice.kind,
                notification_id=notification_id,
                reason=reason,
                due_at=due_at,
            )
        )
    return found


def _fate(
    kind: NotificationKind,
    channel: Channel,
    preferences: Preferences,
    terms: NotificationSettings,
    reach: Reach,
    now: datetime,
    time_zone: str,
) -> tuple[DeliveryState, Reason | None, datetime | None]:
    refusal = refused(kind, channel, preferences, terms, reach)
    if refusal is not None:
        return DeliveryState.SUPPRESSED, refusal, None
    if (
        channel is Channel.EMAIL
        and preferences.digest.cycle is not DigestCycle.OFF
        and kind not in _AT_ONCE
        and kind is not NotificationKind.CAMPAIGN
    ):
        return DeliveryState.HELD, None, None
    until = quiet(preferences, terms, now, time_zone)
    if until is not None:
        return DeliveryState.DEFERRED, Reason.QUIET_HOURS, until
    return DeliveryState.QUEUED, None, now


def refused(
    kind: NotificationKind,
    channel: Channel,
    preferences: Preferences,
    terms: NotificationSettings,
    reach: Reach,
) -> Reason | None:
    """Why it is not sent by that way at all, if so."""
    if not preferences.is_on(terms, kind, channel):
        return Reason.PREFERENCE
    if channel is Channel.EMAIL:
        if not reach.has_email:
            return Reason.NO_ADDRESS
        return Reason.BOUNCING if reach.bounces else None
    return None if reach.browsers else Reason.NO_ADDRESS


def quiet(
    preferences: Preferences, terms: NotificationSettings, now: datetime, time_zone: str
) -> datetime | None:
    """Until when the member is left in peace; None where it is no time for that."""
    hours = preferences.quiet_hours(terms)
    return quiet_until(now, hours, time_zone) if hours is not None else None
