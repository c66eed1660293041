"""Which questions are asked, and what of a survey may change once it is published."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from community.surveys.answering import is_asked
from community.surveys.table import cell, harmless, header, line
from gamification.kit.errors import InvalidInput
from gamification.programmes.changes import merge
from gamification.programmes.definitions import Survey, SurveyQuestion
from gamification.programmes.document import Document
from tests.survey_world import QUESTIONS

SURVEY = Survey.model_validate({"key": "s", "questions": QUESTIONS})


def one(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, "kind": "nps", "name": {"en": key}, **fields}


def asked(question: str, **before: Any) -> bool:
    found = SURVEY.question(question)
    assert found is not None
    return is_asked(SURVEY, found, before)


def test_a_question_is_asked_by_what_was_answered_before() -> None:
    assert [asked("why", recommend=value) for value in (0, 6, 7)] == [True, True, False]
    assert not asked("why")
    assert asked("drinks", channel=("shop",))
    assert not asked("drinks", channel=("web",))
    assert asked("channel")


def test_what_was_not_asked_shows_nothing_either() -> None:
    questions = [
        one("a"),
        one("b", shown_if=[{"question": "a", "least": 9}]),
        one("c", shown_if=[{"question": "b"}]),
        one("d", shown_if=[{"question": "a", "least": 5}, {"question": "b", "most": 3}]),
    ]
    survey = Survey.model_validate({"key": "s", "questions": questions})
    shown = {
        str(before): [q.key for q in survey.questions if is_asked(survey, q, before)]
        for before in ({"a": 3}, {"a": 9}, {"a": 9, "b": 2})
    }
    assert shown == {"{'a': 3}": ["a"], "{'a': 9}": ["a", "b"], "{'a': 9, 'b': 2}": ["a", "b", "c", "d"]}


def test_a_number_with_decimals_shows_by_its_value() -> None:
    questions = [
        one("a", kind="number", decimals=2),
        one("b", shown_if=[{"question": "a", "least": 2, "most": 3}]),
    ]
    survey = Survey.model_validate({"key": "s", "questions": questions})
    shown = [is_asked(survey, survey.questions[1], {"a": value}) for value in (199, 200, 300, 301)]
    assert shown == [False, True, True, False]


def test_a_retired_question_is_asked_no_more() -> None:
    survey = Survey.model_validate({"key": "s", "questions": [one("a", retired=True), one("b")]})
    assert not is_asked(survey, survey.questions[0], {})


FAULTY: list[list[dict[str, Any]]] = [
    [],
    [one("a"), one("a")],
    [one("a", kind="single")],
    [one("a", options=[{"key": "x"}])],
    [one("a", kind="single", options=[{"key": "x"}, {"key": "x"}])],
    [one("a", kind="single", options=[{"key": "x"}], choose_most=1)],
    [one("a", kind="multiple", options=[{"key": "x"}], choose_most=2)],
    [one("a", kind="multiple", options=[{"key": "x"}, {"key": "y"}], choose_least=2, choose_most=1)],
    [one("a", kind="scale")],
    [one("a", kind="scale", least=1, most=40)],
    [one("a", kind="scale", least=5, most=1)],
    [one("a", kind="scale", least=1, most=5, satisfied=1)],
    [one("a", least=1)],
    [one("a", decimals=1)],
    [one("a", shown_if=[{"question": "b"}]), one("b")],
    [one("a"), one("b", shown_if=[{"question": "a", "any_of": ["x"]}])],
    [one("a", kind="text"), one("b", shown_if=[{"question": "a", "least": 1}])],
    [one("a", shown_if=[{"question": "a"}])],
]


@pytest.mark.parametrize("questions", FAULTY, ids=str)
def test_questions_that_make_no_sense_are_refused(questions: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        Survey.model_validate({"key": "s", "questions": questions})


def document(questions: list[dict[str, Any]], **fields: Any) -> Document:
    survey = {"key": "s", "questions": questions, **fields}
    return Document.model_validate({"programme": {"key": "p", "name": {"en": "P"}}, "surveys": [survey]})


CHOICE = one("a", kind="single", options=[{"key": "x"}, {"key": "y"}])
KEPT: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    ([CHOICE, one("b")], {}),
    ([{**CHOICE, "name": {"en": "Better words"}}], {}),
    ([{**CHOICE, "options": [*CHOICE["options"], {"key": "z"}]}], {}),
    ([{**CHOICE, "retired": True}, one("b")], {}),
    ([CHOICE], {"group_least": 9}),
    ([CHOICE], {"closes_at": "2030-01-01T00:00:00Z"}),
]
BROKEN: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    ([one("b")], {}),
    ([{**CHOICE, "kind": "multiple"}], {}),
    ([{**CHOICE, "options": [{"key": "x"}]}], {}),
    ([CHOICE], {"anonymous": False}),
    ([CHOICE], {"group_least": 3}),
]


@pytest.mark.parametrize(("questions", "fields"), KEPT, ids=str)
def test_a_published_survey_may_grow(questions: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    old = document([CHOICE], anonymous=True)
    merged, changes = merge(old, document(questions, **{"anonymous": True, **fields}))
    assert [(one.section, one.version) for one in changes] == [("surveys", 2)]
    assert merged.surveys[0].version == 2


@pytest.mark.parametrize(("questions", "fields"), BROKEN, ids=str)
def test_what_may_have_been_answered_stays(questions: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    new = document(questions, **{"anonymous": True, **fields})
    with pytest.raises(InvalidInput):
        merge(document([CHOICE], anonymous=True), new)
    merge(document([CHOICE], anonymous=True, status="draft"), new)


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1", "＠x", "=cmd|' /C calc'!A0"],
)
def test_no_text_is_a_formula(text: str) -> None:
    assert read_back(line([text])) == [[f"'{text}"]]


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_what_is_written_is_read_back(cells: list[str]) -> None:
    assert read_back(line(cells)) == [[harmless(text) for text in cells]]


def test_numbers_stay_numbers() -> None:
    spent = next(q for q in SURVEY.questions if q.key == "spent")
    question: SurveyQuestion = SURVEY.questions[0]
    assert line([cell(question, -1), cell(spent, -150), cell(spent, 5), cell(question, None)]) == (
        "-1,-1.50,0.05,\r\n"
    )
    assert line([cell(SURVEY.questions[3], ("tea", "water"))]) == "tea; water\r\n"
    assert header(["at"], SURVEY.questions[:2]) == "at,recommend,why\r\n"
