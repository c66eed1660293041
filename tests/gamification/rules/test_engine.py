from datetime import UTC, datetime
from typing import Any

import pytest

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.checks import check
from gamification.programmes.parsing import parse
from gamification.rules.engine import counter_ids, evaluate
from gamification.rules.model import Advance, Award, Confirm, Facts, PostPoints, WriteScore
from gamification.rules.ruleset import RuleSet

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def ruleset(rules: list[dict[str, Any]], counters: list[dict[str, Any]] | None = None) -> RuleSet:
    amount = {"type": "object", "properties": {"amount": {"type": "number"}, "count": {"type": "integer"}}}
    document = parse(
        {
            "programme": {"key": "p"},
            "units": [{"key": "points"}, {"key": "old", "status": "archived"}],
            "activity_types": [{"key": "buy", "properties": amount}, {"key": "visit"}],
            "tasks": [{"key": "t", "goal": 3}, {"key": "d", "goal": 3, "measure": "distinct"}],
            "badges": [
                {"key": "b", "levels": [{"level": 1}, {"level": 2}]},
                {"key": "k", "repeat": "per_key"},
            ],
            "leaderboards": [{"key": "board"}],
            "counters": counters or [],
            "rules": rules,
        }
    )
    check(document)
    return RuleSet(Catalogue("p", 1, document))


def facts(
    kind: str = "buy", subject: str | None = None, member: bytes = b"m" * 12, **properties: Any
) -> Facts:
    return Facts(
        kind, "src", "1", member, NOON, subject, properties, {"locale": "en", "attributes": {"tier": 2}}
    )


def rule(effect: dict[str, Any], **stated: Any) -> dict[str, Any]:
    return {"key": "r", "on": ["buy"], "effects": [effect], **stated}


def points(amount: Any) -> dict[str, Any]:
    return {"points": {"unit": "points", "amount": amount}}


def amounts(rules: RuleSet, given: Facts, counters: dict[bytes, int] | None = None) -> list[int]:
    effects = evaluate(rules, given, counters or {}).effects
    return [effect.amount for effect in effects if isinstance(effect, PostPoints)]


def test_effects_come_in_the_order_of_the_file() -> None:
    rules = ruleset(
        [
            {
                "key": "second",
                "on": ["buy"],
                "effects": [points(1), {"score": {"board": "board", "value": 7}}],
            },
            {"key": "first", "on": ["buy", "visit"], "effects": [{"award": {"badge": "b", "level": 2}}]},
        ]
    )

    effects = evaluate(rules, facts(), {}).effects

    assert [type(effect) for effect in effects] == [PostPoints, WriteScore, Award]
    assert [(effect.rule.key, effect.index) for effect in effects if not isinstance(effect, Confirm)] == [
        ("second", 0),
        ("second", 1),
        ("first", 0),
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("floor(activity.amount)", 12),
        ("ceil(activity.amount)", 13),
        ("round(activity.amount)", 13),
        ("round(0.49999999999999994)", None),
        ("int(activity.amount) * 2", 24),
        ("activity.count * 2", 6),
        ("max(activity.count, 10)", 10),
        ("min(activity.count, 10)", 3),
        ("abs(-4)", 4),
        ("member.attributes.tier", 2),
        ("subject.kind == 'post' ? int(subject.name) : 0", 17),
        ("properties.count", 3),
        ("activity.occurred_at.getHours()", 12),
        ("activity.type == 'buy' && activity.source == 'src' && activity.id == '1' ? 5 : 0", 5),
    ],
)
def test_amounts_are_expressions(expression: str, expected: int | None) -> None:
    given = facts(amount=12.7, count=3, subject="post:17")

    assert amounts(ruleset([rule(points(expression))]), given) == ([expected] if expected else [])


def test_a_rule_or_an_effect_whose_condition_fails_does_nothing() -> None:
    rules = ruleset(
        [
            rule(points(1), key="a", when="activity.amount > 100.0"),
            rule({"when": "activity.count > 2", **points(2)}, key="b"),
            rule({"when": "activity.count > 3", **points(4)}, key="c"),
        ]
    )

    assert amounts(rules, facts(amount=5.0, count=3)) == [2]


def test_zero_points_are_no_transfer() -> None:
    assert amounts(ruleset([rule(points("activity.count - 3"))]), facts(count=3)) == []


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("activity.amount", ErrorCode.NOT_EXACT),
        ("activity.amount / 0.0", ErrorCode.NOT_EXACT),
        ("(activity.amount - activity.amount) / 0.0", ErrorCode.NOT_EXACT),
        ("activity.missing", ErrorCode.RULE_FAILED),
        ("activity.amount + activity.count", ErrorCode.RULE_FAILED),
        ("activity.count / 0", ErrorCode.RULE_FAILED),
        ("9007199254740991 + activity.count", ErrorCode.NOT_EXACT),
        ("9223372036854775807 + activity.count", ErrorCode.RULE_FAILED),
        ("activity.id", ErrorCode.INVALID_INPUT),
        ("activity.count > 1", ErrorCode.INVALID_INPUT),
    ],
)
def test_an_amount_that_is_no_exact_whole_number_is_refused_with_its_place(
    expression: str, code: ErrorCode
) -> None:
    rules = ruleset([rule(points(expression))])

    with pytest.raises(InvalidInput) as refused:
        evaluate(rules, facts(amount=1.5, count=1), {})

    assert refused.value.code is code
    assert "rules.r.effects.0" in (refused.value.message + ".".join(refused.value.path or []))


