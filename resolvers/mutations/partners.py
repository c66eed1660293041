"""`proposeAgreement`, `acceptAgreement`, `offerTerms`, `acceptTerms`, `endAgreement`, `createLinkCode`, `linkPartner`,
`unlinkPartner`, `exchangePoints`."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from gamification.kit.periods import Cycle
from gamification.partners import model as domain
from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    IdempotencyConflictError,
    InsufficientPointsError,
    InvalidInputError,
    NotFoundError,
)
from resolvers.mutations.ledger import posted
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.scalars import Long
from resolvers.types.ledger import Balance, Transfer
from resolvers.types.partners import PartnerAgreement, PartnerLink

_WHOSE = "For services: whose account; one's own when not given."
_AGREEMENT = "The agreement."
_KEY = "The same key with the same input acts once."


@strawberry.input(description="One direction in which points are exchanged.")
class PartnerWayInput:
    is_outgoing: bool = strawberry.field(
        description="True where points of this programme become the partner's; false the other way."
    )
    unit_from: str = strawberry.field(description="The key of the unit that is taken.")
    unit_to: str = strawberry.field(description="The key of the unit that is given, at the other side.")
    take: Long = strawberry.field(description="So many points taken …, 1 to 1,000,000.")
    give: Long = strawberry.field(description="… are so many points given, rounded down; 1 to 1,000,000.")
    minimum: Long = strawberry.field(default=Long(1), description="At least so many at a time.")
    per_member: Long | None = strawberry.field(
        default=None, description="At most so many points taken of a member in a cycle."
    )
    in_all: Long | None = strawberry.field(
        default=None, description="At most so many points taken of all members in a cycle."
    )
    cycle: Cycle = strawberry.field(default=Cycle.MONTHLY, description="How often caps count anew.")
    price: Long = strawberry.field(
        default=Long(0),
        description="What the side that takes points owes the other for `perPoints` points given, in the currency's smallest part.",
    )
    per_points: Long = strawberry.field(default=Long(1), description="See `price`; at least 1.")


@strawberry.input(description="A campaign that both run.")
class PartnerCampaignInput:
    is_outgoing: bool = strawberry.field(
        description="True where it is this programme's; false for the partner's."
    )
    campaign: str = strawberry.field(description="The campaign's key, at the side where members take part.")
    activity: str = strawberry.field(description="The activity type that is recorded at the other side.")


@strawberry.input(description="What both sides are to agree upon.")
class PartnerTermsInput:
    ways: list[PartnerWayInput] = strawberry.field(default_factory=list, description="At most 8.")
    campaigns: list[PartnerCampaignInput] = strawberry.field(default_factory=list, description="At most 8.")


@strawberry.input(description="A proposal to another programme of the installation.")
class ProposeAgreementInput:
    name: str = strawberry.field(description="What members see; at most 100 characters.")
    time_zone: str = strawberry.field(description="The IANA zone by which months and cycles begin; it stays.")
    currency: str = strawberry.field(description="The ISO 4217 code of what is owed; it stays.")
    terms: PartnerTermsInput = strawberry.field(description="As this programme sees them.")


@strawberry.input(description="Consent to a proposal.")
class AcceptAgreementInput:
    code: str = strawberry.field(description="The code that the proposer gave.")


@strawberry.input(description="Terms of an agreement, as this programme sees them.")
class AgreementTermsInput:
    agreement_id: strawberry.ID = strawberry.field(description=_AGREEMENT)
    terms: PartnerTermsInput = strawberry.field(description="All of them, those that stay as they are too.")


@strawberry.input(description="An agreement.")
class EndAgreementInput:
    agreement_id: strawberry.ID = strawberry.field(description=_AGREEMENT)


@strawberry.input(description="A code to be stated at the partner's.")
class CreateLinkCodeInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    agreement_id: strawberry.ID = strawberry.field(description=_AGREEMENT)
    shares_campaigns: bool = strawberry.field(
        default=False,
        description="Whether taking part in the agreement's campaigns may be recorded at the other side.",
    )


@strawberry.input(description="A code that the member was given at the partner's.")
class LinkPartnerInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    code: str = strawberry.field(description="The code; it works once, within 15 minutes.")
    shares_campaigns: bool = strawberry.field(
        default=False,
        description="Whether taking part in the agreement's campaigns may be recorded at the other side.",
    )


@strawberry.input(description="A link to end.")
class UnlinkPartnerInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    agreement_id: strawberry.ID = strawberry.field(description=_AGREEMENT)


@strawberry.input(description="Points to exchange.")
class ExchangePointsInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    agreement_id: strawberry.ID = strawberry.field(description=_AGREEMENT)
    unit: str = strawberry.field(description="The key of this programme's unit.")
    amount: Long = strawberry.field(
        description="Up to so many points; as many are taken as whole points can be given for."
    )
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="It is proposed.")
class ProposeAgreementSuccess:
    agreement: PartnerAgreement = strawberry.field(description="As it is now.")
    proposal_code: str = strawberry.field(
        description="Give it to the partner's operator. Shown here alone; works for 14 days."
    )


@strawberry.type(description="The agreement is changed.")
class AgreementSuccess:
    agreement: PartnerAgreement = strawberry.field(description="As it is now.")


@strawberry.type(description="The code is made.")
class CreateLinkCodeSuccess:
    link_code: str = strawberry.field(
        description="To be stated at the partner's. Shown here alone; works once."
    )
    until: datetime = strawberry.field(description="Until when it works.")


@strawberry.type(description="The accounts are linked.")
class LinkPartnerSuccess:
    link: PartnerLink = strawberry.field(description="As it is now.")


@strawberry.type(description="The accounts are not linked any more.")
class UnlinkPartnerSuccess:
    agreement_id: strawberry.ID = strawberry.field(description="By which agreement they were.")


@strawberry.type(description="The points are exchanged. That is final.")
class ExchangePointsSuccess:
    transfer: Transfer = strawberry.field(description="What was taken here.")
    balance: Balance = strawberry.field(description="The balance here now.")
    given: Long = strawberry.field(
        description="How many points the member's account at the partner's was given."
    )
    replayed: bool = strawberry.field(description="True where the key had acted before.")


ProposeAgreementResult = Annotated[
    ProposeAgreementSuccess | InvalidInputError,
    strawberry.union("ProposeAgreementResult", description=RESULT),
]
AgreementResult = Annotated[
    AgreementSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("AgreementResult", description=RESULT),
]
CreateLinkCodeResult = Annotated[
    CreateLinkCodeSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("CreateLinkCodeResult", description=RESULT),
]
LinkPartnerResult = Annotated[
    LinkPartnerSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("LinkPartnerResult", description=RESULT),
]
UnlinkPartnerResult = Annotated[
    UnlinkPartnerSuccess | NotFoundError | InvalidInputError,
    strawberry.union("UnlinkPartnerResult", description=RESULT),
]
ExchangePointsResult = Annotated[
    ExchangePointsSuccess
    | InsufficientPointsError
    | ConflictError
    | IdempotencyConflictError
    | NotFoundError
    | InvalidInputError,
    strawberry.union("ExchangePointsResult", description=RESULT),
]


@strawberry.type
class PartnerMutations:
    @strawberry.mutation(
        description="Propose an agreement to whoever is given its code: an operator of another programme. For operators."
    )
    async def propose_agreement(
        self, info: Info, input: Annotated[ProposeAgreementInput, INPUT]
    ) -> ProposeAgreementResult:
        agreement, code = await info.context.services.partners.agreements.propose(
            info.context.caller,
            input.name,
            input.time_zone,
            input.currency,
            _terms(input.terms, domain.Side.FIRST),
        )
        return ProposeAgreementSuccess(agreement=PartnerAgreement.of(info, agreement), proposal_code=code)

    @strawberry.mutation(description="Consent to a proposal; it is in force from then. For operators.")
    async def accept_agreement(
        self, info: Info, input: Annotated[AcceptAgreementInput, INPUT]
    ) -> AgreementResult:
        found = await info.context.services.partners.agreements.accept(info.context.caller, input.code)
        return AgreementSuccess(agreement=PartnerAgreement.of(info, found))

    @strawberry.mutation(
        description="Offer other terms; those in force stay until the other side consents. For operators."
    )
    async def offer_terms(self, info: Info, input: Annotated[AgreementTermsInput, INPUT]) -> AgreementResult:
        caller, services = info.context.caller, info.context.services.partners.agreements
        found, side = await _agreement(info, input.agreement_id)
        changed = await services.offer(caller, found, _terms(input.terms, side))
        return AgreementSuccess(agreement=PartnerAgreement.of(info, changed))

    @strawberry.mutation(
        description="Consent to the terms that the other side offers, which are stated again; they are in force from then. For "
        "operators."
    )
    async def accept_terms(self, info: Info, input: Annotated[AgreementTermsInput, INPUT]) -> AgreementResult:
        caller, services = info.context.caller, info.context.services.partners.agreements
        found, side = await _agreement(info, input.agreement_id)
        changed = await services.consent(caller, found, _terms(input.terms, side))
        return AgreementSuccess(agreement=PartnerAgreement.of(info, changed))

    @strawberry.mutation(description="End an agreement at once; either side may. For operators.")
    async def end_agreement(self, info: Info, input: Annotated[EndAgreementInput, INPUT]) -> AgreementResult:
        found = await info.context.services.partners.agreements.end(
            info.context.caller, _agreement_id(input.agreement_id)
        )
        return AgreementSuccess(agreement=PartnerAgreement.of(info, found))

    @strawberry.mutation(
        description="Make a code by which one's account at a partner's is linked to this one; one made before ends."
    )
    async def create_link_code(
        self, info: Info, input: Annotated[CreateLinkCodeInput, INPUT]
    ) -> CreateLinkCodeResult:
        code, until = await info.context.services.partners.linking.begin(
            info.context.caller,
            _whose(input.member_id),
            _agreement_id(input.agreement_id),
            shares=input.shares_campaigns,
        )
        return CreateLinkCodeSuccess(link_code=code, until=until)

    @strawberry.mutation(
        description="Link one's account with the one that a code was made for at a partner's."
    )
    async def link_partner(self, info: Info, input: Annotated[LinkPartnerInput, INPUT]) -> LinkPartnerResult:
        link = await info.context.services.partners.linking.complete(
            info.context.caller, _whose(input.member_id), input.code, shares=input.shares_campaigns
        )
        return LinkPartnerSuccess(link=PartnerLink(model=link))

    @strawberry.mutation(description="End a link, for both accounts and at once.")
    async def unlink_partner(
        self, info: Info, input: Annotated[UnlinkPartnerInput, INPUT]
    ) -> UnlinkPartnerResult:
        await info.context.services.partners.linking.unlink(
            info.context.caller, _whose(input.member_id), _agreement_id(input.agreement_id)
        )
        return UnlinkPartnerSuccess(agreement_id=input.agreement_id)

    @strawberry.mutation(
        description="Exchange points for the partner's, which one's linked account there is given: both or neither. It is final."
    )
    async def exchange_points(
        self, info: Info, input: Annotated[ExchangePointsInput, INPUT]
    ) -> ExchangePointsResult:
        caller, services = info.context.caller, info.context.services.partners.exchanging
        transfer_id, replayed = await services.exchange(
            caller,
            _whose(input.member_id),
            _agreement_id(input.agreement_id),
            input.unit,
            input.amount,
            input.idempotency_key,
        )
        transfer, balance = await posted(info, transfer_id)
        given = await services.given(caller, transfer_id)
        return ExchangePointsSuccess(transfer=transfer, balance=balance, given=Long(given), replayed=replayed)


def _whose(stated: strawberry.ID | None) -> bytes | None:
    return member_id(stated) if stated is not None else None


def _agreement_id(stated: strawberry.ID) -> bytes:
    found = decode_bytes_id(stated, "PartnerAgreement")
    if found is None:
        raise NotFound("There is no such agreement.", path=["agreementId"])
    return found


async def _agreement(info: Info, stated: strawberry.ID) -> tuple[bytes, domain.Side]:
    """Its id, and which side the caller's programme is."""
    raw = _agreement_id(stated)
    return raw, await info.context.services.partners.agreements.side_of(info.context.caller, raw)


def _terms(stated: PartnerTermsInput, own: domain.Side) -> domain.Terms:
    """As the agreement has them, stated by one side."""
    return domain.Terms(
        tuple(
            domain.Way(
                own if way.is_outgoing else own.other,
                way.unit_from,
                way.unit_to,
                way.take,
                way.give,
                way.minimum,
                way.per_member,
                way.in_all,
                way.cycle,
                way.price,
                way.per_points,
            )
            for way in stated.ways
        ),
        tuple(
            domain.Joint(own if one.is_outgoing else own.other, one.campaign, one.activity)
            for one in stated.campaigns
        ),
    )
