"""Redemptions, coupons and privileges."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.members.service import may_see_private
from gamification.rewards import model as domain
from gamification.rewards.codes import masked
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Listing, Node, global_id
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.ledger import Unit, unit_of
from resolvers.types.names import text
from resolvers.types.rewards import Reward, RewardKind, build_reward

if TYPE_CHECKING:
    from resolvers.types.members import Member

REDEMPTIONS = Listing("redemptions", (int, bytes))
RedemptionStatus = domain.RedemptionStatus
strawberry.enum(
    RedemptionStatus,
    name="RedemptionStatus",
    description="PENDING waits for people or other systems; PROCESSING and SHIPPED are on the way; DONE: the member has "
    "it; FAILED could not be given; CANCELLED was taken back.",
)
RedemptionSource = domain.RedemptionSource
strawberry.enum(
    RedemptionSource,
    name="RedemptionSource",
    description="REDEEMED by or for the member, GIVEN for something, or bought in a FLASH_SALE.",
)
CouponState = domain.CouponState
strawberry.enum(
    CouponState,
    name="CouponState",
    description="AVAILABLE in its pool, ISSUED to a member, or VOID for good.",
)


@strawberry.type(description="A change of status.")
class RedemptionStep:
    status: RedemptionStatus = strawberry.field(description="What it became.")
    at: datetime = strawberry.field(description="When.")
    note: str | None = strawberry.field(description="What was said about it.")
    reference: str | None = strawberry.field(description="Such as a parcel's number.")


@strawberry.type(description="What was paid for a redemption.")
class RedemptionPayment:
    model: strawberry.Private[domain.Paid]

    @strawberry.field(description="In which points.")
    async def unit(self, info: Info) -> Unit:
        return await unit_of(info, self.model.unit)

    @strawberry.field(description="How many, in the unit's smallest part.")
    def amount(self) -> Long:
        return Long(self.model.amount)

    @strawberry.field(description="How many of them came back.")
    def refunded(self) -> Long:
        return Long(self.model.refunded)

    @strawberry.field(description="Whether they are only set aside as yet, to be spent once it is under way.")
    def is_held(self) -> bool:
        return self.model.hold


@strawberry.type(description="A code and what became of it.")
class Coupon:
    model: strawberry.Private[domain.Coupon]
    is_holders: strawberry.Private[bool]
    state: CouponState = of_model("state", description="Whether it can be used at all.")
    expires_at: datetime | None = of_model(
        "expires_at", description="From when it can't be used; null never."
    )
    uses: int = of_model("used", description="How often it was used, without what was rolled back.")
    uses_max: int = of_model("uses_max", description="How often it can be used.")

    @strawberry.field(description="The code; only its holder sees it.")
    def code(self) -> str | None:
        return self.model.code if self.is_holders and self.model.state is CouponState.ISSUED else None

    @strawberry.field(description="The code with all but its last four characters hidden.")
    def masked_code(self) -> str:
        return masked(self.model.code)


@strawberry.type(description="What only those see who have it.")
class ExclusiveContent:
    text: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    url: str | None = strawberry.field(description="An https address.")


async def _rewards(redemptions: list["Redemption"], info: Info) -> list[Reward]:
    rewards = (await info.context.catalogue()).rewards
    built = {key: await build_reward(info, rewards[key]) for key in {one.model.reward for one in redemptions}}
    return [built[one.model.reward] for one in redemptions]


async def _coupons(redemptions: list["Redemption"], info: Info) -> list[Coupon | None]:
    ids = [one.model.coupon for one in redemptions if one.model.coupon is not None]
    found = await info.context.services.rewards.coupons(info.context.caller, ids) if ids else {}
    members = await info.context.loaders.members.load_many({one.model.member_id for one in redemptions})
    caller = info.context.caller
    own = {member_id for member_id, one in members.items() if caller.is_member(one.external_id, one.former)}
    return [
        Coupon(model=found[one.model.coupon], is_holders=one.model.member_id in own)
        if one.model.coupon in found
        else None
        for one in redemptions
    ]


@strawberry.type(description="One reward that one member got, or is to get. (兑换)")
class Redemption(Node):
    model: strawberry.Private[domain.Redemption]
    id: strawberry.ID = global_id("Redemption")
    status: RedemptionStatus = of_model("status", description="How far it is.")
    source: RedemptionSource = of_model("source", description="How it came about.")
    made_at: datetime = of_model("made_at", description="When it was redeemed, given or bought.")
    reward_version: int = of_model("reward_version", description="The reward's version at that time.")
    reward: Reward = batched(_rewards, description="Of which reward.")
    coupon: Coupon | None = batched(_coupons, description="The coupon, where it is one.")
    currency: str | None = of_model("currency", description="Of a share of a red packet.")
    flag: str | None = of_model("flag", description="Of a privilege, its key.")
    starts_at: datetime | None = of_model("starts_at", description="From when it can be used.")
    expires_at: datetime | None = of_model(
        "expires_at", description="From when it can't be used any more; null never."
    )
    deliver_to: str | None = of_model("deliver_to", description="Where it goes, as the member stated it.")
    is_kept: bool = of_model(
        "kept",
        description="Whether what gave it was taken back, and it stays all the same, as it had been used.",
    )

    @strawberry.field(description="What it is.")
    def kind(self) -> RewardKind:
        return RewardKind(self.model.kind)

    @strawberry.field(description="A share of a red packet, in the currency's smallest part.")
    def amount(self) -> Long | None:
        return None if self.model.amount is None else Long(self.model.amount)

    @strawberry.field(description="Of tickets for a draw, how many.")
    def tickets(self) -> Long | None:
        return None if self.model.tickets is None else Long(self.model.tickets)

    @strawberry.field(description="Whether what it gave can be used now.")
    def is_current(self, info: Info) -> bool:
        return self.model.is_current(info.context.services.now())

    @strawberry.field(description="What was paid; null where nothing was.")
    def payment(self) -> RedemptionPayment | None:
        return RedemptionPayment(model=self.model.paid) if self.model.paid else None

    @strawberry.field(description="How it went, first to last.")
    def steps(self) -> list[RedemptionStep]:
        return [
            RedemptionStep(status=step.status, at=step.at, note=step.note, reference=step.reference)
            for step in self.model.steps
        ]

    @strawberry.field(
        description="Of exclusive content, what it is, as long as it can be seen: only its holder sees it."
    )
    async def content(self, info: Info) -> ExclusiveContent | None:
        terms = (await info.context.catalogue()).rewards[self.model.reward].content
        member = await info.context.loaders.members.load(self.model.member_id)
        holds = member is not None and info.context.caller.is_member(member.external_id, member.former)
        if terms is None or not holds or not self.model.is_current(info.context.services.now()):
            return None
        return ExclusiveContent(text=await text(info, terms.text), url=terms.url)

    @strawberry.field(description="Why it was made.")
    def cause(self) -> Cause:
        return Cause(model=self.model.cause)

    @strawberry.field(description="Whose it is; null for a member who is not visible to you.")
    async def member(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("resolvers.types.members")] | None:
        from resolvers.types.members import Member

        found = await info.context.loaders.members.load(self.model.member_id)
        return Member.of(found) if found else None

    @classmethod
    def of(cls, redemption: domain.Redemption) -> "Redemption":
        """The GraphQL object of a domain redemption."""
        return cls(model=redemption)


@strawberry.type(description="A flag that a member has, or will have. (权益)")
class Privilege:
    model: strawberry.Private[domain.Redemption]
    flag: str = of_model("flag", description="Its key.")
    starts_at: datetime | None = of_model("starts_at", description="From when.")
    ends_at: datetime | None = of_model("expires_at", description="Until when, exclusive; null for good.")

    @strawberry.field(description="Whether it is in force now, not only later.")
    def is_current(self, info: Info) -> bool:
        return self.model.is_current(info.context.services.now())

    @strawberry.field(description="Where it is from.")
    def redemption(self) -> Redemption:
        return Redemption.of(self.model)


async def load_redemption(info: Info, raw: bytes) -> Redemption | None:
    """The redemption of that id, for its member, staff and services."""
    found = await info.context.loaders.redemptions.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return Redemption.of(found) if member and may_see_private(info.context.caller, member) else None
