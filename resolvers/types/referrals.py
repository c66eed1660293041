"""Referral offers, codes and referrals."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.kit.actors import Permission
from gamification.members import model as members
from gamification.programmes import definitions
from gamification.referrals import model as domain
from resolvers.context import Info
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    global_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus, TaskReward, reward_of

if TYPE_CHECKING:
    from resolvers.types.members import Member

REFERRALS = Listing("referrals", (int, bytes))
ReferralStatus = domain.ReferralStatus
strawberry.enum(
    ReferralStatus,
    name="ReferralStatus",
    description="PENDING until the new member qualifies, or EXPIRED; HELD qualified and waits for staff; REWARDED; "
    "REJECTED by staff; REVERSED: what qualified was taken back, and the rewards with it.",
)
ReferralFlag = domain.ReferralFlag
strawberry.enum(
    ReferralFlag,
    name="ReferralFlag",
    description="Why staff looks at it first. VELOCITY: a code used very often; DEVICE: a device used for another referral; "
    "ADDRESS: a network address used for many; SHARED_ADDRESS: the referrer's own; REFERRER_BANNED.",
)


@strawberry.type(description="What a referrer gets once so many of their referrals are rewarded.")
class ReferralMilestone:
    count: int = strawberry.field(description="Rewarded referrals that it takes.")
    reward: list[TaskReward] = strawberry.field(
        description="What it gives; taken back where the count falls below."
    )


@strawberry.type(description="Members bring members, and both get something. (推荐有奖)")
class ReferralOffer(Node):
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    window_seconds: Long = strawberry.field(
        description="How long after using a code the qualifying activity may happen."
    )
    new_within_seconds: Long = strawberry.field(description="How long after joining a code may be used.")
    referrer_reward: list[TaskReward] = strawberry.field(description="What the one who invites gets.")
    referee_reward: list[TaskReward] = strawberry.field(description="What the new member gets.")
    milestones: list[ReferralMilestone] = strawberry.field(
        description="What many referrals give besides, rising."
    )


@strawberry.type(description="How far a member's referrals by an offer have come, as counts.")
class ReferralFunnel:
    model: strawberry.Private[domain.Funnel]

    @strawberry.field(description="Members who used the code.")
    def used(self) -> Long:
        return Long(self.model.used)

    @strawberry.field(description="Those who have not qualified yet and still may.")
    def pending(self) -> Long:
        return self._of(ReferralStatus.PENDING)

    @strawberry.field(description="Those whose window passed before.")
    def expired(self) -> Long:
        return self._of(ReferralStatus.EXPIRED)

    @strawberry.field(description="Those who qualified and wait for staff.")
    def held(self) -> Long:
        return self._of(ReferralStatus.HELD)

    @strawberry.field(description="Those whose rewards both have.")
    def rewarded(self) -> Long:
        return self._of(ReferralStatus.REWARDED)

    @strawberry.field(description="Those whom staff rejected.")
    def rejected(self) -> Long:
        return self._of(ReferralStatus.REJECTED)

    @strawberry.field(description="Those whose rewards were taken back.")
    def reversed(self) -> Long:
        return self._of(ReferralStatus.REVERSED)

    def _of(self, status: domain.ReferralStatus) -> Long:
        return Long(self.model.counts.get(status, 0))


@strawberry.type(description="A member's own code for an offer.")
class ReferralCode:
    model: strawberry.Private[domain.Referrer]
    definition: strawberry.Private[definitions.ReferralOffer]
    member: strawberry.Private[members.Member]

    @strawberry.field(
        description="8 letters and digits; taken in small letters and with blanks and hyphens, too."
    )
    def code(self) -> str:
        return self.model.code

    @strawberry.field(
        description="The address to share, with the code in it; null where the offer states none."
    )
    def link(self) -> str | None:
        return self.definition.link.replace("{code}", self.model.code) if self.definition.link else None

    @strawberry.field(description="The offer.")
    async def offer(self, info: Info) -> ReferralOffer:
        return await build_offer(info, self.definition)

    @strawberry.field(description="How far the referrals by it have come.")
    async def funnel(self, info: Info) -> ReferralFunnel:
        services = info.context.services
        return ReferralFunnel(
            model=await services.referrals.funnel(info.context.caller, self.model, services.now())
        )

    @strawberry.field(description="The counts of the milestones that are reached now.")
    def milestones_reached(self) -> list[int]:
        return [one.count for one in self.model.milestones if one.stands]


@strawberry.type(description="That a member was brought by another. Readable by the two, staff and services.")
class Referral(Node):
    model: strawberry.Private[domain.Referral]
    id: strawberry.ID = global_id("Referral")

    @strawberry.field(description="How far it has come.")
    def status(self, info: Info) -> ReferralStatus:
        return self.model.status_at(info.context.services.now())

    @strawberry.field(description="When the code was used.")
    def used_at(self) -> datetime:
        return self.model.used_at

    @strawberry.field(description="Until when the qualifying activity may happen.")
    def expires_at(self) -> datetime:
        return self.model.expires_at

    @strawberry.field(
        description="When what qualified it happened; null before, and once that was taken back."
    )
    def qualified_at(self) -> datetime | None:
        return self.model.at

    @strawberry.field(description="What staff said as they decided; null where nobody had to.")
    def reason(self) -> str | None:
        return self.model.reason

    @strawberry.field(description="Why staff looks at it first. Staff and services see it; null for members.")
    def flags(self, info: Info) -> list[ReferralFlag] | None:
        if not info.context.caller.can(Permission.MEMBERS_READ_PRIVATE):
            return None
        return list(self.model.flags)

    @strawberry.field(description="By which offer.")
    async def offer(self, info: Info) -> ReferralOffer:
        catalogue = await info.context.catalogue()
        return await build_offer(info, catalogue.referrals[self.model.offer])

    @strawberry.field(description="Who invited; null where they are not visible to you.")
    async def referrer(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        return await _member(info, self.model.referrer_id)

    @strawberry.field(description="Who is new; null where they are not visible to you.")
    async def referee(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        return await _member(info, self.model.referee_id)

    @strawberry.field(
        description="What qualified it; its activity is readable by its member, staff and services."
    )
    def cause(self) -> Cause | None:
        return Cause(model=self.model.cause) if self.model.cause else None

    @classmethod
    def of(cls, referral: domain.Referral) -> "Referral":
        """The GraphQL object of a domain referral."""
        return cls(model=referral)


async def _member(info: Info, found: bytes) -> "Member | None":
    from resolvers.types.members import Member

    member = await info.context.loaders.members.load(found)
    return Member.of(member) if member else None


async def build_offer(info: Info, offer: definitions.ReferralOffer) -> ReferralOffer:
    """The GraphQL object of an offer's definition."""
    hidden = await info.context.hidden_badges()
    return ReferralOffer(
        id=encode_id("ReferralOffer", offer.key),
        key=offer.key,
        name=await label(info, offer),
        description=await text(info, offer.description),
        status=offer.status,
        version=offer.version,
        window_seconds=Long(int(offer.window.total_seconds())),
        new_within_seconds=Long(int(offer.new_within.total_seconds())),
        referrer_reward=[reward_of(reward, hidden) for reward in offer.referrer],
        referee_reward=[reward_of(reward, hidden) for reward in offer.referee],
        milestones=[
            ReferralMilestone(count=one.count, reward=[reward_of(reward, hidden) for reward in one.reward])
            for one in offer.milestones
        ],
    )


async def referrals_of(
    info: Info,
    member: members.Member,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Referral]:
    """Whom a member brought."""
    page = await info.context.services.referrals.brought_by(
        info.context.caller, member, window(first, after, last, before, of=REFERRALS)
    )
    return connect(page, Referral.of, REFERRALS)


async def load_referral(info: Info, raw: bytes) -> Referral | None:
    """The referral of that id, for those who may read it."""
    found = await info.context.loaders.referrals.load(raw)
    return Referral.of(found) if found else None
