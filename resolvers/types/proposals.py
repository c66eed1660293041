"""Proposals beside their posts."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.proposals import model as domain
from community.proposals.reading import SeenProposal
from community.proposals.service import terms_of
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.scalars import Long
from resolvers.types.members import Member

if TYPE_CHECKING:
    from resolvers.types.posts import Post

SUPPORTERS = Listing("supporters", (datetime, bytes))
ProposalState = domain.ProposalState
strawberry.enum(
    ProposalState,
    name="ProposalState",
    description="GATHERING support until it has REACHED enough, when an answer is owed. ANSWERED without a decision yet; "
    "ACCEPTED or DECLINED; what was accepted and carried out is DONE.",
)


async def _members(supports: "list[ProposalSupport]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({one.model.member_id for one in supports})
    return [
        Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in supports
    ]


@strawberry.type(description="One member's support of a proposal.")
class ProposalSupport:
    model: strawberry.Private[domain.Support]
    at: datetime = of_model("at", description="Since when.")
    member: Member | None = batched(_members, description="Whose; null where they are not visible.")


@strawberry.type(description="What the club answered to a proposal.")
class OfficialAnswer:
    model: strawberry.Private[domain.OfficialAnswer]
    state: ProposalState = of_model("state", description="What the proposal became by it.")
    html: str = of_model(
        "html", description="What it says, rendered and clean: safe to be put into a page as it is."
    )
    at: datetime = of_model("at", description="When.")


async def _posts(proposals: "list[Proposal]", info: Info) -> "list[Post | Exception]":
    from resolvers.types.posts import Post

    ids = [one.seen.proposal.id for one in proposals]
    found = await info.context.loaders.posts.load_many(ids)
    return [Post.of(found[one]) if one in found else NotFound("There is no such post.") for one in ids]


@strawberry.type(description="How far a proposal of members has come.")
class Proposal:
    seen: strawberry.Private[SeenProposal]
    post: Annotated["Post", strawberry.lazy("resolvers.types.posts")] = batched(
        _posts, description="The proposal's post."
    )

    @strawberry.field(description="Where it stands.")
    def state(self) -> ProposalState:
        return self.seen.proposal.state

    @strawberry.field(description="How many members support it.")
    def support_count(self) -> Long:
        return Long(self.seen.proposal.support)

    @strawberry.field(description="How many it takes, or took, until an answer is owed.")
    async def threshold(self, info: Info) -> Long:
        proposal = self.seen.proposal
        if proposal.threshold is not None:
            return Long(proposal.threshold)
        return Long(terms_of(await info.context.catalogue(), proposal.space).support)

    @strawberry.field(description="When it had so many; null before.")
    def reached_at(self) -> datetime | None:
        return self.seen.proposal.reached_at

    @strawberry.field(
        description="By when the club owes an answer, or owed it; null before it has enough support."
    )
    def answer_due_at(self) -> datetime | None:
        return self.seen.proposal.due_at

    @strawberry.field(description="Whether the answer that is owed is late.")
    def is_overdue(self) -> bool:
        return self.seen.is_overdue

    @strawberry.field(description="How many answers there are; state it when you answer.")
    def version(self) -> int:
        return len(self.seen.proposal.answers)

    @strawberry.field(description="What the club answered, the last one first; at most 50.")
    def answers(self) -> list[OfficialAnswer]:
        return [OfficialAnswer(model=one) for one in reversed(self.seen.proposal.answers)]

    @strawberry.field(description="Whether the caller supports it.")
    def viewer_supports(self) -> bool:
        return self.seen.viewer_supports

    @strawberry.field(description="Who supports it, latest first.")
    async def supporters(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ProposalSupport]:
        page = await info.context.services.proposal_reading.supporters(
            await info.context.viewer(),
            self.seen.proposal,
            window(first, after, last, before, of=SUPPORTERS),
        )
        return connect(page, lambda one: ProposalSupport(model=one), SUPPORTERS)
