"""Who acts, and what each role may do.

Permissions are `resource:action`; roles map to them here and nowhere else. `require` is the one gate that
services call first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gamification.kit.errors import Forbidden


class Role(StrEnum):
    """Who a token speaks for."""

    MEMBER = "member"
    MODERATOR = "moderator"
    OPERATOR = "operator"
    SERVICE = "service"


class Permission(StrEnum):
    """What may be done, as `resource:action`."""

    ACTIVITY_READ = "activity:read"
    ACTIVITY_RECORD = "activity:record"
    ACTIVITY_REVERSE = "activity:reverse"
    BADGES_AWARD = "badges:award"
    BADGES_REVOKE = "badges:revoke"
    LEDGER_ADJUST = "ledger:adjust"
    LEDGER_READ_ANY = "ledger:read_any"
    LEDGER_SPEND_ANY = "ledger:spend_any"
    LEDGER_SPEND_OWN = "ledger:spend_own"
    MEMBERS_JOIN_ANY = "members:join_any"
    MEMBERS_JOIN_SELF = "members:join_self"
    MEMBERS_MODERATE = "members:moderate"
    MEMBERS_READ_PRIVATE = "members:read_private"
    MEMBERS_UPDATE_ANY = "members:update_any"
    MEMBERS_UPDATE_OWN = "members:update_own"
    PROGRAMME_DEFINE = "programme:define"
    PROGRAMME_READ_DRAFTS = "programme:read_drafts"
    TASKS_CLAIM_ANY = "tasks:claim_any"
    TASKS_CLAIM_OWN = "tasks:claim_own"


_MEMBER = frozenset(
    {
        Permission.LEDGER_SPEND_OWN,
        Permission.MEMBERS_JOIN_SELF,
        Permission.MEMBERS_UPDATE_OWN,
        Permission.TASKS_CLAIM_OWN,
    }
)
_MODERATOR = frozenset(
    {
        Permission.ACTIVITY_READ,
        Permission.BADGES_AWARD,
        Permission.BADGES_REVOKE,
        Permission.LEDGER_READ_ANY,
        Permission.MEMBERS_MODERATE,
        Permission.MEMBERS_READ_PRIVATE,
    }
)
_OPERATOR = _MODERATOR | {
    Permission.ACTIVITY_REVERSE,
    Permission.LEDGER_ADJUST,
    Permission.MEMBERS_UPDATE_ANY,
    Permission.PROGRAMME_DEFINE,
    Permission.PROGRAMME_READ_DRAFTS,
}
_SERVICE = frozenset(
    {
        Permission.ACTIVITY_READ,
        Permission.ACTIVITY_RECORD,
        Permission.ACTIVITY_REVERSE,
        Permission.BADGES_AWARD,
        Permission.BADGES_REVOKE,
        Permission.LEDGER_ADJUST,
        Permission.LEDGER_READ_ANY,
        Permission.LEDGER_SPEND_ANY,
        Permission.MEMBERS_JOIN_ANY,
        Permission.MEMBERS_READ_PRIVATE,
        Permission.MEMBERS_UPDATE_ANY,
        Permission.TASKS_CLAIM_ANY,
    }
)
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.MEMBER: _MEMBER,
    Role.MODERATOR: _MODERATOR,
    Role.OPERATOR: _OPERATOR,
    Role.SERVICE: _SERVICE,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of one request or socket.

    `subject` is the token's `sub`; for a member it is also their external id. `programme_id` comes from the
    token and never from an argument. `expires_at` is when the token lapses (None: it does not).
    """

    programme_id: str
    subject: str
    role: Role
    expires_at: datetime | None = None

    def can(self, permission: Permission) -> bool:
        """Whether this actor's role holds the permission."""
        return permission in GRANTS[self.role]

    def require(self, permission: Permission) -> None:
        """Go on only with the permission. Raises: Forbidden."""
        if not self.can(permission):
            raise Forbidden(f"A {self.role} may not do this; it takes {permission}.")

    def is_member(self, external_id: str) -> bool:
        """Whether this actor is that very member."""
        return self.role is Role.MEMBER and self.subject == external_id


def system_actor(programme_id: str) -> Actor:
    """The platform itself at work: importers, the scheduler, the command line."""
    return Actor(programme_id=programme_id, subject="system", role=Role.SERVICE)
