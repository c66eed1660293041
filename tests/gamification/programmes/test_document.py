from typing import Any

import pytest

from gamification.kit.errors import InvalidInput
from gamification.programmes.checks import check
from gamification.programmes.document import Document, Problem
from gamification.programmes.parsing import parse

SCHEMA = {"type": "object", "properties": {"amount": {"type": "number"}}, "additionalProperties": False}


def document(**sections: Any) -> dict[str, Any]:
    """A sound programme with one of everything; sections given take the place of its own."""
    sound: dict[str, Any] = {
        "programme": {"key": "p", "name": {"en": "P"}, "time_zone": "Asia/Shanghai"},
        "units": [{"key": "points"}],
        "activity_types": [{"key": "buy", "properties": SCHEMA}],
        "counters": [{"key": "total", "on": ["buy"], "add": "floor(activity.amount)"}],
        "rules": [rule({"points": {"unit": "points", "amount": 1}})],
        "tasks": [{"key": "t", "goal": 1}, {"key": "d", "goal": 2, "measure": "distinct"}],
        "badges": [{"key": "once", "levels": [{"level": 1}]}, {"key": "per", "repeat": "per_key"}],
        "leaderboards": [{"key": "sum"}, {"key": "best", "operator": "best"}],
    }
    return {**sound, **sections}


def rule(*effects: dict[str, Any], **stated: Any) -> dict[str, Any]:
    return {"key": "r", "on": ["buy"], "effects": list(effects), **stated}


def checked(data: object) -> Document:
    parsed = parse(data)
    check(parsed)
    return parsed


def test_takes_a_sound_document() -> None:
    assert checked(document()).programme.time_zone == "Asia/Shanghai"


POINTS = {"unit": "points", "amount": 1}

BAD_REFERENCES: list[tuple[str, dict[str, Any]]] = [
    ("counters.c.on", {"counters": [{"key": "c", "on": ["sell"]}]}),
    ("rules.r.on", {"rules": [rule({"points": POINTS}, on=["sell"])]}),
    ("rules.r.counters", {"rules": [rule({"points": POINTS}, counters=["nope"])]}),
    ("rules.r.effects.0.points.unit", {"rules": [rule({"points": {"unit": "coins", "amount": 1}})]}),
    ("rules.r.effects.0.points.boards", {"rules": [rule({"points": {**POINTS, "boards": ["nope"]}})]}),
    ("rules.r.effects.0.points.boards", {"rules": [rule({"points": {**POINTS, "boards": ["best"]}})]}),
    ("rules.r.effects.1.advance.task", {"rules": [rule({"points": POINTS}, {"advance": {"task": "nope"}})]}),
    ("rules.r.effects.0.advance", {"rules": [rule({"advance": {"task": "d"}})]}),
    ("rules.r.effects.0.advance", {"rules": [rule({"advance": {"task": "t", "value": "activity.id"}})]}),
    ("rules.r.effects.0.award", {"rules": [rule({"award": {"badge": "nope"}})]}),
    ("rules.r.effects.0.award", {"rules": [rule({"award": {"badge": "per"}})]}),
    ("rules.r.effects.0.award", {"rules": [rule({"award": {"badge": "once", "occurrence": "activity.id"}})]}),
    ("rules.r.effects.0.award", {"rules": [rule({"award": {"badge": "once", "level": 2}})]}),
    (
        "rules.r.effects.0.award",
        {"rules": [rule({"award": {"badge": "per", "occurrence": "activity.id", "level": 1}})]},
    ),
    ("rules.r.effects.0.score.board", {"rules": [rule({"score": {"board": "nope", "value": 1}})]}),
    ("tasks.t.requires", {"tasks": [{"key": "t", "goal": 1, "requires": ["nope"]}]}),
    (
        "tasks.t.reward.0.points.unit",
        {"tasks": [{"key": "t", "goal": 1, "reward": [{"points": {**POINTS, "unit": "x"}}]}]},
    ),
    ("tasks.t.reward.0.award", {"tasks": [{"key": "t", "goal": 1, "reward": [{"award": {"badge": "x"}}]}]}),
    (
        "tasks.t.reward.0.score.board",
        {"tasks": [{"key": "t", "goal": 1, "reward": [{"score": {"board": "x", "value": 1}}]}]},
    ),
]


@pytest.mark.parametrize(("place", "changed"), BAD_REFERENCES)
def test_a_reference_that_fits_nothing_is_named_by_its_place(place: str, changed: dict[str, Any]) -> None:
    without_rules: dict[str, Any] = {"rules": []} if "rules" not in changed else {}

    with pytest.raises(Problem) as refused:
        parse(document(**without_rules, **changed))

    assert [found for found, _ in refused.value.problems] == [place]
    assert refused.value.path == place.split(".")


