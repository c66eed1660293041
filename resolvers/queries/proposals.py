"""`overdueProposals`."""

from datetime import datetime

import strawberry

from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.proposals import Proposal

OVERDUE = Listing("overdue proposals", (datetime, bytes))


@strawberry.type
class ProposalQueries:
    @strawberry.field(
        description="Proposals to which the club owes an answer longer than it should, the longest first: in the spaces that "
        "the caller looks after."
    )
    async def overdue_proposals(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Proposal]:
        page = await info.context.services.proposal_reading.overdue(
            await info.context.viewer(), window(first, after, last, before, of=OVERDUE)
        )
        return connect(page, lambda one: Proposal(seen=one), OVERDUE)
