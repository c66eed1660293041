"""Agreements with other programmes of the installation, what is exchanged under them, and their statements."""

from datetime import datetime

import strawberry

from gamification.kit.actors import Permission
from gamification.kit.periods import Cycle
from gamification.partners import model as domain
from gamification.partners.terms import csv_of
from gamification.programmes.definitions import localised
from resolvers.context import Info
from resolvers.fields import of_model
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
from resolvers.types.names import viewer_locale

STATEMENTS = Listing("partner statements", (str,))
AgreementState = domain.AgreementState
strawberry.enum(
    AgreementState,
    name="PartnerAgreementState",
    description="PROPOSED waits for the other side's consent; ACTIVE; ENDED by either side.",
)


@strawberry.type(description="One direction in which points are exchanged.")
class PartnerWay:
    model: strawberry.Private[domain.Way]
    side: strawberry.Private[domain.Side]
    cycle: Cycle = of_model("cycle", description="How often caps count anew, by the agreement's zone.")

    @strawberry.field(
        description="True where points of this programme become the partner's; false the other way."
    )
    def is_outgoing(self) -> bool:
        return self.model.source is self.side

    @strawberry.field(description="The key of the unit that is taken.")
    def unit_from(self) -> str:
        return self.model.unit_from

    @strawberry.field(description="The key of the unit that is given, at the other side.")
    def unit_to(self) -> str:
        return self.model.unit_to

    @strawberry.field(
        description="So many points taken are `give` points given; rounded down, and no more is taken than that needs."
    )
    def take(self) -> Long:
        return Long(self.model.take)

    @strawberry.field(description="See `take`.")
    def give(self) -> Long:
        return Long(self.model.give)

    @strawberry.field(description="At least so many points are exchanged at a time.")
    def minimum(self) -> Long:
        return Long(self.model.minimum)

    @strawberry.field(description="At most so many points are taken of a member in a cycle; null for no cap.")
    def per_member(self) -> Long | None:
        return Long(self.model.per_member) if self.model.per_member is not None else None

    @strawberry.field(
        description="At most so many points are taken of all members in a cycle; null for no cap."
    )
    def in_all(self) -> Long | None:
        return Long(self.model.in_all) if self.model.in_all is not None else None

    @strawberry.field(
        description="What the side that takes points owes the other for `perPoints` points given, in the currency's smallest part; null "
        "for members."
    )
    def price(self, info: Info) -> Long | None:
        return Long(self.model.price) if info.context.caller.can(Permission.PARTNERS_READ) else None

    @strawberry.field(description="See `price`; null for members.")
    def per_points(self, info: Info) -> Long | None:
        return Long(self.model.per_points) if info.context.caller.can(Permission.PARTNERS_READ) else None


@strawberry.type(
    description="A campaign that both run: taking part in it at one side is recorded at the other."
)
class PartnerCampaign:
    model: strawberry.Private[domain.Joint]
    side: strawberry.Private[domain.Side]
    campaign: str = of_model(
        "campaign", description="The campaign's key, at the side where members take part."
    )
    activity: str = of_model("activity", description="The activity type that is recorded at the other side.")

    @strawberry.field(
        description="True where the campaign is this programme's; false where it is the partner's."
    )
    def is_outgoing(self) -> bool:
        return self.model.source is self.side


@strawberry.type(description="What both sides agree upon.")
class PartnerTerms:
    model: strawberry.Private[domain.Terms]
    side: strawberry.Private[domain.Side]

    @strawberry.field(description="Which points are exchanged, and how; at most 8.")
    def ways(self) -> list[PartnerWay]:
        return [PartnerWay(model=one, side=self.side) for one in self.model.ways]

    @strawberry.field(description="The campaigns that both run; at most 8.")
    def campaigns(self) -> list[PartnerCampaign]:
        return [PartnerCampaign(model=one, side=self.side) for one in self.model.joint]


@strawberry.type(description="What was exchanged one way under one version of the terms.")
class PartnerStatementLine:
    model: strawberry.Private[domain.Line]
    side: strawberry.Private[domain.Side]
    version: int = of_model("version", description="The version of the terms.")
    unit_from: str = of_model("unit_from", description="The key of the unit that was taken.")
    unit_to: str = of_model("unit_to", description="The key of the unit that was given.")
    exchanges: int = of_model("exchanges", description="How many exchanges there were.")
    members: int = of_model("members", description="How many members exchanged.")

    @strawberry.field(description="True where points of this programme became the partner's.")
    def is_outgoing(self) -> bool:
        return self.model.source is self.side

    @strawberry.field(description="Points taken, by the ledger of the side that took them.")
    def taken(self) -> Long:
        return Long(self.model.taken)

    @strawberry.field(description="Points given, by the ledger of the side that gave them.")
    def given(self) -> Long:
        return Long(self.model.given)

    @strawberry.field(
        description="In the currency's smallest part: what the partner owes this programme for it, negative where it is the other way."
    )
    def amount(self) -> Long:
        return Long(-self.model.amount if self.is_out else self.model.amount)

    @property
    def is_out(self) -> bool:
        """Whether this programme owes it."""
        return self.model.source is self.side


