"""Which questions somebody is asked, and what can be taken as an answer: pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from community.surveys.model import Answer, Stated, Value
from community.writing.limits import check_body
from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import Survey, SurveyCondition, SurveyQuestion, SurveyQuestionKind

_FIELDS = {
    SurveyQuestionKind.SINGLE: "options",
    SurveyQuestionKind.MULTIPLE: "options",
    SurveyQuestionKind.RANKING: "options",
    SurveyQuestionKind.NPS: "number",
    SurveyQuestionKind.SCALE: "number",
    SurveyQuestionKind.NUMBER: "number",
    SurveyQuestionKind.TEXT: "text",
    SurveyQuestionKind.DATE: "day",
}


def check_answers(survey: Survey, stated: Sequence[Stated]) -> tuple[Answer, ...]:
    """The answers as they are kept, in the survey's order. Raises: InvalidInput for an answer that can't be taken, to what is
    not asked, given twice, or missing."""
    given: dict[str, tuple[int, Stated]] = {}
    for index, one in enumerate(stated):
        if one.question in given:
            raise _refused(index, f"{one.question[:64]!r} is answered twice.")
        given[one.question] = (index, one)
    values: dict[str, Value] = {}
    for question in survey.questions:
        if not is_asked(survey, question, values):
            continue
        if question.key in given:
            index, one = given.pop(question.key)
            values[question.key] = _value(question, one, index)
        elif question.required:
            raise InvalidInput(f"{question.key!r} must be answered.", path=["answers"])
    for index, one in given.values():
        raise _refused(index, f"{one.question[:64]!r} is not asked, after what was answered before it.")
    if not values:
        raise InvalidInput("Answer at least one question.", path=["answers"])
    return tuple(Answer(key, value) for key, value in values.items())


def is_asked(survey: Survey, question: SurveyQuestion, before: Mapping[str, Value]) -> bool:
    """Whether the question is asked of somebody who answered that before it."""
    return not question.retired and all(_holds(survey, one, before) for one in question.shown_if)


def _holds(survey: Survey, condition: SurveyCondition, before: Mapping[str, Value]) -> bool:
    if condition.question not in before:
        return False
    value = before[condition.question]
    if isinstance(value, tuple):
        return not condition.any_of or any(key in condition.any_of for key in value)
    if isinstance(value, int):
        asked = survey.question(condition.question)
        part = 10 ** (asked.decimals if asked else 0)
        return not (condition.least is not None and value < condition.least * part) and not (
            condition.most is not None and value > condition.most * part
        )
    return True


def _value(question: SurveyQuestion, stated: Stated, index: int) -> Value:
    """Raises: InvalidInput."""
    wanted = _FIELDS[question.kind]
    for name in ("options", "number", "text", "day"):
        if (getattr(stated, name) is not None) != (name == wanted):
            raise _refused(
                index, f"{question.key!r} is a {question.kind} question: state its answer as such."
            )
    if stated.options is not None:
        return _options(question, stated.options, index)
    if stated.number is not None:
        return _number(question, stated.number, index)
    if stated.day is not None:
        return stated.day.isoformat()
    try:
        return check_body(stated.text or "", "text", question.length_max)
    except InvalidInput as error:
        raise InvalidInput(
            error.message, code=error.code, path=["answers", str(index), "text"], limit=error.limit
        ) from error


def _options(question: SurveyQuestion, chosen: tuple[str, ...], index: int) -> tuple[str, ...]:
    """Options are kept in the question's order, of a ranking in that of the member."""
    known = question.option_keys
    strange = sorted(set(chosen) - set(known))
    if strange:
        raise _refused(index, f"{question.key!r} has no option {strange[0][:64]!r}.")
    least, most = question.choices
    if len(set(chosen)) < len(chosen) or not least <= len(chosen) <= most:
        raise _refused(index, f"{question.key!r} takes {least} to {most} options, each once.")
    if question.kind is SurveyQuestionKind.RANKING:
        return chosen
    return tuple(key for key in known if key in chosen)


def _number(question: SurveyQuestion, number: Decimal, index: int) -> int:
    least, most = question.bounds
    if not number.is_finite() or not least <= number <= most:
        raise _refused(index, f"{question.key!r} takes a number from {least} to {most}.")
    kept = number.scaleb(question.decimals)
    if kept != kept.to_integral_value():
        raise _refused(index, f"{question.key!r} takes at most {question.decimals} decimals.")
    return int(kept)


def _refused(index: int, message: str) -> InvalidInput:
    return InvalidInput(message, path=["answers", str(index)])
