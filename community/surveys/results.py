"""Answers added up: pure.

Sources: the net promoter score as Reichheld defines it ("The One Number You Need to Grow", Harvard Business Review, December
2003): the share of 9 and 10 less that of 0 to 6; customer satisfaction as the share of the steps of a scale on which one
is satisfied, usually the two highest; Borda's count for rankings: of n options the first gets n - 1 points.
"""

from collections import Counter
from collections.abc import Mapping

from gamification.kit.records import record
from gamification.programmes.definitions import Survey, SurveyQuestion

_PROMOTES_FROM = 9
_DETRACTS_TO = 6

Ranks = Mapping[tuple[str, int], int]
"""How often an option was put at which place, from 0."""


@record(frozen=True, slots=True)
class NetPromoters:
    """`score`: from -100 to 100, rounded once, halves away from zero. None where nobody answered."""

    promoters: int
    passives: int
    detractors: int
    score: int | None


@record(frozen=True, slots=True)
class Satisfaction:
    """`percent`: of those who answered, rounded, halves up. None where nobody answered."""

    satisfied: int
    answered: int
    percent: int | None


@record(frozen=True, slots=True)
class Tally:
    """What was answered to one question: how many answered, and how often each value was given. Of a ranking `ranks`; texts
    are only counted."""

    answered: int
    values: Mapping[str | int, int]
    ranks: Ranks


NOBODY = Tally(0, {}, {})


def net_promoters(values: Mapping[str | int, int]) -> NetPromoters:
    """Of the answers 0 to 10, by how often each was given."""
    counts = Counter({int(value): count for value, count in values.items()})
    promoters = sum(count for value, count in counts.items() if value >= _PROMOTES_FROM)
    detractors = sum(count for value, count in counts.items() if value <= _DETRACTS_TO)
    answered = counts.total()
    score = rounded(100 * (promoters - detractors), answered) if answered else None
    return NetPromoters(promoters, answered - promoters - detractors, detractors, score)


def satisfaction(values: Mapping[str | int, int], satisfied_from: int) -> Satisfaction:
    """Of the steps of a scale."""
    satisfied = sum(count for value, count in values.items() if int(value) >= satisfied_from)
    answered = sum(values.values())
    return Satisfaction(satisfied, answered, rounded(100 * satisfied, answered) if answered else None)


def borda(question: SurveyQuestion, ranks: Ranks) -> dict[str, int]:
    """Points by option: of n options the first place gives n - 1, the last nothing, and nothing who was not ranked."""
    last = len(question.options) - 1
    points = dict.fromkeys(question.option_keys, 0)
    for (option, place), count in ranks.items():
        if option in points:
            points[option] += max(last - place, 0) * count
    return points


def mean_of(values: Mapping[str | int, int], part: int = 1) -> float | None:
    """The mean of numbers; `part` of their parts are one. None of none."""
    answered = sum(values.values())
    total = sum(int(value) * count for value, count in values.items())
    return total / part / answered if answered else None


def rounded(amount: int, by: int) -> int:
    """`amount / by` as a whole number, halves away from zero; `by` is more than zero."""
    whole = (2 * abs(amount) + by) // (2 * by)
    return whole if amount >= 0 else -whole


def is_too_few(survey: Survey, group: int) -> bool:
    """Whether the answers of so many are not shown: of an anonymous survey where they are fewer than it states."""
    return survey.anonymous and group < survey.group_least


def is_withheld(survey: Survey, question: SurveyQuestion, answered: int) -> bool:
    """Whether a question's answers are not shown: asked of some by what they answered before, it shows these as a group, which
    may be too small. That nobody was asked looks the same."""
    return bool(question.shown_if) and is_too_few(survey, answered)
