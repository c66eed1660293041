"""Codes, funnels and the review queue: reading. What uses a code, rewards and decides is in `settlement/`."""

from collections.abc import Sequence
from datetime import datetime

from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member, Standing
from gamification.members.service import MemberService, may_see_private
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import ReferralOffer, Status
from gamification.programmes.service import ProgrammeService
from gamification.referrals.model import Funnel, Referral, Referrer, referral_id, referrer_id
from gamification.referrals.repository import ReferralRepository
from gamification.referrals.screening import new_code
from storage.paging import Page, Window


class ReferralService:
    """Offers are open to everyone signed in; a referral to the two it is about, staff and services."""

    def __init__(
        self, repository: ReferralRepository, members: MemberService, programmes: ProgrammeService
    ) -> None:
        self._repository = repository
        self._members = members
        self._programmes = programmes

    async def offers(self, actor: Actor) -> list[ReferralOffer]:
        """Every visible offer, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [offer for offer in catalogue.document.referrals if _visible(actor, offer)]

    async def offer(self, actor: Actor, key: str) -> ReferralOffer | None:
        """An offer by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).referrals.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def mine(self, actor: Actor, key: str) -> tuple[Referrer, Member] | None:
        """The actor's own code for an offer, made when it is first asked for; None where they are no member, are banned,
        or there is no such offer."""
        member = await self._members.me(actor)
        offer = (await self._programmes.catalogue(actor.programme_id)).referrals.get(key)
        if member is None or member.standing is Standing.BANNED or offer is None or not published(offer):
            return None
        found = referrer_id(actor.programme_id, key, member.id)
        while True:
            known = (await self._repository.referrers([found])).get(found)
            if known is not None:
                return known, member
            fresh = Referrer(found, actor.programme_id, key, member.id, new_code())
            if await self._repository.add_referrer(fresh):
                return fresh, member

    async def funnel(self, actor: Actor, referrer: Referrer, now: datetime) -> Funnel:
        """How far the referrals by a code have come."""
        return await self._repository.funnel(actor.programme_id, referrer.member_id, referrer.offer, now)

    async def brought_by(self, actor: Actor, member: Member, window: Window) -> Page[Referral]:
        """Whom a member brought, latest change first."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        return await self._repository.page(actor.programme_id, {"referrer_id": member.id}, window)

    async def of_referee(self, actor: Actor, member: Member) -> Referral | None:
        """Who brought a member."""
        if not may_see_private(actor, member):
            return None
        found = referral_id(actor.programme_id, member.id)
        return (await self._repository.by_ids([found])).get(found)

    async def in_review(self, actor: Actor, window: Window) -> Page[Referral]:
        """What waits for a person, latest change first. Raises: Forbidden."""
        actor.require(Permission.REFERRALS_REVIEW)
        return await self._repository.page(actor.programme_id, {"in_review": True}, window)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Referral]:
        """Referrals by id, of this programme, as far as they are this actor's to see."""
        found = await self._repository.by_ids(ids)
        kept = {key: one for key, one in found.items() if one.programme_id == actor.programme_id}
        if actor.can(Permission.MEMBERS_READ_PRIVATE) or not kept:
            return kept
        member = await self._members.me(actor)
        return {
            key: one
            for key, one in kept.items()
            if member is not None and member.id in (one.referrer_id, one.referee_id)
        }


def _visible(actor: Actor, offer: ReferralOffer) -> bool:
    return offer.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
