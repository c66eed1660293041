"""Who may see, answer and look after a gathering: pure."""

from datetime import datetime

from community.gatherings.model import Gathering, GatheringState, Rsvp, RsvpState
from community.gatherings.places import is_over
from community.spaces.model import SpaceRights, SpaceState
from community.spaces.service import Viewer
from gamification.kit.errors import Conflict, ErrorCode, Forbidden
from gamification.members.model import Standing
from gamification.programmes.definitions import Status


def rights_on(viewer: Viewer, gathering: Gathering) -> SpaceRights | None:
    """What the viewer may do in its space; None where they don't read it, and it is as if there were none."""
    rights = viewer.rights.get(gathering.space)
    if rights is None or not rights.reads or (gathering.shadowed and not rights.moderates):
        return None
    return rights


def looks_after(viewer: Viewer, gathering: Gathering) -> bool:
    """Whether they look after the gathering: who looks after its space does."""
    rights = rights_on(viewer, gathering)
    return rights is not None and rights.moderates


def may_come(viewer: Viewer, gathering: Gathering) -> bool:
    """Whether a member may answer and attend: who reads its space, is not barred from it and not banned. Who is muted may:
    they say nothing."""
    rights = rights_on(viewer, gathering)
    if rights is None or viewer.member is None or viewer.member.is_gone:
        return False
    barred = rights.membership is not None and rights.membership.state is SpaceState.BARRED
    live = rights.space.status is Status.PUBLISHED
    return live and not barred and viewer.member.standing is not Standing.BANNED


def sees_address(viewer: Viewer, gathering: Gathering, own: Rsvp | None) -> bool:
    """Whether they see where online it is: who goes, and who looks after it."""
    return looks_after(viewer, gathering) or (own is not None and own.state is RsvpState.GOING)


def require_host(viewer: Viewer, gathering: Gathering) -> None:
    """Raises: Forbidden."""
    if not looks_after(viewer, gathering):
        raise Forbidden("This is for those who look after the space.")


def require_scheduled(gathering: Gathering) -> None:
    """Raises: Conflict (GATHERING_STATE) where it is cancelled."""
    if gathering.state is GatheringState.CANCELLED:
        raise Conflict("This gathering is cancelled.", code=ErrorCode.GATHERING_STATE, path=["gatheringId"])


def require_ahead(gathering: Gathering, now: datetime) -> None:
    """Raises: Conflict (GATHERING_STATE) where it is cancelled or over."""
    require_scheduled(gathering)
    if is_over(gathering, now):
        raise Conflict("This gathering is over.", code=ErrorCode.GATHERING_STATE, path=["gatheringId"])
