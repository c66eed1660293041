"""Statements of a member's account, and what a programme owes its members."""

from datetime import datetime

import strawberry

from gamification.ledger import liability, statement
from gamification.ledger.model import TransferKind as Kind
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.scalars import Long
from resolvers.types.ledger import TransferKind, Unit, unit_of

StatementCycle = statement.StatementCycle
strawberry.enum(StatementCycle, name="StatementCycle", description="How long a line of a statement is.")
StatementBasis = statement.StatementBasis
strawberry.enum(
    StatementBasis,
    name="StatementBasis",
    description="OCCURRED: an entry belongs to the period in which what caused it happened, so that late activity changes "
    "a past line. RECORDED: to that in which it was written, so that a past line stays.",
)


@strawberry.type(description="The transfers of one kind, added up.")
class KindSum:
    kind: TransferKind = strawberry.field(description="Which kind.")
    amount: Long = strawberry.field(description="Signed as the member sees it, in the unit's smallest part.")


@strawberry.type(
    description="One period of a statement, amounts signed as the member sees them: opening and everything moved make "
    "closing."
)
class StatementLine:
    model: strawberry.Private[statement.StatementLine]
    period: str = strawberry.field(description="Such as `2026-11` or `2026`.")
    starts_at: datetime = strawberry.field(description="When it begins, inclusive.")
    ends_at: datetime = strawberry.field(description="When it ends, exclusive.")
    opening: Long = strawberry.field(description="The active balance when it begins.")
    closing: Long = strawberry.field(description="The active balance when it ends.")
    entries: Long = strawberry.field(description="How many transfers it has.")

    @strawberry.field(description="What rules and tasks gave.")
    def earned(self) -> Long:
        return self._of(Kind.EARNED)

    @strawberry.field(description="What rules took.")
    def deducted(self) -> Long:
        return self._of(Kind.DEDUCTED)

    @strawberry.field(description="What was spent; not positive.")
    def spent(self) -> Long:
        return self._of(Kind.SPENT)

    @strawberry.field(description="What lapsed; not positive.")
    def expired(self) -> Long:
        return self._of(Kind.EXPIRED)

    @strawberry.field(description="What was taken or given back because its cause was.")
    def reversed(self) -> Long:
        return self._of(Kind.REVERSED)

    @strawberry.field(description="What was corrected by hand.")
    def adjusted(self) -> Long:
        return self._of(Kind.ADJUSTED)

    @strawberry.field(description="The same by kind of transfer, of every kind that moved.")
    def moved(self) -> list[KindSum]:
        return [
            KindSum(kind=kind, amount=Long(self.model.moved[kind]))
            for kind in TransferKind
            if kind in self.model.moved
        ]

    def _of(self, kind: Kind) -> Long:
        return Long(self.model.moved.get(kind, 0))

    @classmethod
    def of(cls, line: statement.StatementLine) -> "StatementLine":
        """The GraphQL object of a domain line."""
        starts_at, ends_at = line.period.starts_at, line.period.ends_at
        assert starts_at is not None  # noqa: S101 - calendar periods have both
        assert ends_at is not None  # noqa: S101
        return cls(
            model=line,
            period=line.period.key,
            starts_at=starts_at,
            ends_at=ends_at,
            opening=Long(line.opening),
            closing=Long(line.closing),
            entries=Long(line.entries),
        )


@strawberry.type(description="Points that lapse in one month unless they are spent first.")
class ExpectedExpiry:
    month: str | None = strawberry.field(
        description="The month of their last day, in the programme's zone; null for those that never lapse."
    )
    amount: Long = strawberry.field(description="How many, in the unit's smallest part.")


@strawberry.type(
    description="What moved of one unit in a time, by when it was recorded; none of it is negative."
)
class UnitFlow:
    issued: Long = strawberry.field(description="Earned, or added by hand.")
    spent: Long = strawberry.field(description="Spent.")
    expired: Long = strawberry.field(description="Lapsed.")
    taken_back: Long = strawberry.field(
        description="Taken away because its cause was taken back, by rules, or by hand."
    )
    breakage: float | None = strawberry.field(
        description="Of what was spent or lapsed, the share that lapsed, 0 to 1; null where nothing was either."
    )

    @classmethod
    def of(cls, flow: liability.Flow) -> "UnitFlow":
        """The GraphQL object of a domain flow."""
        gone = (Kind.REVERSED, Kind.DEDUCTED, Kind.ADJUSTED)
        return cls(
            issued=Long(flow.issued),
            spent=Long(flow.spent),
            expired=Long(flow.expired),
            taken_back=Long(-sum(flow.taken.get(kind, 0) for kind in gone)),
            breakage=flow.breakage,
        )


async def _flows(items: "list[UnitLiability]", info: Info) -> list[UnitFlow | None]:
    """What moved, read once for all units."""
    first = items[0]
    if first.since is None or first.until is None:
        return [None for _ in items]
    found = await info.context.services.ledger.flows(info.context.caller, first.since, first.until)
    nothing = liability.Flow("", first.since, first.until, {}, {})
    return [UnitFlow.of(found.get(item.model.unit, nothing)) for item in items]


@strawberry.type(description="What members hold of one unit: points that the programme owes them.")
class UnitLiability:
    model: strawberry.Private[liability.Liability]
    since: strawberry.Private[datetime | None]
    until: strawberry.Private[datetime | None]
    outstanding: Long = strawberry.field(description="All active balances added up.")
    holders: Long = strawberry.field(description="How many members have a balance above 0.")
    expected: list[ExpectedExpiry] = strawberry.field(
        description="The outstanding points by the month in which they lapse, in order, those that never do last."
    )
    flow: UnitFlow | None = batched(
        _flows, description="What moved in the time that was asked for; null where none was."
    )

    @strawberry.field(description="Of which unit.")
    async def unit(self, info: Info) -> Unit:
        return await unit_of(info, self.model.unit)

    @classmethod
    def of(
        cls, found: liability.Liability, since: datetime | None, until: datetime | None
    ) -> "UnitLiability":
        """The GraphQL object of a domain liability."""
        return cls(
            model=found,
            since=since,
            until=until,
            outstanding=Long(found.outstanding),
            holders=Long(found.holders),
            expected=[ExpectedExpiry(month=one.month, amount=Long(one.amount)) for one in found.expected],
        )
