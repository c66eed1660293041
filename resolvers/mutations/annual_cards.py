"""`shareAnnualReport`, `revokeAnnualReportShares`."""

from datetime import timedelta
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.mutations.posts import acting
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.annual_cards import AnnualCardName, AnnualReportShare
from resolvers.types.insight_periods import ChartLanguage

_WHOSE = "Whose; oneself when not given. Operators and services state it."


@strawberry.input(description="Which year to share, and how.")
class ShareAnnualReportInput:
    year: int = strawberry.field(description="From 1970 to the present one, by the programme's calendar.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    name: AnnualCardName | None = strawberry.field(
        default=None,
        description="When not given, the pseudonym of who chose one for boards, and else the display name.",
    )
    language: ChartLanguage | None = strawberry.field(
        default=None, description="The member's when not given: ZH where their locale is Chinese, else EN."
    )
    days: int = strawberry.field(default=30, description="For how many days, 1 to 365.")


@strawberry.input(description="Which links to end.")
class RevokeAnnualReportSharesInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    year: int | None = strawberry.field(default=None, description="To which year; to all when not given.")


@strawberry.type(
    description="The link is there, and one to the same year from before shows nothing any more."
)
class ShareAnnualReportSuccess:
    share: AnnualReportShare = strawberry.field(description="What it shows, and until when.")
    address: str = strawberry.field(
        description="Where on this server the picture is. Whoever knows it sees it: it is told once, and kept nowhere."
    )


@strawberry.type(description="Nobody sees anything by them any more.")
class RevokeAnnualReportSharesSuccess:
    revoked: int = strawberry.field(description="How many there were.")


ShareAnnualReportResult = Annotated[
    ShareAnnualReportSuccess | InvalidInputError | NotFoundError,
    strawberry.union("ShareAnnualReportResult", description=RESULT),
]
RevokeAnnualReportSharesResult = Annotated[
    RevokeAnnualReportSharesSuccess | NotFoundError,
    strawberry.union("RevokeAnnualReportSharesResult", description=RESULT),
]


@strawberry.type
class AnnualCardMutations:
    @strawberry.mutation(
        description="Make a link by which anybody sees one's year as a picture until it expires or is revoked, in place of any to that "
        "year before. For members, and operators and services for any of them."
    )
    async def share_annual_report(
        self, info: Info, input: Annotated[ShareAnnualReportInput, INPUT]
    ) -> ShareAnnualReportResult:
        token, share = await info.context.services.cards.share(
            info.context.caller,
            acting(input.member_id),
            input.year,
            input.name,
            input.language,
            # More than any that is taken, and no more than a duration holds.
            timedelta(days=max(min(input.days, 10_000), 0)),
        )
        return ShareAnnualReportSuccess(
            share=AnnualReportShare(model=share), address=f"/annual-reports/{token}.svg"
        )

    @strawberry.mutation(
        description="End links to one's years; twice is the same as once. For members, and operators and services for any of them."
    )
    async def revoke_annual_report_shares(
        self, info: Info, input: Annotated[RevokeAnnualReportSharesInput, INPUT]
    ) -> RevokeAnnualReportSharesResult:
        revoked = await info.context.services.cards.revoke(
            info.context.caller, acting(input.member_id), input.year
        )
        return RevokeAnnualReportSharesSuccess(revoked=revoked)
