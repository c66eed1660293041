"""What is wrong with what the belonging index is measured by: pure."""

from collections.abc import Iterator

from gamification.programmes.definitions import (
    ASKED,
    BelongingIndicator,
    BelongingQuestion,
    SurveyQuestion,
    SurveyQuestionKind,
)
from gamification.programmes.document import Document

_PLACE = "programme.belonging"
_OF_OPTIONS = (SurveyQuestionKind.SINGLE, SurveyQuestionKind.MULTIPLE)


def belonging_faults(document: Document) -> Iterator[tuple[str, str]]:
    """(place, message) pairs: ladder, types and questions that the document lacks, and questions that tell nothing of theirs."""
    stated = document.programme.belonging
    if stated is None:
        return
    if stated.ladder is not None and stated.ladder not in {one.key for one in document.ladders}:
        yield f"{_PLACE}.ladder", f"{stated.ladder!r} is not among the ladders"
    types = {one.key for one in document.activity_types}
    for key in stated.knowledge:
        if key not in types:
            yield f"{_PLACE}.knowledge", f"{key!r} is not among the activity types"
    surveys = {one.key: one for one in document.surveys}
    for indicator in ASKED:
        for index, one in enumerate(stated.questions(indicator)):
            place = f"{_PLACE}.{indicator}.{index}"
            survey = surveys.get(one.survey)
            asked = survey.question(one.question) if survey else None
            if asked is None:
                yield place, f"there is no question {one.question!r} in a survey {one.survey!r}"
            else:
                yield from ((place, fault) for fault in _unfit(indicator, one, asked))


def _unfit(indicator: BelongingIndicator, stated: BelongingQuestion, asked: SurveyQuestion) -> Iterator[str]:
    by_options = asked.kind in _OF_OPTIONS
    if indicator is BelongingIndicator.NPS and asked.kind is not SurveyQuestionKind.NPS:
        yield "the net promoter score is of nps questions"
    elif indicator is BelongingIndicator.AWARENESS and by_options:
        if not stated.aware or set(stated.aware) - set(asked.option_keys):
            yield "aware names options of the question, one at least"
        return
    elif asked.kind not in (SurveyQuestionKind.NPS, SurveyQuestionKind.SCALE):
        yield "it is of nps and scale questions, and brand awareness of single and multiple choices too"
    if stated.aware:
        yield "aware is of brand awareness by a question with options"
