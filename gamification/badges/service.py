"""Reading badges and awards. What changes awards is in `settlement/`."""

from collections.abc import Sequence
from typing import Any

from gamification.badges.model import BadgeAward
from gamification.badges.repository import AwardRepository
from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.programmes.definitions import Badge, Status
from gamification.programmes.service import ProgrammeService
from storage.paging import Page, Window


class BadgeService:
    """Badges and standing awards are open to everyone signed in; revoked awards to the member and staff."""

    def __init__(self, repository: AwardRepository, programmes: ProgrammeService) -> None:
        self._repository = repository
        self._programmes = programmes

    async def badge(self, actor: Actor, key: str) -> Badge | None:
        """A badge by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).badges.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def badges(self, actor: Actor) -> list[Badge]:
        """Every visible badge, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [badge for badge in catalogue.document.badges if _visible(actor, badge)]

    async def of_member(self, actor: Actor, member: Member, window: Window) -> Page[BadgeAward]:
        """A member's awards, newest first; revoked ones only for those who may see what is private."""
        query: dict[str, Any] = {"member_id": member.id}
        if not may_see_private(actor, member):
            query["revoked_at"] = None
        return await self._repository.page(actor.programme_id, query, window)

    async def of_badge(self, actor: Actor, badge: Badge, window: Window) -> Page[BadgeAward]:
        """Standing awards of a badge, newest first."""
        return await self._repository.page(
            actor.programme_id, {"badge": badge.key, "revoked_at": None}, window
        )

    async def counts(self, actor: Actor, badges: Sequence[str]) -> dict[str, int]:
        """How many awards of each badge stand."""
        return await self._repository.counts(actor.programme_id, badges)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, BadgeAward]:
        """Awards by id, of this programme."""
        found = await self._repository.by_ids(ids)
        return {key: award for key, award in found.items() if award.programme_id == actor.programme_id}


def _visible(actor: Actor, badge: Badge) -> bool:
    return badge.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