BAD_SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("programme.time_zone", {"programme": {"key": "p", "time_zone": "Mars/Olympus"}}),
    ("programme.key", {"programme": {"key": "No spaces"}}),
    ("programme.lateness", {"programme": {"key": "p", "lateness": "-P1D"}}),
    ("units.points.floor", {"units": [{"key": "points", "floor": "none"}]}),
    ("units.points.floor", {"units": [{"key": "points", "floor": 1.0}]}),
    ("units.points.expires_after", {"units": [{"key": "points", "expires_after": "PT0S"}]}),
    ("units.points.flor", {"units": [{"key": "points", "flor": 1}]}),
    ("units.0.key", {"units": [{"name": {"en": "Points"}}]}),
    ("units.points.name", {"units": [{"key": "points", "name": "Points"}]}),
    ("rules.r.effects", {"rules": [rule()]}),
    ("rules.r.effects.0", {"rules": [rule({"points": POINTS, "award": {"badge": "once"}})]}),
    ("rules.r.effects.0", {"rules": [rule({"when": "true"})]}),
    ("tasks.t.goal", {"tasks": [{"key": "t", "goal": 0}]}),
    ("tasks.t", {"tasks": [{"key": "t", "goal": 1001, "measure": "distinct"}]}),
    ("leaderboards.s", {"leaderboards": [{"key": "s", "cycle": "season"}]}),
    ("leaderboards.s.operator", {"leaderboards": [{"key": "s", "operator": "worst"}]}),
]


@pytest.mark.parametrize(("place", "changed"), BAD_SHAPES)
def test_a_value_of_the_wrong_shape_is_named_by_its_place(place: str, changed: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        parse(document(**changed))

    assert any(found.startswith(place) for found, _ in refused.value.problems), refused.value.problems


def test_a_negative_fixed_advance_is_refused() -> None:
    with pytest.raises(Problem):
        parse(document(rules=[rule({"advance": {"task": "t", "by": -1}})]))


@pytest.mark.parametrize("data", [None, [], "x", {}, {"programme": None}])
def test_what_is_no_document_is_refused(data: object) -> None:
    with pytest.raises(Problem):
        parse(data)


@pytest.mark.parametrize(
    "section", ["units", "activity_types", "counters", "rules", "tasks", "badges", "leaderboards"]
)
def test_a_key_is_stated_once_in_a_section(section: str) -> None:
    sound = document()

    with pytest.raises(Problem, match="twice"):
        parse(document(**{section: [*sound[section], sound[section][0]]}))


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(Problem) as refused:
        parse(document(rules=[rule({"award": {"badge": "a"}}, {"award": {"badge": "b"}})]))

    assert len(refused.value.problems) == 2
    assert "1 more" in refused.value.message


@pytest.mark.parametrize(
    "requires", [{"a": ["a"]}, {"a": ["b"], "b": ["a"]}, {"a": ["b"], "b": ["c"], "c": ["a"]}]
)
def test_tasks_do_not_require_each_other_in_a_circle(requires: dict[str, list[str]]) -> None:
    tasks = [{"key": key, "goal": 1, "requires": needed} for key, needed in requires.items()]

    with pytest.raises(Problem, match="itself"):
        parse(document(rules=[], tasks=tasks))


@pytest.mark.parametrize(("length", "taken"), [(50, True), (60, False), (1500, False)])
def test_a_chain_of_tasks_has_a_greatest_length(length: int, taken: bool) -> None:
    tasks: list[dict[str, Any]] = [
        {"key": f"t{n}", "goal": 1, "requires": [f"t{n + 1}"] if n + 1 < length else []}
        for n in range(length)
    ]

    for order in (tasks, tasks[::-1], [*tasks[::2], *tasks[1::2]]):
        if taken:
            parse(document(rules=[], tasks=order))
        else:
            with pytest.raises(Problem, match="more than 50"):
                parse(document(rules=[], tasks=order))


def test_many_tasks_that_all_require_each_other_are_refused_at_once() -> None:
    keys = [f"t{n}" for n in range(60)]

    with pytest.raises(Problem, match="itself"):
        parse(document(rules=[], tasks=[{"key": key, "goal": 1, "requires": keys} for key in keys]))


def test_tasks_share_a_prerequisite_without_being_a_circle() -> None:
    tasks = [
        {"key": "a", "goal": 1},
        {"key": "b", "goal": 1, "requires": ["a"]},
        {"key": "c", "goal": 1, "requires": ["a", "b"]},
    ]

    parse(document(rules=[], tasks=tasks))


@pytest.mark.parametrize(
    "other", [{"cycle": "daily"}, {"zone": "member", "cycle": "weekly"}, {"cycle": "once"}]
)
def test_a_task_requires_tasks_done_once_or_of_its_own_periods_only(other: dict[str, str]) -> None:
    tasks = [{"key": "a", "goal": 1, "cycle": "weekly"}, {"key": "b", "goal": 1, "requires": ["a"], **other}]

    with pytest.raises(Problem, match="same cycle and zone"):
        parse(document(rules=[], tasks=tasks))


def season(key: str, start: str, end: str) -> dict[str, str]:
    return {"key": key, "starts_at": f"{start}T00:00:00Z", "ends_at": f"{end}T00:00:00Z"}


@pytest.mark.parametrize(
    "seasons",
    [
        [season("a", "2026-01-01", "2026-03-01"), season("b", "2026-02-01", "2026-04-01")],
        [season("a", "2026-01-01", "2026-03-01"), season("a", "2026-03-01", "2026-04-01")],
        [season("a", "2026-03-01", "2026-01-01")],
        [{"key": "a", "starts_at": "2026-01-01T00:00:00", "ends_at": "2026-02-01T00:00:00"}],
    ],
)
def test_seasons_are_apart_and_go_forward(seasons: list[dict[str, str]]) -> None:
    with pytest.raises(Problem):
        parse(document(leaderboards=[{"key": "s", "cycle": "season", "seasons": seasons}], rules=[]))


BAD_EXPRESSIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("rules.r.when", "line 1, column", {"rules": [rule({"points": POINTS}, when="activity.amount >")]}),
    ("rules.r.when", "no variable 'user'", {"rules": [rule({"points": POINTS}, when="user.id == ''")]}),
    ("rules.r.when", "no function 'now'", {"rules": [rule({"points": POINTS}, when="now() > 1")]}),
    ("rules.r.when", "lists none", {"rules": [rule({"points": POINTS}, when="counters.total > 1")]}),
    (
        "rules.r.when",
        "does not list",
        {"rules": [rule({"points": POINTS}, when="counters.x > 1", counters=["total"])]},
    ),
    (
        "rules.r.effects.0.points.amount",
        "activity.prise",
        {"rules": [rule({"points": {"unit": "points", "amount": "activity.prise"}})]},
    ),
    ("rules.r.effects.0.when", "line 1", {"rules": [rule({"when": "(", "points": POINTS})]}),
    ("rules.r.effects.0.advance.by", "line 1", {"rules": [rule({"advance": {"task": "t", "by": "1 +"}})]}),
    (
        "rules.r.effects.0.advance.value",
        "line 1",
        {"rules": [rule({"advance": {"task": "d", "value": "1 +"}})]},
    ),
    (
        "rules.r.effects.0.award.occurrence",
        "line 1",
        {"rules": [rule({"award": {"badge": "per", "occurrence": "'"}})]},
    ),
    (
        "rules.r.effects.0.award.level",
        "line 1",
        {"rules": [rule({"award": {"badge": "once", "level": "1 1"}})]},
    ),
    (
        "rules.r.effects.0.score.subscore",
        "line 1",
        {"rules": [rule({"score": {"board": "sum", "value": 1, "subscore": ")"}})]},
    ),
    ("counters.total.add", "no variable", {"counters": [{"key": "total", "on": ["buy"], "add": "amount"}]}),
    (
        "activity_types.buy.properties",
        "type: object",
        {"activity_types": [{"key": "buy", "properties": {"type": "array"}}]},
    ),
    (
        "activity_types.buy.properties",
        "",
        {"activity_types": [{"key": "buy", "properties": {"type": "object", "properties": [1]}}]},
    ),
    (
        "activity_types.buy.properties",
        "",
        {"activity_types": [{"key": "buy", "properties": {"type": "object", "minProperties": "x"}}]},
    ),
    (
        "activity_types.buy.properties",
        "",
        {
            "activity_types": [
                {"key": "buy", "properties": {"type": "object", "$ref": "https://example.org/schema"}}
            ]
        },
    ),
    (
        "activity_types.buy.properties",
        "",
        {
            "activity_types": [
                {"key": "buy", "properties": {"type": "object", "$ref": "file:///etc/hostname"}}
            ]
        },
    ),
]


