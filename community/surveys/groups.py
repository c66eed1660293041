"""By what answers can be grouped: pure. The groups of a question have no member in common and all together leave out nobody, so
that where each is large enough, so is whatever can be told from several of them."""

from collections.abc import Mapping

from community.surveys.model import Group
from community.surveys.repository import answered_with, not_answered
from gamification.programmes.definitions import SurveyQuestion, SurveyQuestionKind

NPS_BANDS = {"promoters": range(9, 11), "passives": range(7, 9), "detractors": range(7)}


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
    part = f"by:{question.key}"
    groups = [Group(key, part, answered_with(question.key, any_of=values)) for key, values in found.items()]
    return [*groups, Group(None, part, not_answered(question.key))]
