"""A notification as it stands in a member's inbox, and what it is made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions.notifications import Channel, NotificationKind

ACTORS_SHOWN = 3
ACTORS_KEPT = 10
"""So many of the latest who did something are kept with a group."""
GROUP_MAX = 1_000
"""So many happenings are one group at most; then another begins."""


@record(frozen=True, slots=True)
class Notice:
    """Something that one member is to be told, not numbered yet. `id` is derived from what happened, so that twice is once.
    `group`: what is told together with it until it is read; `actor_id`: who did it; `post_id`, `comment_id`: what it is about,
    and is shown only to who may read that; `facts`: keys, numbers and instants, never names. `channels`: by which ways at most;
    None for all. `campaign`: of which it is."""

    id: bytes
    programme_id: str
    member_id: bytes
    kind: NotificationKind
    at: datetime
    group: str | None = None
    actor_id: bytes | None = None
    post_id: bytes | None = None
    comment_id: bytes | None = None
    facts: Mapping[str, Any] | None = None
    channels: frozenset[Channel] | None = None
    campaign: str | None = None


@record(frozen=True, slots=True)
class Notification:
    """One or more happenings that are told as one. `first` and `last` are their numbers in the member's inbox, which have no
    gap; None where the member has this kind not in the inbox. `count`: how many, `actors`: the latest who did them, latest
    first. `key`: what it is grouped by while it is open, which it is until it is read."""

    id: bytes
    programme_id: str
    member_id: bytes
    kind: NotificationKind
    first: int | None
    last: int | None
    count: int
    actors: tuple[bytes, ...]
    begun_at: datetime
    at: datetime
    facts: Mapping[str, Any]
    key: str | None = None
    post_id: bytes | None = None
    comment_id: bytes | None = None
    campaign: str | None = None
    read_at: datetime | None = None
    archived_at: datetime | None = None


@record(frozen=True, slots=True)
class Item:
    """One happening: the `number`-th of the member's inbox, in a notification. `void`: it is not so any more."""

    id: bytes
    programme_id: str
    member_id: bytes
    notification_id: bytes
    number: int | None
    actor_id: bytes | None
    at: datetime
    comment_id: bytes | None = None
    void: bool = False


@record(frozen=True, slots=True)
class Head:
    """Where a member's inbox ends, and up to where they have looked through it."""

    number: int = 0
    seen: int = 0


def notification_id(notice_id: bytes) -> bytes:
    """Of the one that this happening begins."""
    return derived_id("notification", notice_id)
