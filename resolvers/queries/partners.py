"""`partnerAgreements`, `partnerProposal`, `partnerStatement`, `partnerLinks`."""

from typing import Annotated

import strawberry

from gamification.partners.model import Side
from resolvers.context import Info
from resolvers.mutations.members import member_id as raw_member_id
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    connect,
    decode_bytes_id,
    window,
)
from resolvers.types.partners import PartnerAgreement, PartnerLink, PartnerStatement

AGREEMENTS = Listing("partner agreements", (bytes,))


@strawberry.type
class PartnerQueries:
    @strawberry.field(
        description="The programme's agreements with others, the oldest first. Members see those in force, operators and services all."
    )
    async def partner_agreements(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PartnerAgreement]:
        page = await info.context.services.partners.agreements.page(
            info.context.caller, window(first, after, last, before, of=AGREEMENTS)
        )
        return connect(page, lambda one: PartnerAgreement.of(info, one), AGREEMENTS)

    @strawberry.field(
        description="What another programme proposes, by the code that it gave; null where it is no such code. For operators."
    )
    async def partner_proposal(
        self, info: Info, code: Annotated[str, strawberry.argument(description="The proposal's code.")]
    ) -> PartnerAgreement | None:
        found = await info.context.services.partners.agreements.proposal(info.context.caller, code)
        if found is None:
            return None
        return PartnerAgreement(model=found, side=found.side(info.context.caller.programme_id) or Side.SECOND)

    @strawberry.field(
        description="A month of an agreement, closed or as it comes to by now; null where there is none. For operators and services."
    )
    async def partner_statement(
        self,
        info: Info,
        agreement_id: Annotated[strawberry.ID, strawberry.argument(description="The agreement.")],
        month: Annotated[str, strawberry.argument(description="Such as `2026-03`.")],
    ) -> PartnerStatement | None:
        caller, services = info.context.caller, info.context.services.partners
        found = await services.statements.find(
            caller, decode_bytes_id(agreement_id, "PartnerAgreement"), month
        )
        if found is None:
            return None
        own = Side.FIRST if found.programme_id == caller.programme_id else Side.SECOND
        return PartnerStatement(model=found, side=own)

    @strawberry.field(
        description="A member's links to accounts at partners: one's own, or by a service anyone's."
    )
    async def partner_links(
        self,
        info: Info,
        member_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="For services: whose; one's own when not given."),
        ] = None,
    ) -> list[PartnerLink]:
        target = raw_member_id(member_id) if member_id is not None else None
        found = await info.context.services.partners.linking.links(info.context.caller, target)
        return [PartnerLink(model=one) for one in found]
