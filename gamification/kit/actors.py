"""Who acts, and what each role may do.

Permissions are `resource:action`; roles map to them here and nowhere else. `require` is the one gate that
services call first.
"""

from collections.abc import Collection
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
    ATTEMPTS_GRANT = "attempts:grant"
    BADGES_AWARD = "badges:award"
    BADGES_REVOKE = "badges:revoke"
    CAMPAIGNS_APPROVE = "campaigns:approve"
    CAMPAIGNS_MANAGE = "campaigns:manage"
    CAMPAIGNS_READ = "campaigns:read"
    CHECK_INS_ANY = "check_ins:any"
    CHECK_INS_GRANT = "check_ins:grant"
    CHECK_INS_OWN = "check_ins:own"
    DRAWS_BEACON = "draws:beacon"
    DRAWS_PLAY_ANY = "draws:play_any"
    DRAWS_PLAY_OWN = "draws:play_own"
    FOLLOWS_CHANGE_ANY = "follows:change_any"
    FOLLOWS_CHANGE_OWN = "follows:change_own"
    INSIGHTS_READ = "insights:read"
    LEDGER_ADJUST = "ledger:adjust"
    LEDGER_HOLD = "ledger:hold"
    LEDGER_READ_ANY = "ledger:read_any"
    LEDGER_READ_LIABILITY = "ledger:read_liability"
    LEDGER_SPEND_ANY = "ledger:spend_any"
    LEDGER_SPEND_OWN = "ledger:spend_own"
    MEMBERS_ERASE_ANY = "members:erase_any"
    MEMBERS_ERASE_OWN = "members:erase_own"
    MEMBERS_EXPORT_ANY = "members:export_any"
    MEMBERS_EXPORT_OWN = "members:export_own"
    MEMBERS_JOIN_ANY = "members:join_any"
    MEMBERS_JOIN_SELF = "members:join_self"
    MEMBERS_MERGE = "members:merge"
    MEMBERS_MODERATE = "members:moderate"
    MEMBERS_READ_PRIVATE = "members:read_private"
    MEMBERS_UPDATE_ANY = "members:update_any"
    MEMBERS_UPDATE_OWN = "members:update_own"
    COMMUNITY_ACT_AS = "community:act_as"
    COMMUNITY_APPOINT = "community:appoint"
    COMMUNITY_MODERATE = "community:moderate"
    COMMUNITY_READ_ANY = "community:read_any"
    COMMUNITY_TAKE_PART = "community:take_part"
    COMPLAINTS_HANDLE = "complaints:handle"
    COUPONS_IMPORT = "coupons:import"
    COUPONS_USE = "coupons:use"
    NOTIFICATIONS_READ_LOG = "notifications:read_log"
    PARTNERS_ANY = "partners:any"
    PARTNERS_MANAGE = "partners:manage"
    PARTNERS_OWN = "partners:own"
    PARTNERS_READ = "partners:read"
    PROGRAMME_DEFINE = "programme:define"
    PROGRAMME_READ_DRAFTS = "programme:read_drafts"
    PROGRAMME_REHEARSE = "programme:rehearse"
    REFERRALS_ANY = "referrals:any"
    REFERRALS_OWN = "referrals:own"
    REFERRALS_REVIEW = "referrals:review"
    REWARDS_FULFIL = "rewards:fulfil"
    REWARDS_REDEEM_ANY = "rewards:redeem_any"
    REWARDS_REDEEM_OWN = "rewards:redeem_own"
    SEGMENTS_MANAGE = "segments:manage"
    SEGMENTS_READ = "segments:read"
    SURVEYS_READ = "surveys:read"
    TASKS_CLAIM_ANY = "tasks:claim_any"
    TASKS_CLAIM_OWN = "tasks:claim_own"
    TASKS_REVIEW = "tasks:review"
    TASKS_SUBMIT_ANY = "tasks:submit_any"
    TASKS_SUBMIT_OWN = "tasks:submit_own"
    TIERS_SET = "tiers:set"
    WEBHOOKS_MANAGE = "webhooks:manage"
    WEBHOOKS_READ = "webhooks:read"


