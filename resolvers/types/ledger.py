"""Units, balances and transfers."""

from datetime import datetime

import strawberry

from gamification.ledger import model as domain
from gamification.ledger.service import Balance as BalanceModel
from gamification.members.service import may_see_private
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Node, encode_id, global_id
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.names import label

TransferKind = domain.TransferKind
strawberry.enum(
    TransferKind, name="TransferKind", description="Why points moved; see the glossary's entries."
)


@strawberry.type(description="A kind of points. Amounts are whole, in its smallest part.")
class Unit(Node):
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    floor: Long = strawberry.field(description="A balance is never taken below it.")
    expires_after_days: int | None = strawberry.field(description="Days until points lapse; null never.")


@strawberry.type(description="Points that lapse together.")
class LotExpiry:
    amount: Long = strawberry.field(description="How many lapse, in the unit's smallest part.")
    expires_at: datetime = strawberry.field(description="When.")


async def _units(items: "list[Balance | Transfer]", info: Info) -> list[Unit]:
    """Of which units they are, each built once."""
    keys = dict.fromkeys(item.model.unit for item in items)
    units = {key: await unit_of(info, key) for key in keys}
    return [units[item.model.unit] for item in items]


@strawberry.type(description="What a member holds of one unit, in its smallest part.")
class Balance:
    model: strawberry.Private[BalanceModel]
    unit: Unit = batched(_units, description="Of which unit.")
    active: Long = strawberry.field(description="Can be spent, down to the unit's floor.")
    pending: Long = strawberry.field(description="Earned, but not to be spent yet.")
    held: Long = strawberry.field(description="Set aside for a spending under way.")
    spent: Long = strawberry.field(description="Spent so far.")
    expired: Long = strawberry.field(description="Lapsed so far.")
    lifetime: Long = strawberry.field(description="All that was earned, less what was taken back.")
    next_expiry: LotExpiry | None = strawberry.field(description="What lapses next; null where nothing will.")

    @classmethod
    def of(cls, balance: BalanceModel) -> "Balance":
        """The GraphQL object of a domain balance."""
        coming = balance.next_expiry
        return cls(
            model=balance,
            active=Long(balance.active),
            pending=Long(0),
            held=Long(0),
            spent=Long(balance.spent),
            expired=Long(balance.expired),
            lifetime=Long(balance.lifetime),
            next_expiry=LotExpiry(amount=Long(coming.amount), expires_at=coming.expires_at)
            if coming and coming.expires_at
            else None,
        )


@strawberry.type(description="One movement of points; never changed once written.")
class Transfer(Node):
    model: strawberry.Private[domain.Transfer]
    id: strawberry.ID = global_id("Transfer")
    amount: Long = of_model("amount", description="As applied, signed as the member sees it.")
    balance_after: Long = of_model("balance_after", description="The unit's active balance afterwards.")
    kind: TransferKind = of_model("kind", description="Why points moved.")
    occurred_at: datetime = of_model("occurred_at", description="When what caused it happened.")
    recorded_at: datetime = of_model("recorded_at", description="When it was written.")
    expires_at: datetime | None = of_model("expires_at", description="When the points lapse; null never.")
    unit: Unit = batched(_units, description="Of which unit.")

    @strawberry.field(description="What caused it.")
    def cause(self) -> Cause:
        return Cause(model=self.model.cause, limits=self.model.limited_by)

    @classmethod
    def of(cls, transfer: domain.Transfer) -> "Transfer":
        """The GraphQL object of a domain transfer."""
        return cls(model=transfer)


async def unit_of(info: Info, key: str) -> Unit:
    """A unit by key; one that moved points is never gone."""
    catalogue = await info.context.catalogue()
    return await build_unit(info, catalogue.units[key])


async def build_unit(info: Info, unit: definitions.Unit) -> Unit:
    """The GraphQL object of a unit's definition."""
    return Unit(
        id=encode_id("Unit", unit.key),
        key=unit.key,
        name=await label(info, unit),
        floor=Long(unit.floor),
        expires_after_days=unit.expires_after.days if unit.expires_after else None,
    )


async def load_transfer(info: Info, raw: bytes) -> Transfer | None:
    """The transfer of that id, for those who may read its member's ledger."""
    found = await info.context.loaders.transfers.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return Transfer.of(found) if member and may_see_private(info.context.caller, member) else None
