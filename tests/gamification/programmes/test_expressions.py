from datetime import UTC, datetime
from typing import Any

import pytest

from gamification.kit.errors import InvalidInput
from gamification.programmes.expressions import ExpressionFailed, compile_expression, context_of


def value(source: str, **variables: Any) -> Any:
    return compile_expression(source, ("c",)).evaluate(context_of(variables), "here")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("floor(2.9)", 2),
        ("floor(-2.1)", -3),
        ("ceil(2.1)", 3),
        ("round(2.5)", 3),
        ("round(-2.5)", -2),
        ("round(2.4999999999999996)", 2),
        ("round(0.49999999999999994)", 0),
        ("round(9007199254740991)", 9007199254740991),
        ("floor(9007199254740991)", 9007199254740991),
        ("abs(-3)", 3),
        ("min(3, 2)", 2),
        ("max(3.5, 2.0)", 3.5),
        ("size('abc')", 3),
        ("[1, 2, 3].filter(x, x > 1).size()", 2),
        ("has(activity.x) ? 1 : 2", 2),
        ("'a' in activity.tags", True),
    ],
)
def test_functions_round_and_compare(source: str, expected: object) -> None:
    assert value(source, activity={"tags": ["a"]}) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("activity.at.getHours( )", 23),
        ("activity.at.getDayOfWeek()", 5),
        ("activity.at - timestamp('2026-11-20T00:00:00Z') > duration('23h')", True),
    ],
)
def test_time_is_read_in_utc(source: str, expected: object) -> None:
    assert value(source, activity={"at": datetime(2026, 11, 20, 23, 30, tzinfo=UTC)}) == expected


@pytest.mark.parametrize(
    "source",
    [
        "1 +",
        "",
        "activity.",
        "a b",
        "foo(1)",
        "x + 1",
        "counters",
        "bool('true')",
        "'a'.lowerAscii()",
        "activity.at.getHours('Asia/Shanghai')",
    ],
)
def test_what_cannot_be_run_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput):
        compile_expression(source)


def test_a_syntax_error_says_where() -> None:
    with pytest.raises(InvalidInput, match="line 2, column"):
        compile_expression("activity.a +\n  )")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("activity.y", "no"),
        ("activity.x + 1.0", "here"),
        ("1 / (activity.x - 1)", "here"),
        ("activity.x.y", "here"),
    ],
)
def test_a_failure_names_the_place_and_the_expression(source: str, says: str) -> None:
    with pytest.raises(ExpressionFailed, match=says) as failed:
        value(source, activity={"x": 1})

    assert source in failed.value.message


def test_knows_which_variables_it_reads() -> None:
    assert compile_expression("activity.x == member.y").uses == {"activity", "member"}


@pytest.mark.parametrize("source", ["[1].map(x, x + 1)[0]", "['a'].exists(t, t == 'a')", "[1].all(x, x > 0)"])
def test_macros_bring_variables_of_their_own(source: str) -> None:
    assert value(source) in (2, True)
