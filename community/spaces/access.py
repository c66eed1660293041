"""What a caller may do in a space: pure."""

from community.spaces.model import SpaceMembership, SpaceRights, SpaceRole, SpaceState
from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member, Standing
from gamification.programmes.definitions import Space, SpaceAccess, SpaceAdmission, Status


def rights_in(
    space: Space,
    actor: Actor,
    member: Member | None,
    membership: SpaceMembership | None,
    *,
    is_let_in: bool,
    is_muted: bool = False,
) -> SpaceRights | None:
    """What `actor`, who is `member` or none, may do in a space; None where it is as if there were none.

    Staff and services read everything, moderators and operators look after everything. A draft is for those who define
    it; in what is archived nobody writes. Who is banned or muted only reads.
    """
    if space.status is Status.DRAFT and not actor.can(Permission.PROGRAMME_READ_DRAFTS):
        return None
    staff = actor.can(Permission.COMMUNITY_READ_ANY)
    if not staff and not is_let_in:
        return None
    active = membership is not None and membership.state is SpaceState.ACTIVE
    barred = membership is not None and membership.state is SpaceState.BARRED
    role = membership.role if active and membership is not None else None
    reads = staff or space.access is not SpaceAccess.PRIVATE or active
    may_write = member is not None and member.standing is not Standing.BANNED and not barred and not is_muted
    is_live = space.status is Status.PUBLISHED
    inside = active or space.access is SpaceAccess.OPEN
    return SpaceRights(
        space=space,
        reads=reads,
        writes=is_live and may_write and inside,
        reacts=is_live and may_write and reads,
        moderates=actor.can(Permission.COMMUNITY_MODERATE)
        or (role is not None and role is not SpaceRole.MEMBER),
        appoints=actor.can(Permission.COMMUNITY_APPOINT) or role is SpaceRole.OWNER,
        membership=membership,
    )


def state_on_joining(space: Space) -> SpaceState | None:
    """What becomes of who asks to join; None where one can't ask."""
    if space.admits is SpaceAdmission.ADDED:
        return None
    return SpaceState.REQUESTED if space.admits is SpaceAdmission.REQUEST else SpaceState.ACTIVE


def may_act_on(rights: SpaceRights, target: SpaceMembership | None) -> bool:
    """Whether they may put that one out, or change them: only who has a lower role in the space, and staff everyone."""
    if target is None or target.state is not SpaceState.ACTIVE or rights.role is None:
        return True
    return rights.role.rank > target.role.rank


def may_give(rights: SpaceRights, role: SpaceRole) -> bool:
    """Whether they may give that role: who appoints gives what is below their own; staff any."""
    if not rights.appoints:
        return False
    return rights.role is None or rights.role.rank > role.rank
