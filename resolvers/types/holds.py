"""Points that are set aside."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.ledger import holds as domain
from gamification.members.service import may_see_private
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Node, global_id
from resolvers.scalars import Long
from resolvers.types.ledger import Transfer, Unit, unit_of

if TYPE_CHECKING:
    from resolvers.types.members import Member

HoldState = domain.HoldState
strawberry.enum(
    HoldState,
    name="HoldState",
    description="OPEN until it is CAPTURED, in whole or in part, RELEASED, or its time is over: EXPIRED.",
)


async def _units(holds: "list[Hold]", info: Info) -> list[Unit]:
    units = {key: await unit_of(info, key) for key in dict.fromkeys(hold.model.unit for hold in holds)}
    return [units[hold.model.unit] for hold in holds]


async def _transfers(holds: "list[Hold]", info: Info) -> list[Transfer | None]:
    ids = [hold.model.transfer for hold in holds]
    found = await info.context.loaders.transfers.load_many(one for one in ids if one is not None)
    return [Transfer.of(found[one]) if one is not None and one in found else None for one in ids]


@strawberry.type(
    description="Points set aside for a spending under way. Readable by its member, staff and services."
)
class Hold(Node):
    model: strawberry.Private[domain.Hold]
    id: strawberry.ID = global_id("Hold")
    unit: Unit = batched(_units, description="Of which unit.")
    amount: Long = of_model("amount", description="How much was set aside, in the unit's smallest part.")
    captured: Long = of_model("captured", description="How much of it was spent.")
    state: HoldState = of_model("state", description="What became of it.")
    reference: str = of_model("reference", description="What it is for, as stated by whoever set it aside.")
    authorised_at: datetime = of_model("authorised_at", description="When it was set aside.")
    expires_at: datetime = of_model("expires_at", description="From when it can't be captured any more.")
    settled_at: datetime | None = of_model(
        "settled_at", description="When it was captured, released or expired."
    )
    transfer: Transfer | None = batched(_transfers, description="The spending of what was captured.")

    @strawberry.field(description="Whose points they are.")
    async def member(self, info: Info) -> Annotated["Member", strawberry.lazy("resolvers.types.members")]:
        from resolvers.types.members import load_member

        return await load_member(info, self.model.member_id)

    @classmethod
    def of(cls, hold: domain.Hold) -> "Hold":
        """The GraphQL object of a domain hold."""
        return cls(model=hold)


async def load_hold(info: Info, raw: bytes) -> Hold | None:
    """The hold of that id, for those who may read its member's."""
    found = await info.context.loaders.holds.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return Hold.of(found) if member and may_see_private(info.context.caller, member) else None
