"""Who is in a space, and what they may do there."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from community.sanctions.model import Sanction
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions import Space


class SpaceRole(StrEnum):
    """OWNER: appoints the space's moderators. MODERATOR: looks after what is written there, and who is in it."""

    MEMBER = "member"
    MODERATOR = "moderator"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """Who has more may act on who has less."""
        return list(SpaceRole).index(self)


class SpaceState(StrEnum):
    """ACTIVE: in it. REQUESTED: waits to be let in. BARRED: put out of it, and can't come back by themselves."""

    ACTIVE = "active"
    REQUESTED = "requested"
    BARRED = "barred"


@record(frozen=True, slots=True)
class SpaceMembership:
    """One member in one space. `since`: when they came to be in that state; `by` who put them there, if not themselves."""

    id: bytes
    programme_id: str
    space: str
    member_id: bytes
    role: SpaceRole
    state: SpaceState
    since: datetime
    by: str | None = None
    reason: str | None = None


@record(frozen=True, slots=True)
class SpaceRights:
    """What somebody may do in a space that they may know of."""

    space: Space
    reads: bool
    writes: bool
    reacts: bool
    moderates: bool
    appoints: bool
    membership: SpaceMembership | None

    @property
    def role(self) -> SpaceRole | None:
        """Their role in it; None for who is not in it."""
        membership = self.membership
        return membership.role if membership and membership.state is SpaceState.ACTIVE else None


@record(frozen=True, slots=True)
class Around:
    """What is read of a member before anything is shown to them: their memberships by the space's key, the sanctions that
    were not ended, with whom they share a block, whoever blocks whom, and how far they are trusted."""

    memberships: Mapping[str, SpaceMembership]
    sanctions: tuple[Sanction, ...]
    blocks: frozenset[bytes]
    trust: int = 0


NOTHING_AROUND = Around({}, (), frozenset())


def membership_id(programme_id: str, space: str, member_id: bytes) -> bytes:
    """There can be one of a member in a space."""
    return derived_id("space_membership", programme_id, space, member_id)
