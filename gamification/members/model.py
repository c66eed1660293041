"""A member and the names other systems know them by."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gamification.kit.records import record


class Standing(StrEnum):
    """ACTIVE: all is well. HIDDEN: takes part, but is on no board. BANNED: neither acts nor is shown."""

    ACTIVE = "active"
    HIDDEN = "hidden"
    BANNED = "banned"


@record(frozen=True, slots=True)
class Identity:
    """A name in another system: the provider's key and the subject it knows the member by."""

    provider: str
    subject: str


@record(frozen=True, slots=True)
class Member:
    """One person in one programme. `id` is 12 bytes; `external_id` is the caller's own name for them, unique in
    the programme and, for a member's token, its subject."""

    id: bytes
    programme_id: str
    external_id: str
    display_name: str
    joined_at: datetime
    locale: str
    time_zone: str
    avatar_url: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()
    standing: Standing = Standing.ACTIVE
    standing_reason: str | None = None

    @property
    def is_listed(self) -> bool:
        """Whether boards show them."""
        return self.standing is Standing.ACTIVE


@record(frozen=True, slots=True)
class NewMember:
    """What joining states; what it leaves out comes from the programme."""

    external_id: str
    display_name: str | None = None
    avatar_url: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()
    joined_at: datetime | None = None


@record(frozen=True, slots=True)
class ProfileChange:
    """Fields to change; None leaves a field as it is."""

    display_name: str | None = None
    avatar_url: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    attributes: dict[str, Any] | None = None
    identities: tuple[Identity, ...] | None = None
