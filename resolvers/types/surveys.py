"""Surveys, and that somebody answered one."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.surveys import model as domain
from community.surveys.service import again_at
from community.surveys.table import cell
from gamification.kit.actors import Permission
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    global_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus

if TYPE_CHECKING:
    from resolvers.types.survey_results import SurveyResults

RESPONSES = Listing("survey responses", (datetime, bytes))
SurveyQuestionKind = definitions.SurveyQuestionKind
strawberry.enum(
    SurveyQuestionKind,
    name="SurveyQuestionKind",
    description="SINGLE, MULTIPLE: of the options. RANKING: the options, best first. NPS: how likely one is to recommend, 0 "
    "to 10. SCALE: from `least` to `most`. NUMBER, TEXT, DATE: as they say.",
)


@strawberry.enum(description="Whether a survey takes answers.")
class SurveyState(StrEnum):
    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"


@strawberry.type(description="One thing to choose.")
class SurveyOption:
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's, else its key.")


@strawberry.type(
    description="When a question is asked: one of the options was chosen, the number lies between `least` and `most`, or where "
    "neither is stated the other question was answered."
)
class SurveyCondition:
    model: strawberry.Private[definitions.SurveyCondition]
    question: str = of_model("question", description="The key of a question before it.")
    any_of: list[str] = of_model("any_of", description="Keys of options; empty where it is not by options.")
    least: Long | None = of_model("least", description="At the least; null without such a bound.")
    most: Long | None = of_model("most", description="At the most; null without such a bound.")


@strawberry.type(description="What members are asked.")
class SurveyQuestion:
    model: strawberry.Private[definitions.SurveyQuestion]
    key: str = of_model("key", description="Its key in the programme file.")
    kind: SurveyQuestionKind = of_model("kind", description="What is answered.")
    is_required: bool = of_model("required", description="Whether who is asked must answer.")
    is_retired: bool = of_model("retired", description="Whether it is asked no more; its answers stay.")
    decimals: int = of_model("decimals", description="How many a NUMBER may have, at most 3.")

    @strawberry.field(description="What is asked, in the viewer's locale, else the programme's.")
    async def name(self, info: Info) -> str:
        return await text(info, self.model.name) or self.model.key

    @strawberry.field(description="More about it, in the viewer's locale, else the programme's.")
    async def description(self, info: Info) -> str | None:
        return await text(info, self.model.description)

    @strawberry.field(description="What can be chosen, at most 100; empty for other kinds.")
    async def options(self, info: Info) -> list[SurveyOption]:
        return [
            SurveyOption(key=one.key, name=await text(info, one.name) or one.key)
            for one in self.model.options
        ]

    @strawberry.field(description="How many options are chosen at the least; null where there are none.")
    def choose_least(self) -> int | None:
        return self.model.choices[0] if self.model.options else None

    @strawberry.field(description="How many options are chosen at the most; null where there are none.")
    def choose_most(self) -> int | None:
        return self.model.choices[1] if self.model.options else None

    @strawberry.field(description="The least number; null where there are none.")
    def least(self) -> Long | None:
        return Long(self.model.bounds[0]) if self.model.kind.is_number else None

    @strawberry.field(description="The greatest number; null where there are none.")
    def most(self) -> Long | None:
        return Long(self.model.bounds[1]) if self.model.kind.is_number else None

    @strawberry.field(description="How long a TEXT may be, in characters; null for other kinds.")
    def length_max(self) -> int | None:
        return self.model.length_max if self.model.kind is SurveyQuestionKind.TEXT else None

    @strawberry.field(
        description="It is asked where all of these hold, at most 10; always where there are none."
    )
    def shown_if(self) -> list[SurveyCondition]:
        return [SurveyCondition(model=one) for one in self.model.shown_if]


@strawberry.type(description="An answer to one question.")
class SurveyAnswer:
    question: str = strawberry.field(description="The question's key.")
    options: list[str] | None = strawberry.field(
        description="The keys of what was chosen, of a RANKING best first; null for other kinds."
    )
    value: int | None = strawberry.field(description="Of NPS and SCALE; null for other kinds.")
    number: str | None = strawberry.field(description="Of a NUMBER, with its decimals; null for other kinds.")
    text: str | None = strawberry.field(
        description="Of a TEXT, as it was written: plain text, never HTML; null for other kinds."
    )
    day: date | None = strawberry.field(name="date", description="Of a DATE; null for other kinds.")


async def _members(responses: "list[SurveyResponse]", info: Info) -> "list[Member | None]":
    found = await info.context.loaders.members.load_many(one.model.member_id for one in responses)
    return [
        Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in responses
    ]


@strawberry.type(
    description="That a member answered a survey. The member sees their own; staff and services all."
)
class SurveyResponse(Node):
    model: strawberry.Private[domain.Response]
    id: strawberry.ID = global_id("SurveyResponse")
    survey_key: str = of_model("survey", description="Which survey.")
    number: int = of_model("number", description="The how-manieth time of this member, from 1.")
    answered_at: datetime = of_model("at", description="When.")
    survey_version: int | None = of_model(
        "version", description="The survey's version then; null where it is anonymous."
    )
    member: Member | None = batched(_members, description="Who answered.")

    @strawberry.field(
        description="What was answered, in the survey's order; null where the survey is anonymous, and nobody can tell, and "
        "where the member was erased."
    )
    async def answers(self, info: Info) -> list[SurveyAnswer] | None:
        survey = (await info.context.catalogue()).surveys.get(self.model.survey)
        if self.model.answers is None or survey is None:
            return None
        return [answer_of(survey, one) for one in self.model.answers]


async def _own(surveys: "list[Survey]", info: Info) -> list[domain.Response | None]:
    found = await info.context.services.survey_reading.own(
        info.context.caller, [one.model.key for one in surveys]
    )
    return [found.get(one.model.key) for one in surveys]


async def _viewer_responses(surveys: "list[Survey]", info: Info) -> "list[SurveyResponse | None]":
    return [SurveyResponse(model=one) if one else None for one in await _own(surveys, info)]


async def _may_at(surveys: "list[Survey]", info: Info) -> list[datetime | None]:
    catalogue, now = await info.context.catalogue(), info.context.services.now()
    found: list[datetime | None] = []
    for survey, own in zip(surveys, await _own(surveys, info), strict=True):
        stated = survey.model
        opens = stated.opens_at or now
        again = again_at(catalogue, stated, own.at) if own else opens
        at = max(again, opens, now) if again else None
        ended = at is None or (stated.closes_at is not None and at >= stated.closes_at)
        found.append(None if ended or stated.status is not definitions.Status.PUBLISHED else at)
    return found


async def _counts(surveys: "list[Survey]", info: Info) -> list[Long | None]:
    caller = info.context.caller
    if not caller.can(Permission.SURVEYS_READ):
        return [None] * len(surveys)
    keys = [one.model.key for one in surveys]
    found = await info.context.services.survey_reading.answered(caller, keys)
    return [Long(found.get(key, 0)) for key in keys]


@strawberry.type(description="Questions to members.")
class Survey(Node):
    model: strawberry.Private[definitions.Survey]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = of_model("status", description="Whether it takes effect.")
    version: int = of_model("version", description="Counts the changes to it, from 1.")
    is_anonymous: bool = of_model(
        "anonymous", description="Whether nobody can tell who gave which answers; that one answered is known."
    )
    group_least: int = of_model(
        "group_least",
        description="How many answers to an anonymous one are shown together at the least.",
    )
    opens_at: datetime | None = of_model("opens_at", description="From when it takes answers; null: always.")
    closes_at: datetime | None = of_model("closes_at", description="Until when; null: without end.")
    repeats_after: str | None = of_model(
        "repeat",
        description="How long after answering one may answer again, an ISO 8601 duration; null for never.",
    )
    is_gated: bool = of_model("is_gated", description="Whether it is there for some members only.")
    viewer_response: SurveyResponse | None = batched(
        _viewer_responses, description="The last time that the caller answered it; null for never."
    )
    viewer_may_answer_at: datetime | None = batched(
        _may_at,
        description="From when the caller may answer it, as things are: now, later, or null for not at all.",
    )
    answer_count: Long | None = batched(
        _counts, description="How often it was answered. Operators and services see it; null for others."
    )

    @strawberry.field(description="Whether it takes answers now.")
    def state(self, info: Info) -> SurveyState:
        now, survey = info.context.services.now(), self.model
        if survey.status is not definitions.Status.PUBLISHED:
            return (
                SurveyState.CLOSED if survey.status is definitions.Status.ARCHIVED else SurveyState.NOT_OPEN
            )
        if survey.opens_at is not None and now < survey.opens_at:
            return SurveyState.NOT_OPEN
        return SurveyState.OPEN if survey.is_open(now) else SurveyState.CLOSED

    @strawberry.field(
        description="What is asked, in order, at most 50; who answers skips what is not asked of them."
    )
    def questions(self) -> list[SurveyQuestion]:
        return [SurveyQuestion(model=one) for one in self.model.questions]

    @strawberry.field(
        description="What was answered, added up. Operators and services see it; null for others."
    )
    async def results(
        self, info: Info
    ) -> Annotated["SurveyResults", strawberry.lazy("resolvers.types.survey_results")] | None:
        from resolvers.types.survey_results import load_results

        if not info.context.caller.can(Permission.SURVEYS_READ):
            return None
        return await load_results(info, self.model)

    @strawberry.field(description="Who answered, last first. Operators and services see it; null for others.")
    async def responses(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SurveyResponse] | None:
        if not info.context.caller.can(Permission.SURVEYS_READ):
            return None
        page = await info.context.services.survey_reading.responses(
            info.context.caller, self.model, window(first, after, last, before, of=RESPONSES)
        )
        return connect(page, lambda one: SurveyResponse(model=one), RESPONSES)


def answer_of(survey: definitions.Survey, answer: domain.Answer) -> SurveyAnswer:
    """The GraphQL object of an answer."""
    question, value = survey.question(answer.question), answer.value
    kind = question.kind if question else None
    is_number = kind is SurveyQuestionKind.NUMBER and question is not None
    return SurveyAnswer(
        question=answer.question,
        options=list(value) if isinstance(value, tuple) else None,
        value=value if isinstance(value, int) and not is_number else None,
        number=str(cell(question, value)) if is_number and question is not None else None,
        text=value if isinstance(value, str) and kind is not SurveyQuestionKind.DATE else None,
        day=date.fromisoformat(value) if isinstance(value, str) and kind is SurveyQuestionKind.DATE else None,
    )


async def build_survey(info: Info, survey: definitions.Survey) -> Survey:
    """The GraphQL object of a survey."""
    return Survey(
        id=encode_id("Survey", survey.key),
        model=survey,
        key=survey.key,
        name=await label(info, survey),
        description=await text(info, survey.description),
    )


async def load_response(info: Info, raw: bytes) -> SurveyResponse | None:
    """The response of that id, for those who may know of it."""
    found = await info.context.services.survey_reading.by_ids(info.context.caller, [raw])
    return SurveyResponse(model=found[raw]) if raw in found else None