@pytest.mark.parametrize(("place", "says", "changed"), BAD_EXPRESSIONS)
def test_a_bad_expression_or_schema_is_refused_with_its_place(
    place: str, says: str, changed: dict[str, Any]
) -> None:
    with pytest.raises(Problem) as refused:
        checked(document(**changed))

    assert [found for found, _ in refused.value.problems] == [place]
    assert says in refused.value.message


def test_an_open_type_among_the_rules_types_may_have_any_property() -> None:
    types = [{"key": "buy", "properties": SCHEMA}, {"key": "other"}]

    checked(
        document(
            activity_types=types,
            rules=[rule({"points": POINTS}, on=["buy", "other"], when="activity.x == 1")],
        )
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"units": [{"key": "points", "status": "draft"}]},
        {
            "counters": [{"key": "total", "on": ["buy"], "status": "draft"}],
            "rules": [rule({"points": POINTS}, counters=["total"])],
        },
        {
            "badges": [{"key": "x", "status": "draft"}],
            "tasks": [{"key": "t", "goal": 1, "reward": [{"award": {"badge": "x"}}]}],
            "rules": [],
        },
    ],
)
def test_what_is_published_does_not_rest_on_drafts(changed: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="still a draft"):
        checked(document(**changed))


def test_a_draft_rule_may_rest_on_drafts() -> None:
    checked(
        document(
            units=[{"key": "points", "status": "draft"}], rules=[rule({"points": POINTS}, status="draft")]
        )
    )


def test_a_problem_is_invalid_input() -> None:
    assert issubclass(Problem, InvalidInput)
