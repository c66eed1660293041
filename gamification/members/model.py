"""A member and the names other systems know them by."""

from dataclasses import field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from gamification.kit.identifiers import new_id
from gamification.kit.records import record


class Standing(StrEnum):
    """ACTIVE: all is well. HIDDEN: takes part, but is on no board. BANNED: neither acts nor is shown."""

    ACTIVE = "active"
    HIDDEN = "hidden"
    BANNED = "banned"


class BoardPresence(StrEnum):
    """The member's own choice. NAMED: boards show the profile. PSEUDONYM: another name, and no way from it to the
    profile. ABSENT: no board shows them."""

    NAMED = "named"
    PSEUDONYM = "pseudonym"
    ABSENT = "absent"


_ALIAS = b"\xff"
"""No member's id begins so before the year 10889."""


def is_alias(shown_id: bytes) -> bool:
    """Whether an id that a board shows stands for a pseudonym, not for a profile."""
    return shown_id.startswith(_ALIAS)


def new_alias() -> bytes:
    """A fresh 12-byte id to stand on boards in a member's place: the millisecond of its making, and 5 random bytes."""
    return _ALIAS + new_id()[:11]


@record(frozen=True, slots=True)
class Identity:
    """A name in another system: the provider's key and the subject it knows the member by."""

    provider: str
    subject: str


@record(frozen=True, slots=True)
class PastZone:
    """A zone that the member lived by, until they changed it."""

    zone: str
    until: datetime


PAST_ZONES_KEPT = timedelta(days=100)
"""Longer than anything that asks by which zone a day was counted then."""
PAST_ZONES_MAX = 50


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
    presence: BoardPresence = BoardPresence.NAMED
    pseudonym: str | None = None
    alias: bytes | None = None
    """The id by which boards know them; a pseudonym has one of its own, so that nothing leads from it to the member."""
    past_zones: tuple[PastZone, ...] = ()
    """The zones before `time_zone`, oldest first: those given up lately, as far as they are kept."""
    erased_at: datetime | None = None
    """Since when this is a tombstone: nobody acts as it or for it, and nothing of it names a person."""
    merged_into: bytes | None = None
    """The member that this account was merged into: nobody acts as it or for it, and its external id finds that one."""
    birthday: str | None = None
    """`1990-02-28`, or `02-28` where the year is nobody's business."""
    tags: tuple[str, ...] = ()
    """What staff and the programme's servers call them, in order."""
    segments: tuple[str, ...] = ()
    """The keys of the segments that they are in, in order: `segment_members` says since when."""
    former: tuple[str, ...] = ()
    """The external ids of the accounts that were merged into this one: tokens of these subjects are theirs."""

    @property
    def is_gone(self) -> bool:
        """Whether nothing can be done as this member or for them any more: erased, or merged into another."""
        return self.erased_at is not None or self.merged_into is not None

    @property
    def is_listed(self) -> bool:
        """Whether boards show them."""
        return self.standing is Standing.ACTIVE and self.presence is not BoardPresence.ABSENT


def zones_after(member: Member, time_zone: str, now: datetime) -> tuple[PastZone, ...]:
    """The member's past zones once they live by another one from now on."""
    if time_zone == member.time_zone:
        return member.past_zones
    # Two clocks may differ: the order in which zones were given up is the order in which it was stored.
    until = max([now, *(past.until for past in member.past_zones)])
    kept = [past for past in member.past_zones if past.until >= now - PAST_ZONES_KEPT]
    return (*kept, PastZone(member.time_zone, until))[-PAST_ZONES_MAX:]


ANONYMOUS = "Anonymous"
"""What a pseudonym is called that was given up a moment ago, until the boards have followed."""


def shown_as(programme_id: str, alias: bytes, pseudonym: str) -> Member:
    """The member whom boards show under a pseudonym: nothing of the profile is in it, and no token is theirs."""
    taken_at = datetime.fromtimestamp(int.from_bytes(alias[1:7], "big") / 1000, UTC)
    return Member(alias, programme_id, "", pseudonym, taken_at, locale="und", time_zone="UTC")


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
    birthday: str | None = None


@record(frozen=True, slots=True)
class ProfileChange:
    """Fields to change; None leaves a field as it is."""

    display_name: str | None = None
    avatar_url: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    attributes: dict[str, Any] | None = None
    identities: tuple[Identity, ...] | None = None
    birthday: str | None = None
    tags: tuple[str, ...] | None = None
