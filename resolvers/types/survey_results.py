"""What was answered to a survey, added up."""

from datetime import date
from typing import Annotated

import strawberry

from community.surveys import results as domain
from community.surveys.reading import Results
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.scalars import Long
from resolvers.types.names import text
from resolvers.types.surveys import SurveyQuestion, SurveyQuestionKind
from storage.paging import Page

TEXTS = Listing("survey texts", (bytes,))
_NO_TEXTS: Page[str] = Page([], [], has_next=False, has_previous=False)
_DAYS_MAX = 100
_COUNTED = (SurveyQuestionKind.SINGLE, SurveyQuestionKind.MULTIPLE, SurveyQuestionKind.RANKING)


@strawberry.type(description="How often an option was chosen.")
class SurveyOptionResult:
    option: str = strawberry.field(description="The option's key.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's, else its key.")
    count: Long = strawberry.field(description="By how many; of a RANKING, by how many it was ranked.")
    share: float = strawberry.field(description="Of those who answered the question, 0 to 1.")
    firsts: Long | None = strawberry.field(
        description="Of a RANKING, how often it was put first; null for other kinds."
    )
    points: Long | None = strawberry.field(
        description="Of a RANKING by Borda: of n options the first place gives n - 1, the last nothing; null for other kinds."
    )


@strawberry.type(description="How often a step was chosen.")
class SurveyStepResult:
    value: int = strawberry.field(description="The step.")
    count: Long = strawberry.field(description="By how many.")


@strawberry.type(
    description="The net promoter score: the share of promoters (9, 10) less that of detractors (0 to 6), of all who answered."
)
class NetPromoterScore:
    model: strawberry.Private[domain.NetPromoters]
    promoters: Long = of_model("promoters", description="Who answered 9 or 10.")
    passives: Long = of_model("passives", description="Who answered 7 or 8.")
    detractors: Long = of_model("detractors", description="Who answered 0 to 6.")
    score: int | None = of_model(
        "score",
        description="-100 to 100, rounded once to a whole number, halves away from zero; null where nobody answered.",
    )


@strawberry.type(description="Customer satisfaction: how many chose a step from which on one is satisfied.")
class SurveySatisfaction:
    model: strawberry.Private[domain.Satisfaction]
    satisfied: Long = of_model("satisfied", description="How many are.")
    answered: Long = of_model("answered", description="Of how many.")
    percent: int | None = of_model(
        "percent", description="Rounded to a whole number, halves up; null where nobody answered."
    )
    satisfied_from: int = strawberry.field(description="From which step on.")


@strawberry.type(description="Numbers together.")
class SurveyNumbers:
    mean: float = strawberry.field(description="Their mean.")
    least: float = strawberry.field(description="The least of them.")
    most: float = strawberry.field(description="The greatest of them.")


@strawberry.type(description="How often a day was given.")
class SurveyDayResult:
    day: date = strawberry.field(name="date", description="The day.")
    count: Long = strawberry.field(description="By how many.")


@strawberry.type(description="What somebody wrote.")
class SurveyText:
    text: str = strawberry.field(description="As it was written: plain text, never HTML.")


@strawberry.type(description="What was answered to one question.")
class SurveyQuestionResult:
    tally: strawberry.Private[domain.Tally]
    results: strawberry.Private[Results | None]
    question: SurveyQuestion = strawberry.field(description="The question.")
    is_withheld: bool = strawberry.field(
        description="Whether it is not shown because too few were asked it, of an anonymous survey."
    )

    @strawberry.field(description="How many answered it; null where it is withheld.")
    def answered(self) -> Long | None:
        return None if self.is_withheld else Long(self.tally.answered)

    @strawberry.field(
        description="Of SINGLE, MULTIPLE and RANKING, every option in order; null for other kinds."
    )
    async def options(self, info: Info) -> list[SurveyOptionResult] | None:
        stated, tally = self.question.model, self.tally
        if stated.kind not in _COUNTED or self.is_withheld:
            return None
        is_ranked = stated.kind is SurveyQuestionKind.RANKING
        points = domain.borda(stated, tally.ranks)
        return [
            SurveyOptionResult(
                option=option.key,
                name=await text(info, option.name) or option.key,
                count=Long(tally.values.get(option.key, 0)),
                share=tally.values.get(option.key, 0) / tally.answered if tally.answered else 0.0,
                firsts=Long(tally.ranks.get((option.key, 0), 0)) if is_ranked else None,
                points=Long(points[option.key]) if is_ranked else None,
            )
            for option in stated.options
        ]

    @strawberry.field(description="Of NPS and SCALE, every step upward; null for other kinds.")
    def steps(self) -> list[SurveyStepResult] | None:
        stated = self.question.model
        if stated.kind not in (SurveyQuestionKind.NPS, SurveyQuestionKind.SCALE) or self.is_withheld:
            return None
        least, most = stated.bounds
        return [
            SurveyStepResult(value=step, count=Long(self.tally.values.get(step, 0)))
            for step in range(least, most + 1)
        ]

    @strawberry.field(description="Of NPS; null for other kinds.")
    def net_promoters(self) -> NetPromoterScore | None:
        if self.question.model.kind is not SurveyQuestionKind.NPS or self.is_withheld:
            return None
        return NetPromoterScore(model=domain.net_promoters(self.tally.values))

    @strawberry.field(description="Of SCALE; null for other kinds.")
    def satisfaction(self) -> SurveySatisfaction | None:
        stated = self.question.model
        if stated.kind is not SurveyQuestionKind.SCALE or self.is_withheld:
            return None
        found = domain.satisfaction(self.tally.values, stated.satisfied_from)
        return SurveySatisfaction(model=found, satisfied_from=stated.satisfied_from)

    @strawberry.field(
        description="Of NPS, SCALE and NUMBER; null for other kinds, and where nobody answered."
    )
    def numbers(self) -> SurveyNumbers | None:
        stated, values = self.question.model, self.tally.values
        part = 10**stated.decimals
        mean = domain.mean_of(values, part) if stated.kind.is_number else None
        if mean is None or self.is_withheld:
            return None
        given = [int(value) for value in values]
        return SurveyNumbers(mean=mean, least=min(given) / part, most=max(given) / part)

    @strawberry.field(
        description="Of DATE, the days given most often first, at most 100; null for other kinds."
    )
    def days(self) -> list[SurveyDayResult] | None:
        if self.question.model.kind is not SurveyQuestionKind.DATE or self.is_withheld:
            return None
        often = sorted(self.tally.values.items(), key=lambda one: (-one[1], one[0]))
        return [
            SurveyDayResult(day=date.fromisoformat(str(day)), count=Long(count))
            for day, count in often[:_DAYS_MAX]
        ]

    @strawberry.field(
        description="Of TEXT, what was written, in an order that tells of nothing: plain text, never HTML. Empty for other "
        "kinds, and of groups."
    )
    async def texts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SurveyText]:
        wanted = window(first, after, last, before, of=TEXTS)
        if self.results is None:
            return connect(_NO_TEXTS, lambda one: SurveyText(text=one), TEXTS)
        page = await info.context.services.survey_reading.texts(
            info.context.caller, self.results, self.question.model, wanted
        )
        return connect(page, lambda one: SurveyText(text=one), TEXTS)


