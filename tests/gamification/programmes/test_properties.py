import math
from typing import Any

import pytest

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.programmes.properties import Properties

OPEN = Properties({"type": "object"})


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"x": value}
    return value


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        ({"x": math.nan}, ErrorCode.NOT_EXACT, "properties.x"),
        ({"x": [1, {"y": math.inf}]}, ErrorCode.NOT_EXACT, "properties.x.1.y"),
        ({"x": -math.inf}, ErrorCode.NOT_EXACT, "properties.x"),
        ({"x": LONG_MAX + 1}, ErrorCode.NOT_EXACT, "properties.x"),
        ({"x": -(10**400)}, ErrorCode.NOT_EXACT, "properties.x"),
        ({"x": "a" * 16_400}, ErrorCode.TOO_LARGE, "properties"),
        ({"x": "语" * 6000}, ErrorCode.TOO_LARGE, "properties"),
        (nested(17), ErrorCode.TOO_LARGE, "properties" + ".x" * 17),
        ({"x\x00": 1}, ErrorCode.INVALID_INPUT, "properties"),
        ({"x": "\ud800"}, ErrorCode.INVALID_INPUT, "properties"),
        ({"x": b"1"}, ErrorCode.INVALID_INPUT, "properties"),
    ],
)
def test_what_cannot_be_held_is_refused(value: dict[str, Any], code: ErrorCode, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        OPEN.accept(value)

    assert refused.value.code is code
    assert ".".join(refused.value.path or []) == path


@pytest.mark.parametrize(
    "value",
    [{}, {"x": "a" * 16_376}, {"x": LONG_MAX, "y": -LONG_MAX}, nested(16), {"$set": 1, "a.b": {"$x": None}}],
)
def test_what_can_be_held_is_taken_as_it_is(value: dict[str, Any]) -> None:
    assert OPEN.accept(value) == value


def test_sixteen_kibibytes_are_the_limit() -> None:
    assert OPEN.accept({"x": "a" * (16 * 1024 - 8)})
    with pytest.raises(InvalidInput) as refused:
        OPEN.accept({"x": "a" * (16 * 1024 - 7)})

    assert refused.value.limit == 16 * 1024


SHOP = Properties(
    {
        "type": "object",
        "required": ["amount"],
        "additionalProperties": False,
        "properties": {
            "amount": {"type": "number", "minimum": 0},
            "count": {"type": "integer"},
            "maybe": {"type": ["number", "null"]},
            "prices": {"type": "array", "items": {"type": "number"}},
            "line": {"type": "object", "properties": {"price": {"type": "number"}}},
            "day": {"type": "string", "format": "date"},
        },
    }
)


def test_numbers_get_the_kind_that_the_schema_states() -> None:
    taken = SHOP.accept(
        {"amount": 3, "count": 4.0, "maybe": 1, "prices": [1, 2.5], "line": {"price": 7, "other": 8}}
    )

    assert repr(taken) == repr(
        {"amount": 3.0, "count": 4, "maybe": 1.0, "prices": [1.0, 2.5], "line": {"price": 7.0, "other": 8}}
    )
    assert SHOP.accept({"amount": 1.5, "maybe": None})["maybe"] is None


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({}, "properties"),
        ({"amount": "3"}, "properties.amount"),
        ({"amount": True}, "properties.amount"),
        ({"amount": -1}, "properties.amount"),
        ({"amount": 1, "count": 1.5}, "properties.count"),
        ({"amount": 1, "prices": [1, "2"]}, "properties.prices.1"),
        ({"amount": 1, "day": "yesterday"}, "properties.day"),
        ({"amount": 1, "extra": 1}, "properties"),
    ],
)
def test_what_the_schema_refuses_is_named_by_its_path(value: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        SHOP.accept(value)

    assert refused.value.code is ErrorCode.SCHEMA_MISMATCH
    assert ".".join(refused.value.path or []) == path


def test_a_message_stays_short_whatever_was_sent() -> None:
    with pytest.raises(InvalidInput) as refused:
        SHOP.accept({"amount": "x" * 10_000})

    assert len(refused.value.message) <= 500


@pytest.mark.parametrize("value", [1e300, -1e20, float(LONG_MAX + 1)])
def test_a_whole_number_written_with_an_exponent_must_be_exact_too(value: float) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    }

    with pytest.raises(InvalidInput) as refused:
        Properties(schema).accept({"a": {"n": value}})

    assert refused.value.code is ErrorCode.NOT_EXACT
    assert refused.value.path == ["properties", "a", "n"]
    assert Properties(schema).accept({"a": {"n": 3e0}}) == {"a": {"n": 3}}
