"""`answerSurvey`."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

import strawberry

from community.surveys.model import Stated
from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import QUESTIONS_MAX
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.surveys import SurveyResponse

_NUMBER_LENGTH_MAX = 40


@strawberry.input(description="An answer: one of its fields, by the question's kind.")
class SurveyAnswerInput:
    question: str = strawberry.field(description="The question's key.")
    options: list[str] | None = strawberry.field(
        default=None, description="Keys of options, for SINGLE, MULTIPLE and RANKING, there best first."
    )
    value: int | None = strawberry.field(default=None, description="For NPS and SCALE.")
    number: str | None = strawberry.field(
        default=None, description="For NUMBER, in decimal digits such as 2.5."
    )
    text: str | None = strawberry.field(default=None, description="For TEXT; lines may break.")
    day: date | None = strawberry.field(name="date", default=None, description="For DATE.")


@strawberry.input(description="What to answer.")
class AnswerSurveyInput:
    survey: str = strawberry.field(description="The survey's key.")
    answers: list[SurveyAnswerInput] = strawberry.field(
        description="At most one to each question that is asked; at most 50."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: who answers; oneself when not given."
    )
    idempotency_key: str = strawberry.field(
        description="The same key with the same input acts once. Of an anonymous survey no answers are kept with it: the same "
        "key with other answers is the same."
    )


@strawberry.type(description="It is answered.")
class AnswerSurveySuccess:
    response: SurveyResponse = strawberry.field(description="That it is.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


AnswerSurveyResult = Annotated[
    AnswerSurveySuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("AnswerSurveyResult", description=RESULT),
]


@strawberry.type
class SurveyMutations:
    @strawberry.mutation(
        description="Answer a survey: oneself, or by a service for any member. Conflicts: SURVEY_NOT_OPEN, SURVEY_ANSWERED."
    )
    async def answer_survey(
        self, info: Info, input: Annotated[AnswerSurveyInput, INPUT]
    ) -> AnswerSurveyResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        if len(input.answers) > QUESTIONS_MAX:
            raise InvalidInput(
                f"At most {QUESTIONS_MAX} answers are taken.", path=["answers"], limit=QUESTIONS_MAX
            )
        stated = [_stated(index, one) for index, one in enumerate(input.answers)]
        response, replayed = await info.context.services.surveys.answer(
            info.context.caller, target, input.survey, stated, input.idempotency_key
        )
        return AnswerSurveySuccess(response=SurveyResponse(model=response), replayed=replayed)


def _stated(index: int, answer: SurveyAnswerInput) -> Stated:
    """Raises: InvalidInput."""
    place = ["answers", str(index)]
    if answer.value is not None and answer.number is not None:
        raise InvalidInput("State value or number, not both.", path=[*place, "number"])
    number = Decimal(answer.value) if answer.value is not None else None
    if answer.number is not None:
        try:
            number = Decimal(answer.number if len(answer.number) <= _NUMBER_LENGTH_MAX else "NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise InvalidInput("number is no number such as 2.5.", path=[*place, "number"])
    options = tuple(answer.options) if answer.options is not None else None
    return Stated(answer.question, options, number, answer.text, answer.day)