@strawberry.type(description="What those answered who gave one answer to a question.")
class SurveyGroup:
    key: str | None = strawberry.field(
        description="The option's key, the step of a scale, or of NPS `promoters`, `passives`, `detractors`; null for those "
        "who did not answer it."
    )
    shown: Long = strawberry.field(description="How many they are.")
    questions: list[SurveyQuestionResult] = strawberry.field(
        description="What they answered to each question, in the survey's order."
    )


@strawberry.type(description="What was answered, by what was answered to one question.")
class SurveyBreakdown:
    is_withheld: bool = strawberry.field(
        description="Whether it is not shown because a group of it is too small, of an anonymous survey."
    )
    groups: list[SurveyGroup] = strawberry.field(
        description="The groups, without those of nobody, at most 101."
    )


@strawberry.type(description="What was answered to a survey.")
class SurveyResults:
    survey: strawberry.Private[definitions.Survey]
    results: strawberry.Private[Results | None]

    @strawberry.field(
        description="Whether it is not shown because too few have answered, of an anonymous survey."
    )
    def is_withheld(self) -> bool:
        return self.results is None

    @strawberry.field(
        description="How many answers are added up. Those to an anonymous survey join in groups of `groupLeast` or more, so "
        "that it may be fewer than have answered."
    )
    def shown(self) -> Long:
        return Long(self.results.shown if self.results else 0)

    @strawberry.field(description="Every question, in the survey's order; empty where it is withheld.")
    def questions(self) -> list[SurveyQuestionResult]:
        if self.results is None:
            return []
        return [
            _result(self.survey, question, self.results, self.results) for question in self.survey.questions
        ]

    @strawberry.field(
        description="The same by what was answered to one question of the kinds SINGLE, SCALE and NPS; an error for others."
    )
    async def breakdown(
        self,
        info: Info,
        question: Annotated[str, strawberry.argument(description="The question's key.")],
    ) -> SurveyBreakdown:
        found = None
        if self.results is not None:
            found = await info.context.services.survey_reading.by_group(
                info.context.caller, self.survey, question
            )
        if found is None:
            return SurveyBreakdown(is_withheld=True, groups=[])
        return SurveyBreakdown(
            is_withheld=False,
            groups=[
                SurveyGroup(
                    key=group.key,
                    shown=Long(results.shown),
                    questions=[
                        _result(self.survey, question, results, None) for question in self.survey.questions
                    ],
                )
                for group, results in found
            ],
        )


async def load_results(info: Info, survey: definitions.Survey) -> SurveyResults:
    """What was answered to a survey, for who may read it. Raises: Forbidden."""
    found = await info.context.services.survey_reading.results(info.context.caller, survey)
    return SurveyResults(survey=survey, results=found)


def _result(
    survey: definitions.Survey,
    question: definitions.SurveyQuestion,
    of: Results,
    texts_of: Results | None,
) -> SurveyQuestionResult:
    """What was answered to a question by all or a group."""
    tally = of.tallies.get(question.key, domain.NOBODY)
    return SurveyQuestionResult(
        tally=tally,
        results=texts_of,
        question=SurveyQuestion(model=question),
        is_withheld=domain.is_withheld(survey, question, tally.answered),
    )
