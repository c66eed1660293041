"""`submitCampaign`, `approveCampaign`, `rejectCampaign`, `pauseCampaign`, `resumeCampaign`, `endCampaign`."""

from typing import Annotated

import strawberry

from gamification.campaigning.service import CampaignView
from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.campaigns import Campaign, build_campaign

_CAMPAIGN = "The campaign's key."
_REASON = "Why: at most 500 characters."


@strawberry.input(description="Which campaign.")
class SubmitCampaignInput:
    campaign: str = strawberry.field(description=_CAMPAIGN)


@strawberry.input(description="Which campaign to approve of, as it was read.")
class ApproveCampaignInput:
    campaign: str = strawberry.field(description=_CAMPAIGN)
    digest: str = strawberry.field(
        description="The digest that was read: where it is another by now, nothing is approved of."
    )
    reason: str | None = strawberry.field(default=None, description=_REASON)


@strawberry.input(description="Which campaign to send back, and why.")
class RejectCampaignInput:
    campaign: str = strawberry.field(description=_CAMPAIGN)
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="Which campaign, and why.")
class CampaignDecisionInput:
    campaign: str = strawberry.field(description=_CAMPAIGN)
    reason: str | None = strawberry.field(default=None, description=_REASON)


@strawberry.type(description="It is decided.")
class CampaignSuccess:
    campaign: Campaign = strawberry.field(description="As it is now.")


CampaignResult = Annotated[
    CampaignSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("CampaignResult", description=RESULT),
]


@strawberry.type
class CampaignMutations:
    @strawberry.mutation(description="Ask for somebody's approval of a campaign as it is now. For operators.")
    async def submit_campaign(
        self, info: Info, input: Annotated[SubmitCampaignInput, INPUT]
    ) -> CampaignResult:
        found = await info.context.services.campaigns.submit(info.context.caller, input.campaign)
        return await _done(info, found)

    @strawberry.mutation(
        description="Approve of a campaign that somebody else submitted. It takes effect once it is published, too. For operators."
    )
    async def approve_campaign(
        self, info: Info, input: Annotated[ApproveCampaignInput, INPUT]
    ) -> CampaignResult:
        found = await info.context.services.campaigns.approve(
            info.context.caller, input.campaign, input.digest, input.reason
        )
        return await _done(info, found)

    @strawberry.mutation(description="Send a campaign back that waits for approval. For operators.")
    async def reject_campaign(
        self, info: Info, input: Annotated[RejectCampaignInput, INPUT]
    ) -> CampaignResult:
        found = await info.context.services.campaigns.reject(
            info.context.caller, input.campaign, input.reason
        )
        return await _done(info, found)

    @strawberry.mutation(
        description="Keep a campaign from taking effect until it is resumed; again is the same as once. For operators."
    )
    async def pause_campaign(
        self, info: Info, input: Annotated[CampaignDecisionInput, INPUT]
    ) -> CampaignResult:
        found = await info.context.services.campaigns.pause(
            info.context.caller, input.campaign, input.reason, paused=True
        )
        return await _done(info, found)

    @strawberry.mutation(description="Let a paused campaign take effect again. For operators.")
    async def resume_campaign(
        self, info: Info, input: Annotated[CampaignDecisionInput, INPUT]
    ) -> CampaignResult:
        found = await info.context.services.campaigns.pause(
            info.context.caller, input.campaign, input.reason, paused=False
        )
        return await _done(info, found)

    @strawberry.mutation(description="End a campaign before its time, for good. For operators.")
    async def end_campaign(
        self, info: Info, input: Annotated[CampaignDecisionInput, INPUT]
    ) -> CampaignResult:
        found = await info.context.services.campaigns.end(info.context.caller, input.campaign, input.reason)
        return await _done(info, found)


async def _done(info: Info, view: CampaignView) -> CampaignSuccess:
    return CampaignSuccess(campaign=await build_campaign(info, view))
