"""By what answers can be grouped: pure. The groups of a question have no member in common and all together leave out nobody, so
that where each is large enough, so is whatever can be told from several of them."""

from collections.abc import Mapping
from typing import Any

from community.surveys.repository import answered_with, not_answered
from gamification.kit.records import record
from gamification.programmes.definitions import SurveyQuestion, SurveyQuestionKind

NPS_BANDS = {"promoters": range(9, 11), "passives": range(7, 9), "detractors": range(7)}


@record(frozen=True, slots=True)
class Group:
    """Who gave one answer, or one of some. `key` is an option's, a step of a scale, or a band of the net promoter score; None
    for who did not answer the question."""

    key: str | None
    where: Mapping[str, Any]


def groups_by(question: SurveyQuestion) -> list[Group]:
    """The groups by the answer to a question; none where one can give several, or any number."""
    found: Mapping[str, range | tuple[str, ...]]
    if question.kind is SurveyQuestionKind.SINGLE:
        found = {key: (key,) for key in question.option_keys}
    elif question.kind is SurveyQuestionKind.SCALE:
        least, most = question.bounds
        found = {str(step): range(step, step + 1) for step in range(least, most + 1)}
    elif question.kind is SurveyQuestionKind.NPS:
        found = NPS_BANDS
    else:
        return []
    groups = [Group(key, answered_with(question.key, any_of=values)) for key, values in found.items()]
    return [*groups, Group(None, not_answered(question.key))]