_MEMBER = frozenset(
    {
        Permission.FOLLOWS_CHANGE_OWN,
        Permission.CHECK_INS_OWN,
        Permission.COMMUNITY_TAKE_PART,
        Permission.DRAWS_PLAY_OWN,
        Permission.LEDGER_SPEND_OWN,
        Permission.MEMBERS_ERASE_OWN,
        Permission.MEMBERS_EXPORT_OWN,
        Permission.MEMBERS_JOIN_SELF,
        Permission.MEMBERS_UPDATE_OWN,
        Permission.PARTNERS_OWN,
        Permission.REWARDS_REDEEM_OWN,
        Permission.REFERRALS_OWN,
        Permission.TASKS_CLAIM_OWN,
        Permission.TASKS_SUBMIT_OWN,
    }
)
_MODERATOR = frozenset(
    {
        Permission.ACTIVITY_READ,
        Permission.ATTEMPTS_GRANT,
        Permission.BADGES_AWARD,
        Permission.BADGES_REVOKE,
        Permission.COMMUNITY_MODERATE,
        Permission.COMPLAINTS_HANDLE,
        Permission.COMMUNITY_READ_ANY,
        Permission.LEDGER_READ_ANY,
        Permission.MEMBERS_MODERATE,
        Permission.MEMBERS_READ_PRIVATE,
        Permission.REFERRALS_REVIEW,
        Permission.TASKS_REVIEW,
    }
)
_OPERATOR = _MODERATOR | {
    Permission.ACTIVITY_REVERSE,
    Permission.CAMPAIGNS_APPROVE,
    Permission.CAMPAIGNS_MANAGE,
    Permission.CAMPAIGNS_READ,
    Permission.COMMUNITY_APPOINT,
    Permission.DRAWS_BEACON,
    Permission.CHECK_INS_GRANT,
    Permission.LEDGER_ADJUST,
    Permission.LEDGER_HOLD,
    Permission.LEDGER_READ_LIABILITY,
    Permission.INSIGHTS_READ,
    Permission.TIERS_SET,
    Permission.MEMBERS_ERASE_ANY,
    Permission.MEMBERS_EXPORT_ANY,
    Permission.MEMBERS_MERGE,
    Permission.MEMBERS_UPDATE_ANY,
    Permission.NOTIFICATIONS_READ_LOG,
    Permission.PARTNERS_MANAGE,
    Permission.PARTNERS_READ,
    Permission.PROGRAMME_DEFINE,
    Permission.PROGRAMME_READ_DRAFTS,
    Permission.PROGRAMME_REHEARSE,
    Permission.COUPONS_IMPORT,
    Permission.REWARDS_FULFIL,
    Permission.SEGMENTS_MANAGE,
    Permission.SEGMENTS_READ,
    Permission.SURVEYS_READ,
    Permission.WEBHOOKS_MANAGE,
    Permission.WEBHOOKS_READ,
}
_SERVICE = frozenset(
    {
        Permission.FOLLOWS_CHANGE_ANY,
        Permission.ACTIVITY_READ,
        Permission.ACTIVITY_RECORD,
        Permission.ACTIVITY_REVERSE,
        Permission.ATTEMPTS_GRANT,
        Permission.BADGES_AWARD,
        Permission.BADGES_REVOKE,
        Permission.CAMPAIGNS_READ,
        Permission.CHECK_INS_ANY,
        Permission.CHECK_INS_GRANT,
        Permission.COMMUNITY_ACT_AS,
        Permission.COMMUNITY_APPOINT,
        Permission.COMMUNITY_MODERATE,
        Permission.COMPLAINTS_HANDLE,
        Permission.COMMUNITY_READ_ANY,
        Permission.DRAWS_BEACON,
        Permission.DRAWS_PLAY_ANY,
        Permission.LEDGER_ADJUST,
        Permission.LEDGER_HOLD,
        Permission.LEDGER_READ_ANY,
        Permission.LEDGER_SPEND_ANY,
        Permission.MEMBERS_ERASE_ANY,
        Permission.MEMBERS_EXPORT_ANY,
        Permission.MEMBERS_JOIN_ANY,
        Permission.MEMBERS_MERGE,
        Permission.MEMBERS_READ_PRIVATE,
        Permission.MEMBERS_UPDATE_ANY,
        Permission.COUPONS_IMPORT,
        Permission.COUPONS_USE,
        Permission.INSIGHTS_READ,
        Permission.NOTIFICATIONS_READ_LOG,
        Permission.PARTNERS_ANY,
        Permission.PARTNERS_READ,
        Permission.REWARDS_FULFIL,
        Permission.REWARDS_REDEEM_ANY,
        Permission.REFERRALS_ANY,
        Permission.SEGMENTS_MANAGE,
        Permission.SEGMENTS_READ,
        Permission.SURVEYS_READ,
        Permission.TASKS_CLAIM_ANY,
        Permission.TASKS_SUBMIT_ANY,
        Permission.WEBHOOKS_READ,
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

    def is_member(self, external_id: str, former: Collection[str] = ()) -> bool:
        """Whether this actor is the member of that external id; `former` are those of accounts merged into theirs."""
        return self.role is Role.MEMBER and (self.subject == external_id or self.subject in former)


def system_actor(programme_id: str) -> Actor:
    """The platform itself at work: importers, the scheduler, the command line."""
    return Actor(programme_id=programme_id, subject="system", role=Role.SERVICE)
