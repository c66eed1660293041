"""Answers added up: scores by their definitions, and what is too little to be shown."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.surveys.groups import groups_by
from community.surveys.results import borda, is_withheld, mean_of, net_promoters, rounded, satisfaction
from gamification.programmes.definitions import Survey, SurveyQuestion

NPS = st.lists(st.integers(0, 10), max_size=60)


def survey(**fields: object) -> Survey:
    questions = [
        {"key": "first", "kind": "nps", "name": {}},
        {"key": "second", "kind": "nps", "name": {}, "shown_if": [{"question": "first"}]},
    ]
    return Survey.model_validate({"key": "s", "questions": questions, **fields})


def counted(values: list[int]) -> dict[str | int, int]:
    return {value: values.count(value) for value in values}


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ([], None),
        ([10], 100),
        ([9], 100),
        ([8], 0),
        ([7], 0),
        ([6], -100),
        ([0], -100),
        ([10, 8, 6], 0),
        ([10, 10, 8], 67),
        ([0, 0, 8], -67),
        ([10] * 1 + [8] * 7, 13),
        ([0] * 1 + [8] * 7, -13),
    ],
    ids=str,
)
def test_the_net_promoter_score_is_promoters_less_detractors(values: list[int], score: int | None) -> None:
    assert net_promoters(counted(values)).score == score


@given(NPS)
def test_everybody_is_promoter_passive_or_detractor(values: list[int]) -> None:
    found = net_promoters(counted(values))
    assert found.promoters + found.passives + found.detractors == len(values)
    if found.score is not None:
        exact = Fraction(100 * (found.promoters - found.detractors), len(values))
        assert abs(exact - found.score) <= Fraction(1, 2)
        assert -100 <= found.score <= 100


@given(NPS)
def test_the_score_of_the_mirrored_crowd_is_its_negative(values: list[int]) -> None:
    mirrored = [10 if value <= 6 else 0 if value >= 9 else value for value in values]
    there, back = net_promoters(counted(values)).score, net_promoters(counted(mirrored)).score
    assert (there, back) == (None, None) or there == -(back or 0)


@given(st.integers(-10_000, 10_000), st.integers(1, 500))
def test_halves_are_rounded_away_from_zero(amount: int, by: int) -> None:
    exact = Fraction(amount, by)
    found = rounded(amount, by)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)


def test_satisfaction_is_the_share_of_those_who_are() -> None:
    found = satisfaction({1: 1, 3: 2, 4: 3, 5: 2}, satisfied_from=4)
    assert (found.satisfied, found.answered, found.percent) == (5, 8, 63)
    assert satisfaction({}, 4).percent is None


def test_borda_counts_from_the_last_place() -> None:
    question = SurveyQuestion.model_validate(
        {
            "key": "q",
            "kind": "ranking",
            "name": {},
            "options": [{"key": "a"}, {"key": "b"}, {"key": "c"}],
            "choose_least": 1,
        }
    )
    ranks = {("a", 0): 2, ("b", 1): 2, ("c", 2): 1, ("c", 0): 1}
    assert borda(question, ranks) == {"a": 4, "b": 2, "c": 2}


def test_a_mean_is_of_the_numbers_and_not_of_their_parts() -> None:
    assert mean_of({150: 1, 50: 3}, 100) == 0.75
    assert mean_of({}) is None


@pytest.mark.parametrize(
    ("anonymous", "answered", "withheld"),
    [
        (True, 4, True),
        (True, 5, False),
        # Nobody looks like few, whom results may have yet to join.
        (True, 0, True),
        (False, 1, False),
    ],
)
def test_a_question_asked_of_few_is_withheld(*, anonymous: bool, answered: int, withheld: bool) -> None:
    stated = survey(anonymous=anonymous)
    assert is_withheld(stated, stated.questions[1], answered) is withheld
    assert not is_withheld(stated, stated.questions[0], answered)


@given(st.sampled_from(["nps", "scale", "single"]), st.integers(0, 10))
def test_each_answer_is_in_one_group(kind: str, value: int) -> None:
    stated: dict[str, dict[str, object]] = {
        "nps": {},
        "scale": {"least": 0, "most": 10},
        "single": {"options": [{"key": f"o{number}"} for number in range(11)]},
    }
    question = SurveyQuestion.model_validate({"key": "q", "kind": kind, "name": {}, **stated[kind]})
    answer = f"o{value}" if kind == "single" else value
    *groups, nobody = groups_by(question)
    holding = [one for one in groups if answer in one.where["answers"]["$elemMatch"]["v"]["$in"]]
    assert len(holding) == 1
    assert nobody.key is None