@strawberry.type(description="A month of an agreement: sums by both ledgers, and nobody's ids.")
class PartnerStatement:
    model: strawberry.Private[domain.Statement]
    side: strawberry.Private[domain.Side]
    month: str = of_model("month", description="Such as `2026-03`, by the agreement's zone.")
    currency: str = of_model("currency", description="An ISO 4217 code.")
    closed_at: datetime | None = of_model(
        "closed_at", description="Since when it changes no more; null while the month is open."
    )

    @strawberry.field(description="By version of the terms and way.")
    def lines(self) -> list[PartnerStatementLine]:
        return [PartnerStatementLine(model=one, side=self.side) for one in self.model.lines]

    @strawberry.field(
        description="In the currency's smallest part: what the partner owes this programme for the month, negative where this programme "
        "owes the partner."
    )
    def net(self) -> Long:
        return Long(-self.model.net if self.side is domain.Side.FIRST else self.model.net)

    @strawberry.field(description="The lines as CSV (RFC 4180); amounts as in `lines`.")
    def csv(self) -> str:
        return csv_of(self.model.lines, self.model.month, self.model.currency, self.side)


@strawberry.type(description="An agreement with another programme of the installation.")
class PartnerAgreement(Node):
    model: strawberry.Private[domain.Agreement]
    side: strawberry.Private[domain.Side]
    id: strawberry.ID = global_id("PartnerAgreement")
    name: str = of_model("name", description="As its proposer called it; members see it.")
    state: AgreementState = of_model("state", description="Whether it is in force.")
    version: int = of_model("version", description="Counts the terms that were agreed upon; 0 before any.")
    time_zone: str = of_model("time_zone", description="The IANA zone by which its months and cycles begin.")
    currency: str = of_model(
        "currency", description="An ISO 4217 code: what is owed is in its smallest part."
    )
    created_at: datetime = of_model("created_at", description="When it was proposed.")
    accepted_at: datetime | None = of_model("accepted_at", description="Since when it is in force.")
    ended_at: datetime | None = of_model("ended_at", description="When it ended.")

    @strawberry.field(description="Whether this programme proposed it.")
    def is_proposer(self) -> bool:
        return self.side is domain.Side.FIRST

    @strawberry.field(description="The partner programme's name; null while nobody accepted it.")
    async def partner_name(self, info: Info) -> str | None:
        names = await info.context.services.partners.agreements.partner_name(self.model, self.side)
        return localised(names, *await viewer_locale(info))

    @strawberry.field(description="The terms in force; null before any are.")
    def terms(self) -> PartnerTerms | None:
        found = self.model.terms
        return PartnerTerms(model=found, side=self.side) if found is not None else None

    @strawberry.field(description="Terms that wait for consent; null where there are none, and for members.")
    def offered_terms(self, info: Info) -> PartnerTerms | None:
        if self.model.offered is None or not info.context.caller.can(Permission.PARTNERS_READ):
            return None
        return PartnerTerms(model=self.model.offered, side=self.side)

    @strawberry.field(
        description="Whether the terms that wait are this programme's, and the partner's consent is waited for."
    )
    def is_offer_ours(self, info: Info) -> bool:
        return info.context.caller.can(Permission.PARTNERS_READ) and self.model.offered_by is self.side

    @strawberry.field(description="Months that are closed, the last first. For operators and services.")
    async def statements(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PartnerStatement]:
        page = await info.context.services.partners.statements.page(
            info.context.caller, self.model, window(first, after, last, before, of=STATEMENTS)
        )
        return connect(page, lambda one: PartnerStatement(model=one, side=self.side), STATEMENTS)

    @classmethod
    def of(cls, info: Info, agreement: domain.Agreement) -> "PartnerAgreement":
        """As the caller's programme sees it."""
        side = agreement.side(info.context.caller.programme_id) or domain.Side.SECOND
        return cls(model=agreement, side=side)


@strawberry.type(description="That an account of this programme and one of a partner's are of one person.")
class PartnerLink:
    model: strawberry.Private[domain.Link]
    since: datetime = of_model("since", description="When they were linked.")
    shares_campaigns: bool = of_model(
        "shares",
        description="Whether the member agreed here that taking part in the agreement's campaigns is recorded at the other side. Both "
        "accounts must have.",
    )

    @strawberry.field(description="By which agreement.")
    def agreement_id(self) -> strawberry.ID:
        return encode_id("PartnerAgreement", self.model.agreement_id)


async def load_agreement(info: Info, raw: bytes) -> PartnerAgreement | None:
    """The agreement of that id, as far as the caller sees it."""
    found = await info.context.services.partners.agreements.agreement(info.context.caller, raw)
    return PartnerAgreement.of(info, found) if found is not None else None
