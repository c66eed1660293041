"""`referralOffers`, `myReferralCode`, `referralReviews`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.referrals import REFERRALS, Referral, ReferralCode, ReferralOffer, build_offer

OFFERS = Listing("referral offers", (str,))


@strawberry.type
class ReferralQueries:
    @strawberry.field(description="Every referral offer, in file order; archived ones too.")
    async def referral_offers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ReferralOffer]:
        offers = await info.context.services.referrals.offers(info.context.caller)
        return await list_definitions(info, offers, build_offer, OFFERS, first, after, last, before)

    @strawberry.field(
        description="One's own code for an offer; made when it is first asked for, the same afterwards. Null where there is "
        "no such offer, and for staff, services and before joining."
    )
    async def my_referral_code(
        self,
        info: Info,
        offer: Annotated[str, strawberry.argument(description="The offer's key.")],
    ) -> ReferralCode | None:
        found = await info.context.services.referrals.mine(info.context.caller, offer)
        if found is None:
            return None
        catalogue = await info.context.catalogue()
        return ReferralCode(model=found[0], definition=catalogue.referrals[offer], member=found[1])

    @strawberry.field(
        description="Referrals that look wrong and wait for a decision, latest change first; for moderators and operators."
    )
    async def referral_reviews(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Referral]:
        page = await info.context.services.referrals.in_review(
            info.context.caller, window(first, after, last, before, of=REFERRALS)
        )
        return connect(page, Referral.of, REFERRALS)
