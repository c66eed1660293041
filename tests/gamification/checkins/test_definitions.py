"""What a programme file may say of check-ins, and what is refused with its place."""

from typing import Any

import pytest

from gamification.kit.errors import InvalidInput
from gamification.programmes.document import Problem
from tests.conftest import MakeProgramme

PLAIN: dict[str, Any] = {"key": "daily", "activity": "check_in"}
CLOSED = {"type": "object", "properties": {"day": {"type": "string"}}, "additionalProperties": False}


def document(changed: dict[str, Any], schema: dict[str, Any] | None = None) -> dict[str, Any]:
    activity = {"key": "check_in", **({"properties": schema} if schema else {})}
    return {"units": [{"key": "points"}], "activity_types": [activity], "check_ins": [{**PLAIN, **changed}]}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"activity": "nope"}, "check_ins.daily.activity"),
        ({"day_start": "24:00"}, "check_ins.daily.day_start"),
        ({"day_start": 240}, "check_ins.daily.day_start"),
        ({"offline": "P32D"}, "check_ins.daily.offline"),
        (
            {"cycle": [{"reward": [{"points": {"unit": "nope", "amount": 1}}]}]},
            "check_ins.daily.cycle.0.reward",
        ),
        ({"milestones": [{"streak": 2, "reward": []}] * 2}, "check_ins.daily"),
        ({"freeze": {"initial": 6}}, "check_ins.daily.freeze"),
        ({"freeze": {"price": {"unit": "nope", "amount": 1}}}, "check_ins.daily.freeze.price.unit"),
        ({"make_up": {"days": 63}}, "check_ins.daily.make_up.days"),
        (
            {"cycle": [{"reward": [{"check_in_item": {"check_in": "daily", "item": "freeze"}}]}]},
            "check_ins.daily.cycle.0.reward.0.check_in_item.item",
        ),
    ],
)
async def test_a_fault_is_named_by_its_place(
    programme: MakeProgramme, changed: dict[str, Any], place: str
) -> None:
    with pytest.raises(Problem) as raised:
        await programme(document(changed))

    assert any(where.startswith(place) for where, _ in raised.value.problems), raised.value.problems


async def test_the_activity_type_must_take_a_check_in(programme: MakeProgramme) -> None:
    with pytest.raises(Problem, match="can't be recorded"):
        await programme(document({}, CLOSED))


async def test_the_start_of_days_is_fixed_once_made(programme: MakeProgramme) -> None:
    hall = await programme(document({}))

    with pytest.raises(InvalidInput, match="day_start is fixed"):
        await hall.apply(document({"day_start": "04:00"}))
    applied = await hall.apply(document({"offline": "PT1H"}))
    assert [(change.section, change.fields) for change in applied.changes] == [("check_ins", ("offline",))]
