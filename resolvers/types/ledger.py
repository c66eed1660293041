"""Units, balances and transfers."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.kit.periods import Cycle
from gamification.ledger import model as domain
from gamification.ledger.chain import hash_of
from gamification.ledger.service import Balance as BalanceModel
from gamification.members.service import may_see_private
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Node, encode_id, global_id
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.names import label

if TYPE_CHECKING:
    from resolvers.types.members import Member

TransferKind = domain.TransferKind
strawberry.enum(
    TransferKind, name="TransferKind", description="Why points moved; see the glossary's entries."
)


ExpiryRounding = definitions.Rounding
strawberry.enum(ExpiryRounding, name="ExpiryRounding", description="To whose end an expiry is rounded up.")
CapPer = definitions.CapPer
strawberry.enum(
    CapPer,
    name="CapPer",
    description="TRANSACTION: each earning by itself. MEMBER: all that a member earned.",
)
CapCycle = Cycle
strawberry.enum(CapCycle, name="CapCycle", description="How often a cap is counted anew.")


@strawberry.type(description="When points lapse: exactly one of `after`, `dates` and `idle`.")
class UnitExpiry:
    after: str | None = strawberry.field(description="This ISO 8601 duration after they could be spent.")
    round: ExpiryRounding = strawberry.field(description="At the end of which local day, month or year.")
    dates: list[str] = strawberry.field(
        description="At the end of the next of these days, such as `06-30`, or `2026-06-30` of one year only."
    )
    idle: str | None = strawberry.field(
        description="All of them, this ISO 8601 duration after the last earning or spending."
    )


@strawberry.type(description="Until when points wait: exactly one of `after`, `dates` and `on`.")
class UnitPending:
    after: str | None = strawberry.field(description="This ISO 8601 duration after they were earned.")
    dates: list[str] = strawberry.field(description="Until the next of these days begins.")
    on: list[str] = strawberry.field(
        description="Until an activity of one of these types about the same subject arrives."
    )
    within: str | None = strawberry.field(
        description="With `on`: the ISO 8601 duration after which they are cancelled without one."
    )


@strawberry.type(description="How much can be earned of something.")
class EarningCap:
    amount: Long = strawberry.field(description="At most so much, in the unit's smallest part.")
    per: CapPer = strawberry.field(description="For what it is counted.")
    cycle: CapCycle = strawberry.field(description="How often it is counted anew, by the programme's zone.")


@strawberry.type(description="A kind of points. Amounts are whole, in its smallest part.")
class Unit(Node):
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    floor: Long = strawberry.field(
        description="A balance is never taken below it; below zero it is a debt, which only what is taken back may make."
    )
    expires_after_days: int | None = strawberry.field(
        description="Days until points lapse, where that is all there is to say; else see `expiry`."
    )
    expiry: "UnitExpiry | None" = strawberry.field(description="When points lapse; null never.")
    pending: "UnitPending | None" = strawberry.field(
        description="Until when points that were earned can't be spent; null where they can at once."
    )
    grace: str | None = strawberry.field(
        description="How long points that come back after their expiry can still be used, an ISO 8601 duration; null: "
        "they lapse at once."
    )
    caps: list["EarningCap"] = strawberry.field(
        description="How much can be earned; what is more is cut off."
    )


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
            pending=Long(balance.pending),
            held=Long(balance.held),
            spent=Long(balance.spent),
            expired=Long(balance.expired),
            lifetime=Long(balance.lifetime),
            next_expiry=LotExpiry(amount=Long(coming.amount), expires_at=coming.expires_at)
            if coming and coming.expires_at
            else None,
        )


async def _counterparties(transfers: "list[Transfer]", info: Info) -> "list[Member | None]":
    """The members whose accounts the other sides are."""
    from resolvers.types.members import Member

    sides = (TransferKind.GIVEN, TransferKind.RECEIVED)
    wanted = [t.model.related if t.model.kind in sides else None for t in transfers]
    others = await info.context.loaders.transfers.load_many(one for one in wanted if one is not None)
    members = await info.context.loaders.members.load_many(other.member_id for other in others.values())
    found = [members.get(others[one].member_id) if one in others else None for one in wanted]
    return [Member.of(member) if member else None for member in found]


@strawberry.type(description="One movement of points; never changed once written.")
class Transfer(Node):
    model: strawberry.Private[domain.Transfer]
    id: strawberry.ID = global_id("Transfer")
    amount: Long = of_model("amount", description="As applied, signed as the member sees it.")
    pending: Long = of_model(
        "pending", description="What it changed of the points that are earned, but not to be spent yet."
    )
    balance_after: Long = of_model("balance_after", description="The unit's active balance afterwards.")
    kind: TransferKind = of_model("kind", description="Why points moved.")
    occurred_at: datetime = of_model("occurred_at", description="When what caused it happened.")
    recorded_at: datetime = of_model("recorded_at", description="When it was written.")
    expires_at: datetime | None = of_model("expires_at", description="When the points lapse; null never.")
    unit: Unit = batched(_units, description="Of which unit.")
    entry: Long = of_model("entry", description="Its number in the account, from 1 without a gap.")

    @strawberry.field(
        description="The hash of the account's entry before it, 64 hexadecimal digits; zeros where the chain begins, null "
        "where it is from before the chain."
    )
    def previous_hash(self) -> str | None:
        return self.model.previous.hex() if self.model.previous is not None else None

    @strawberry.field(
        description="Its own hash, computed from what is stored now: the account's next entry must hold the same."
    )
    def hash(self) -> str | None:
        return hash_of(self.model).hex() if self.model.previous is not None else None

    counterparty: Annotated["Member", strawberry.lazy("resolvers.types.members")] | None = batched(
        _counterparties,
        description="Of what was given or received: the other member; null where not visible.",
    )

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
        expiry=_expiry_of(unit),
        pending=_pending_of(unit),
        grace=unit.grace,
        caps=[EarningCap(amount=Long(cap.amount), per=cap.per, cycle=cap.cycle) for cap in unit.caps],
    )


def _expiry_of(unit: definitions.Unit) -> UnitExpiry | None:
    stated = unit.expiry
    if stated is None and unit.expires_after is not None:
        stated = definitions.Expiry(after=_duration(unit.expires_after))
    if stated is None:
        return None
    return UnitExpiry(after=stated.after, round=stated.round, dates=list(stated.dates), idle=stated.idle)


def _duration(length: timedelta) -> str:
    """An ISO 8601 duration of days and, where that is not all, seconds."""
    rest = length.seconds + (1 if length.microseconds else 0)
    return f"P{length.days}D" + (f"T{rest}S" if rest else "")


def _pending_of(unit: definitions.Unit) -> UnitPending | None:
    stated = unit.pending
    if stated is None:
        return None
    return UnitPending(after=stated.after, dates=list(stated.dates), on=list(stated.on), within=stated.within)


async def load_transfer(info: Info, raw: bytes) -> Transfer | None:
    """The transfer of that id, for those who may read its member's ledger."""
    found = await info.context.loaders.transfers.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return Transfer.of(found) if member and may_see_private(info.context.caller, member) else None
