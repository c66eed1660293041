"""A member's year as a picture."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.insights.cards import model as domain
from gamification.members import model as members
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.types.insight_periods import ChartLanguage

AnnualCardName = domain.CardName
strawberry.enum(
    AnnualCardName,
    name="AnnualCardName",
    description="By which name a card calls the member: DISPLAY_NAME, PSEUDONYM as boards show it, or NOBODY.",
)
Name = Annotated[
    AnnualCardName | None,
    strawberry.argument(
        description="When not given, the pseudonym of who chose one for boards, and else the display name."
    ),
]
Language = Annotated[
    ChartLanguage | None,
    strawberry.argument(
        description="The member's when not given: ZH where their locale is Chinese, else EN."
    ),
]


@strawberry.type(description="That a member's year may be seen by whoever has the link.")
class AnnualReportShare:
    model: strawberry.Private[domain.Share]
    year: int = of_model("year", description="Which year.")
    name: AnnualCardName = of_model("name", description="By which name it calls the member.")
    language: ChartLanguage = of_model("language", description="In which language it is.")
    made_at: datetime = of_model("made_at", description="Since when.")
    expires_at: datetime = of_model("expires_at", description="Until when, unless it is revoked before.")


@strawberry.type
class CardFields:
    model: strawberry.Private[members.Member]

    @strawberry.field(
        description="Their year as a portrait picture: an SVG document that refers to nothing outside it. The member, staff and services "
        "see it. Faults: INVALID_INPUT."
    )
    async def annual_card(
        self,
        info: Info,
        year: Annotated[
            int, strawberry.argument(description="From 1970 to the present one, by the programme's calendar.")
        ],
        name: Name = None,
        language: Language = None,
    ) -> str | None:
        cards = info.context.services.cards
        return await cards.card(info.context.caller, self.model, year, name, language)

    @strawberry.field(
        description="The links to their years that are good, the latest year first; at most 100. The member, staff and services see them."
    )
    async def annual_report_shares(self, info: Info) -> list[AnnualReportShare] | None:
        found = await info.context.services.cards.shares(info.context.caller, self.model)
        return [AnnualReportShare(model=one) for one in found]
