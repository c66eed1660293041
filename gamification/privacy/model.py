"""An erasure: asked for at once, done in parts."""

import secrets
from datetime import datetime

from gamification.kit.records import record
from gamification.members.model import Member, Standing

PSEUDONYM_PREFIX = "erased:"
DISPLAY_NAME = "Erased member"


@record(frozen=True, slots=True)
class Erasure:
    """Of one member; `id` is theirs. `by` is "member" for themselves, else "role:subject". `step` and `place` say how far
    it has come, by names, so that a later version goes on with it; `external_id` is there until it is done, for it is in what is still to be deleted."""

    id: bytes
    programme_id: str
    pseudonym: str
    by: str
    asked_at: datetime
    external_id: str | None
    step: str = ""
    place: bytes | None = None
    done_at: datetime | None = None
    former: tuple[str, ...] = ()
    """The external ids of accounts that were merged into it, as long as its own is there; each has an erasure of its own."""

    @property
    def actors(self) -> tuple[str, ...]:
        """How what the member did themselves names them."""
        return tuple(f"member:{name}" for name in (self.external_id, *self.former))


def new_pseudonym() -> str:
    """A random external id for a tombstone: 128 bits, so that nobody can come to have it."""
    return PSEUDONYM_PREFIX + secrets.token_hex(16)


def tombstone(member: Member, pseudonym: str, now: datetime) -> Member:
    """What stays of a member: the id, and when they joined."""
    return Member(
        id=member.id,
        programme_id=member.programme_id,
        external_id=pseudonym,
        display_name=DISPLAY_NAME,
        joined_at=member.joined_at,
        locale="und",
        time_zone="UTC",
        standing=Standing.BANNED,
        erased_at=now,
    )
