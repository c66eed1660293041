"""Sanctions: what moderators lay on a member."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from gamification.kit.records import record
from gamification.members.model import Standing


class SanctionKind(StrEnum):
    """WARNING: words alone. MUTE: they write, answer and react no more. SHADOW_LIMIT: what they write is seen by themselves
    and by who looks after the space, and they are not told. SUSPENSION: they do nothing at all, like who is banned, until it
    ends. BAN: for good."""

    WARNING = "warning"
    MUTE = "mute"
    SHADOW_LIMIT = "shadow_limit"
    SUSPENSION = "suspension"
    BAN = "ban"

    @property
    def lasts(self) -> bool:
        """Whether it is something that goes on, and can end."""
        return self is not SanctionKind.WARNING

    @property
    def bans(self) -> bool:
        """Whether they are banned while it goes on."""
        return self in (SanctionKind.SUSPENSION, SanctionKind.BAN)

    @property
    def is_told(self) -> bool:
        """Whether the member learns of it."""
        return self is not SanctionKind.SHADOW_LIMIT


class Sweep(StrEnum):
    """What is still to be done with what a shadow-limited member had written before: HIDE it, or SHOW it again."""

    HIDE = "hide"
    SHOW = "show"


@record(frozen=True, slots=True)
class Sanction:
    """One of a member's. `until` None: for good; `ended_at`: when it was lifted, or its time was over. `by` and `ended_by`
    are the platform's names of who did so; `reason` is what the member reads. `before`: what they were when they were banned
    by this, and will be again."""

    id: bytes
    programme_id: str
    member_id: bytes
    kind: SanctionKind
    reason: str
    by: str
    began_at: datetime
    until: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    sweep: Sweep | None = None
    before: Standing = Standing.ACTIVE

    def is_on(self, now: datetime) -> bool:
        """Whether it goes on."""
        return self.kind.lasts and self.ended_at is None and (self.until is None or self.until > now)


def on_of(sanctions: Iterable[Sanction], kind: SanctionKind, now: datetime) -> Sanction | None:
    """Of that kind, the one that goes on the longest; None where none does."""
    going_on = [one for one in sanctions if one.kind is kind and one.is_on(now)]
    return max(going_on, key=lambda one: (one.until is None, one.until or now), default=None)
