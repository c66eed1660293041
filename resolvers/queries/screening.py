"""`screenings`, `screeningStatistics`, `screenText`, `rehearseScreening`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.screening.model import Finding, Judgement
from community.screening.testing import Sample
from gamification.programmes.definitions import Status
from resolvers.context import Info
from resolvers.mutations.members import member_id
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.screening import (
    SCREENINGS,
    RehearsedPost,
    ScreenedKind,
    Screening,
    ScreeningRehearsal,
    ScreeningRuleStatistics,
    ScreeningVerdict,
    TriedScreeningRule,
    TriedText,
)


@strawberry.input(description="Which screenings to list.")
class ScreeningFilter:
    rule: str | None = strawberry.field(
        default=None, description="Only those in which this rule found something."
    )
    verdict: ScreeningVerdict | None = strawberry.field(default=None, description="Only of this verdict.")
    waiting: bool = strawberry.field(
        default=False, description="Only those held or flagged that no moderator has decided on."
    )


@strawberry.input(description="A text to try the rules on, as its author would write it.")
class ScreenTextInput:
    space: str = strawberry.field(description="The key of the space that it would be written in.")
    body: str = strawberry.field(description="Markdown, 1 to 20000 characters.")
    kind: ScreenedKind = strawberry.field(
        default=ScreenedKind.POST, description="What kind of text it would be."
    )
    title: str = strawberry.field(default="", description="At most 200 characters.")
    tags: list[str] = strawberry.field(default_factory=list, description="At most 5.")
    author_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Who would write it; without it rules on what members wrote before are not tried.",
    )
    drafts: bool = strawberry.field(
        default=False, description="Whether to try rules that are drafts, too; for operators."
    )


@strawberry.type
class ScreeningQueries:
    @strawberry.field(
        description="What the rules said of texts, the latest first. For moderators and operators."
    )
    async def screenings(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ScreeningFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[Screening]:
        stated = filter or ScreeningFilter()
        page = await info.context.services.screening.page(
            info.context.caller,
            window(first, after, last, before, of=SCREENINGS),
            stated.rule,
            stated.verdict,
            waiting=stated.waiting,
        )
        return connect(page, Screening.of, SCREENINGS)

    @strawberry.field(
        description="How each screening rule did with what was written in some time, in file order. For moderators and "
        "operators."
    )
    async def screening_statistics(
        self,
        info: Info,
        since: Annotated[datetime, strawberry.argument(description="From then on.")],
        until: Annotated[
            datetime, strawberry.argument(description="Up to before then, at most 366 days later.")
        ],
    ) -> list[ScreeningRuleStatistics]:
        found = await info.context.services.screening.statistics(
            info.context.caller, await info.context.catalogue(), since, until
        )
        return [ScreeningRuleStatistics(model=one) for one in found]

    @strawberry.field(
        description="What the rules would say of a text. Nothing is posted or kept. For moderators and operators."
    )
    async def screen_text(
        self, info: Info, input: Annotated[ScreenTextInput, strawberry.argument(description="The text.")]
    ) -> TriedText:
        sample = Sample(
            input.kind,
            input.space,
            input.body,
            input.title,
            tuple(input.tags),
            member_id(input.author_id) if input.author_id is not None else None,
            input.drafts,
        )
        tried = await info.context.services.screening_tests.run(info.context.caller, sample)
        counting: list[Finding] = [
            one.finding for one in tried if one.finding is not None and one.rule.status is Status.PUBLISHED
        ]
        return TriedText(
            verdict=Judgement(tuple(counting)).verdict, rules=[TriedScreeningRule(model=one) for one in tried]
        )

    @strawberry.field(
        description="What a screening rule on words, patterns, links or mentions finds in the latest published posts. Nothing "
        "becomes of them. For moderators and operators, drafts for operators."
    )
    async def rehearse_screening(
        self,
        info: Info,
        rule: Annotated[str, strawberry.argument(description="The rule's key in the programme file.")],
        posts: Annotated[int, strawberry.argument(description="How many to look at, 1 to 500.")] = 200,
    ) -> ScreeningRehearsal:
        found = await info.context.services.screening_rehearsals.run(info.context.caller, rule, posts)
        return ScreeningRehearsal(
            looked=found.looked,
            found=found.found,
            examples=[RehearsedPost(model=one) for one in found.examples],
        )
