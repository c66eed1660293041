import math

import pytest

from gamification.kit.actors import GRANTS, Actor, Permission, Role, system_actor
from gamification.kit.errors import ErrorCode, Forbidden, InvalidInput
from gamification.kit.identifiers import derived_id, new_id
from gamification.kit.numbers import LONG_MAX, exact_long


@pytest.mark.parametrize("value", [0, -1, LONG_MAX, -LONG_MAX, 3.0, -0.0, float(LONG_MAX)])
def test_takes_whole_numbers_that_json_holds_exactly(value: float) -> None:
    taken = exact_long(value, "score")

    assert taken == value
    assert type(taken) is int


@pytest.mark.parametrize("value", [LONG_MAX + 1, -LONG_MAX - 1, 1e300, 2**70, math.nan, math.inf, 0.5])
def test_refuses_what_is_not_exact(value: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        exact_long(value, "score")

    assert refused.value.code is ErrorCode.NOT_EXACT
    assert refused.value.path == ["score"]


@pytest.mark.parametrize("value", [True, "3", None, [1], b"1"])
def test_refuses_what_is_no_number(value: object) -> None:
    with pytest.raises(InvalidInput):
        exact_long(value, "score")


def test_names_the_limit_where_a_number_is_too_great() -> None:
    with pytest.raises(InvalidInput) as refused:
        exact_long(LONG_MAX + 1, "score")

    assert refused.value.limit == LONG_MAX


def test_derived_ids_tell_parts_apart() -> None:
    assert derived_id("ab", "c") != derived_id("a", "bc")
    assert derived_id("a", 1) == derived_id("a", "1")
    assert derived_id("a") == derived_id("a")
    assert len(derived_id()) == 16


def test_new_ids_differ_and_sort_by_age() -> None:
    ids = [new_id() for _ in range(1000)]

    assert len(set(ids)) == 1000
    assert [i[:6] for i in ids] == sorted(i[:6] for i in ids)


def test_every_role_has_its_grants_and_no_more() -> None:
    assert set(GRANTS) == set(Role)
    member = Actor("p", "ann", Role.MEMBER)

    with pytest.raises(Forbidden):
        member.require(Permission.LEDGER_ADJUST)
    assert member.is_member("ann")
    assert not member.is_member("bob")
    assert not system_actor("p").is_member("system")
    assert not Actor("p", "ops", Role.OPERATOR).can(Permission.ACTIVITY_RECORD)
