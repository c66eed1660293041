"""The catalogue of rewards."""

from datetime import datetime
from enum import Enum

import strawberry

from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.relay import Node, encode_id
from resolvers.scalars import Long
from resolvers.types.ledger import CapCycle, Unit, unit_of
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus


@strawberry.enum(
    description="What a reward is. COUPON: a discount by a code of one's own (优惠券). GOODS: something that people pack and "
    "send, or do. RED_PACKET: a share of a fixed sum (红包). PRIVILEGE: a flag that other systems ask for (权益). CONTENT: "
    "something that only holders see (专属内容). TICKET: tickets for a draw (抽奖券)."
)
class RewardKind(Enum):
    COUPON = "coupon"
    GOODS = "goods"
    RED_PACKET = "red_packet"
    PRIVILEGE = "privilege"
    CONTENT = "content"
    TICKET = "ticket"


Stacking = definitions.Stacking
strawberry.enum(
    Stacking,
    name="CouponStacking",
    description="Whether a coupon is ALONE in an order, or TOGETHER with others.",
)
DiscountBasis = definitions.DiscountBasis
strawberry.enum(
    DiscountBasis,
    name="DiscountBasis",
    description="Of what a percentage is taken: what is REMAINING after the coupons before it, or the INITIAL amount.",
)
CapScope = definitions.CapScope
strawberry.enum(
    CapScope,
    name="RewardCapScope",
    description="Whose redemptions a cap counts: each MEMBER's, or all of the PROGRAMME.",
)


@strawberry.type(description="What something costs.")
class RewardPrice:
    definition: strawberry.Private[definitions.Price]

    @strawberry.field(description="In which points.")
    async def unit(self, info: Info) -> Unit:
        return await unit_of(info, self.definition.unit)

    @strawberry.field(description="How many, in the unit's smallest part; at least 1.")
    def amount(self) -> Long:
        return Long(self.definition.amount)


@strawberry.type(
    description="A discount: one of `off`, `percent` and `freeItem`. Money is in the currency's smallest part."
)
class CouponOffer:
    currency: str | None = strawberry.field(description="An ISO 4217 code; null where no amount is stated.")
    off: Long | None = strawberry.field(description="So much less.")
    percent: str | None = strawberry.field(
        description="So many percent less, a decimal such as `12.5`, rounded down."
    )
    off_max: Long | None = strawberry.field(description="What the percentage takes off at most.")
    free_item: str | None = strawberry.field(description="One of this item is free.")
    minimum: Long | None = strawberry.field(description="What the order must amount to at least.")
    uses: int = strawberry.field(description="How many times it can be used: 1 to 1,000.")
    lasts: str | None = strawberry.field(description="How long it can be used, an ISO 8601 duration.")
    until: datetime | None = strawberry.field(description="Until when it can be used, exclusive.")
    stacking: Stacking = strawberry.field(description="Whether it goes together with others.")
    category: str | None = strawberry.field(description="Of one category one goes into an order.")
    basis: DiscountBasis = strawberry.field(description="Of what a percentage is taken.")


@strawberry.type(description="A fixed sum, randomly split. Money is in the currency's smallest part.")
class RedPacketOffer:
    currency: str = strawberry.field(description="An ISO 4217 code.")
    total: Long = strawberry.field(description="All shares together.")
    shares: int = strawberry.field(description="How many shares there are.")
    minimum: Long = strawberry.field(description="What each share is at least.")


@strawberry.type(description="A flag for a time.")
class PrivilegeOffer:
    flag: str = strawberry.field(description="Its key.")
    lasts: str | None = strawberry.field(description="How long, an ISO 8601 duration.")
    until: datetime | None = strawberry.field(description="Until when, exclusive.")


@strawberry.type(description="Tickets for a draw: points of the unit that it takes.")
class TicketOffer:
    unit: str = strawberry.field(description="The unit's key.")
    count: Long = strawberry.field(description="How many.")


@strawberry.type(description="At most so many are redeemed; more are refused.")
class RewardCap:
    count: Long = strawberry.field(description="How many.")
    per: CapScope = strawberry.field(description="By whom.")
    cycle: CapCycle = strawberry.field(description="How often it is counted anew, by the programme's zone.")


@strawberry.type(description="The tier that it takes.")
class RewardTierGate:
    ladder: str = strawberry.field(description="The ladder's key.")
    least: str = strawberry.field(description="The key of the lowest tier that will do.")


async def _left(rewards: list["Reward"], info: Info) -> list[Long | None]:
    keys = [reward.key for reward in rewards]
    found = await info.context.services.rewards.left(info.context.caller, keys)
    return [Long(found[key]) if key in found else None for key in keys]


async def _affordable(rewards: list["Reward"], info: Info) -> list[bool | None]:
    balances = await spendable(info)
    return [None if balances is None else affords(balances, reward.definition) for reward in rewards]