def test_a_condition_must_be_a_boolean() -> None:
    with pytest.raises(InvalidInput, match="true or false"):
        evaluate(ruleset([rule(points(1), when="activity.count")]), facts(count=1), {})


@pytest.mark.parametrize("value", ["''", "'" + "a" * 201 + "'", "1.5", "true"])
def test_an_occurrence_is_text_or_a_whole_number_of_bounded_length(value: str) -> None:
    rules = ruleset([rule({"award": {"badge": "k", "occurrence": value}})])

    with pytest.raises(InvalidInput):
        evaluate(rules, facts(), {})


def test_distinct_values_and_advances_are_resolved() -> None:
    rules = ruleset(
        [
            rule({"advance": {"task": "d", "value": "activity.count"}}, key="a"),
            rule({"advance": {"task": "t", "by": "activity.count"}}, key="b"),
        ]
    )

    one, two = evaluate(rules, facts(count=4), {}).effects

    assert isinstance(one, Advance)
    assert isinstance(two, Advance)
    assert one.value == "4"
    assert (two.by, two.value) == (4, None)


def test_a_task_does_not_go_back_by_a_rule() -> None:
    with pytest.raises(InvalidInput, match="negative"):
        evaluate(ruleset([rule({"advance": {"task": "t", "by": "-activity.count"}})]), facts(count=4), {})


def test_counters_count_this_activity_before_rules_read_them() -> None:
    counter = {"key": "spent", "on": ["buy"], "add": "floor(activity.amount)"}
    rules = ruleset([rule(points("counters.spent"), counters=["spent"])], [counter])
    given = facts(amount=4.5)
    (found,) = counter_ids(rules, given)

    evaluation = evaluate(rules, given, {found: 10})

    assert amounts(rules, given, {found: 10}) == [14]
    assert [(use.id, use.add, use.value) for use in evaluation.counters] == [(found, 4, 14)]


def test_a_rule_reads_counters_that_other_types_feed() -> None:
    counter = {"key": "visits", "on": ["visit"]}
    rules = ruleset([rule(points("counters.visits"), counters=["visits"])], [counter])
    (found,) = counter_ids(rules, facts())

    evaluation = evaluate(rules, facts(), {found: 3})

    assert amounts(rules, facts(), {found: 3}) == [3]
    assert [use.add for use in evaluation.counters] == [0]


def test_counters_are_apart_by_scope_and_period() -> None:
    def ids(per: str, cycle: str, given: Facts) -> list[bytes]:
        return counter_ids(ruleset([], [{"key": "c", "on": ["buy"], "per": per, "cycle": cycle}]), given)

    ann, bob = facts(subject="post:1"), facts(subject="post:1", member=b"n" * 12)
    assert ids("subject", "all_time", ann) == ids("subject", "all_time", bob)
    assert ids("member", "all_time", ann) != ids("member", "all_time", bob)
    assert ids("member_subject", "all_time", ann) != ids("member_subject", "all_time", bob)
    assert ids("member", "all_time", ann) != ids("member", "daily", ann)
    assert ids("subject", "all_time", facts()) == []


def test_a_counter_of_subjects_is_zero_without_a_subject() -> None:
    counter = {"key": "votes", "on": ["buy"], "per": "subject"}
    rules = ruleset([rule(points("counters.votes + 1"), counters=["votes"])], [counter])

    assert amounts(rules, facts()) == [1]
    assert evaluate(rules, facts(), {}).counters == ()


def test_a_counter_beyond_what_can_be_held_is_refused() -> None:
    rules = ruleset([], [{"key": "c", "on": ["buy"]}])
    (found,) = counter_ids(rules, facts())

    with pytest.raises(InvalidInput) as refused:
        evaluate(rules, facts(), {found: LONG_MAX})

    assert refused.value.code is ErrorCode.NOT_EXACT
    assert refused.value.path == ["counters", "c", "add"]


def test_what_is_not_published_takes_no_effect() -> None:
    rules = ruleset(
        [
            rule({"points": {"unit": "old", "amount": 1}}, key="a"),
            rule(points(2), key="b", status="draft"),
            rule(points(3), key="c", status="archived"),
            rule(points(4), key="d"),
        ]
    )

    assert amounts(rules, facts()) == [4]


def test_only_the_rules_asked_for_run_again() -> None:
    rules = ruleset([rule(points(1), key="a"), rule(points(2), key="b")])

    effects = evaluate(rules, facts(), {}, only={"b"}).effects

    assert [effect.rule.key for effect in effects] == ["b"]


def test_says_whether_a_rule_reads_the_member() -> None:
    reading = ruleset([rule(points(1), when="member.locale == 'en'")])

    assert reading.for_type("buy").uses_member
    assert not reading.for_type("visit").uses_member
