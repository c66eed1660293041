"""Flash sales and reservations."""

from datetime import datetime

import strawberry

from gamification.flashsale import model as domain
from gamification.members.service import may_see_private
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Listing, Node, encode_id, global_id
from resolvers.scalars import Long
from resolvers.types.names import label, text
from resolvers.types.redemptions import Redemption
from resolvers.types.rewards import Reward, RewardPrice, build_reward
from resolvers.types.tasks import DefinitionStatus

RESERVATIONS = Listing("reservations", (datetime, bytes))
ReservationState = domain.ReservationState
strawberry.enum(
    ReservationState,
    name="ReservationState",
    description="RESERVED until its time is over; BOUGHT; EXPIRED and RELEASED pieces are on sale again.",
)
SaleState = domain.SaleState
strawberry.enum(
    SaleState, name="FlashSaleState", description="UPCOMING before its window, OPEN in it, ENDED after."
)


async def _left(sales: list["FlashSale"], info: Info) -> list[Long]:
    found = await info.context.services.flash_sales.left(info.context.caller, [sale.key for sale in sales])
    return [Long(found[sale.key]) for sale in sales]


@strawberry.type(description="Few pieces of a reward, for a short time, for whoever is first. (秒杀)")
class FlashSale(Node):
    definition: strawberry.Private[definitions.FlashSale]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    starts_at: datetime = strawberry.field(description="From when pieces can be reserved.")
    ends_at: datetime = strawberry.field(description="Until when, exclusive.")
    stock: Long = strawberry.field(description="How many pieces there are.")
    per_member: int = strawberry.field(description="How many one member can have at most.")
    reserve_seconds: int = strawberry.field(description="How long a piece is kept for who reserved it.")
    price: RewardPrice | None = strawberry.field(description="What a piece costs; null where it is free.")
    left: Long = batched(_left, description="How many pieces are neither reserved nor bought.")

    @strawberry.field(description="Where in its window it is now.")
    def state(self, info: Info) -> SaleState:
        return domain.sale_state(self.definition, info.context.services.now())

    @strawberry.field(description="What is sold.")
    async def reward(self, info: Info) -> Reward:
        return await build_reward(info, (await info.context.catalogue()).rewards[self.definition.reward])


async def _sales(reservations: list["Reservation"], info: Info) -> list[FlashSale]:
    sales = (await info.context.catalogue()).flash_sales
    built = {key: await build_sale(info, sales[key]) for key in {one.model.sale for one in reservations}}
    return [built[one.model.sale] for one in reservations]


async def _redemptions(reservations: list["Reservation"], info: Info) -> list[Redemption | None]:
    ids = [one.model.redemption for one in reservations if one.model.redemption is not None]
    found = await info.context.loaders.redemptions.load_many(ids)
    return [
        Redemption.of(found[one.model.redemption]) if one.model.redemption in found else None
        for one in reservations
    ]


@strawberry.type(description="A piece that is kept for a member.")
class Reservation(Node):
    model: strawberry.Private[domain.Reservation]
    id: strawberry.ID = global_id("Reservation")
    made_at: datetime = of_model("made_at", description="When it was reserved.")
    until: datetime = of_model("until", description="Until when it can be bought, exclusive.")
    sale: FlashSale = batched(_sales, description="In which sale.")
    redemption: Redemption | None = batched(_redemptions, description="What it became when it was bought.")

    @strawberry.field(description="What has become of it.")
    def state(self, info: Info) -> ReservationState:
        if self.model.state is ReservationState.RESERVED and not self.model.holds(
            info.context.services.now()
        ):
            return ReservationState.EXPIRED
        return self.model.state


@strawberry.type(description="How a sale stands.")
class FlashSaleUpdate:
    sale: FlashSale = strawberry.field(description="Which sale.")
    state: SaleState = strawberry.field(description="Where in its window it is.")
    left: Long = strawberry.field(description="How many pieces are neither reserved nor bought.")


async def load_reservation(info: Info, raw: bytes) -> Reservation | None:
    """The reservation of that id, for its member, staff and services."""
    found = await info.context.loaders.reservations.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return Reservation(model=found) if member and may_see_private(info.context.caller, member) else None


async def build_sale(info: Info, sale: definitions.FlashSale) -> FlashSale:
    """The GraphQL object of a sale's definition."""
    price = sale.price or (await info.context.catalogue()).rewards[sale.reward].price
    return FlashSale(
        definition=sale,
        id=encode_id("FlashSale", sale.key),
        key=sale.key,
        name=await label(info, sale),
        description=await text(info, sale.description),
        status=sale.status,
        version=sale.version,
        starts_at=sale.starts_at,
        ends_at=sale.ends_at,
        stock=Long(sale.stock),
        per_member=sale.per_member,
        reserve_seconds=int(sale.reserve.total_seconds()),
        price=RewardPrice(definition=price) if price else None,
    )