@strawberry.type(description="Something members redeem points for, or are given. (权益, 积分商城)")
class Reward(Node):
    definition: strawberry.Private[definitions.CatalogueReward]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    terms: str | None = strawberry.field(description="The small print, in the viewer's locale.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    kind: RewardKind = strawberry.field(description="What it is.")
    image_url: str | None = strawberry.field(description="An https address of its picture.")
    price: RewardPrice | None = strawberry.field(description="What it costs; null where it is free.")
    redeemable: bool = strawberry.field(
        description="Whether members redeem it themselves; else it is only given, or sold in a flash sale."
    )
    starts_at: datetime | None = strawberry.field(description="From when it can be redeemed.")
    ends_at: datetime | None = strawberry.field(description="Until when it can be redeemed, exclusive.")
    stock: Long | None = strawberry.field(
        description="How many there are ever; null where there is no limit."
    )
    left: Long | None = batched(
        _left, description="How many are left, codes of a pool included; null where nothing limits them."
    )
    is_affordable: bool | None = batched(
        _affordable, description="Whether the member who asks has enough points for it; null for others."
    )
    caps: list[RewardCap] = strawberry.field(description="How many may be redeemed; at most 10 caps.")
    tier: RewardTierGate | None = strawberry.field(
        description="The tier that it takes; null where any will do."
    )
    is_gated: bool = strawberry.field(
        description="Whether it takes more of a member: an expression of the operator's."
    )
    coupon: CouponOffer | None = strawberry.field(description="Of a coupon, the discount.")
    red_packet: RedPacketOffer | None = strawberry.field(description="Of a red packet, the sum.")
    privilege: PrivilegeOffer | None = strawberry.field(description="Of a privilege, the flag.")
    ticket: TicketOffer | None = strawberry.field(description="Of tickets, which and how many.")
    needs_delivery: bool = strawberry.field(description="Whether redeeming it takes an address.")


async def spendable(info: Info) -> dict[str, int] | None:
    """What the member who asks can spend, by unit; None for others."""
    member = await info.context.services.members.me(info.context.caller)
    if member is None:
        return None
    units = (await info.context.catalogue()).units
    return {
        balance.unit: balance.active - units[balance.unit].spending_floor
        for balance in await info.context.loaders.balances.load(member)
    }


def affords(balances: dict[str, int], reward: definitions.CatalogueReward) -> bool:
    """Whether that reaches for its price."""
    return reward.price is None or balances.get(reward.price.unit, 0) >= reward.price.amount


async def build_reward(info: Info, reward: definitions.CatalogueReward) -> Reward:
    """The GraphQL object of a reward's definition."""
    return Reward(
        definition=reward,
        id=encode_id("Reward", reward.key),
        key=reward.key,
        name=await label(info, reward),
        description=await text(info, reward.description),
        terms=await text(info, reward.terms_text),
        status=reward.status,
        version=reward.version,
        kind=RewardKind(reward.kind),
        image_url=reward.image_url,
        price=RewardPrice(definition=reward.price) if reward.price else None,
        redeemable=reward.redeemable,
        starts_at=reward.starts_at,
        ends_at=reward.ends_at,
        stock=_long(reward.stock),
        caps=[RewardCap(count=Long(cap.count), per=cap.per, cycle=cap.cycle) for cap in reward.caps],
        tier=RewardTierGate(ladder=reward.tier.ladder, least=reward.tier.least) if reward.tier else None,
        is_gated=reward.when is not None,
        coupon=_coupon(reward.coupon) if reward.coupon else None,
        red_packet=_red_packet(reward.red_packet) if reward.red_packet else None,
        privilege=_privilege(reward.privilege) if reward.privilege else None,
        ticket=TicketOffer(unit=reward.ticket.unit, count=Long(reward.ticket.count))
        if reward.ticket
        else None,
        needs_delivery=reward.goods is not None and reward.goods.delivery,
    )


def _coupon(terms: definitions.CouponTerms) -> CouponOffer:
    return CouponOffer(
        currency=terms.currency,
        off=_long(terms.off),
        percent=None if terms.percent is None else format(terms.percent.normalize(), "f"),
        off_max=_long(terms.off_max),
        free_item=terms.free_item,
        minimum=_long(terms.minimum),
        uses=terms.uses,
        lasts=terms.lasts,
        until=terms.until,
        stacking=terms.stacking,
        category=terms.category,
        basis=terms.basis,
    )


def _red_packet(terms: definitions.RedPacketTerms) -> RedPacketOffer:
    return RedPacketOffer(
        currency=terms.currency, total=Long(terms.total), shares=terms.shares, minimum=Long(terms.minimum)
    )


def _privilege(terms: definitions.PrivilegeTerms) -> PrivilegeOffer:
    return PrivilegeOffer(flag=terms.flag, lasts=terms.lasts, until=terms.until)


def _long(value: int | None) -> Long | None:
    return None if value is None else Long(value)
