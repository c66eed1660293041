"""What is compiled is kept, within bounds; what is not is said why."""

import pytest
from graphql import OperationDefinitionNode, parse

from resolvers.execution.plans import PlanStore
from resolvers.execution.running import COMPILED, PLANS_MAX, Operation
from resolvers.execution.surprises import Unsupported
from tests.resolvers.execution.schemas import CORE, World


def operation(text: str, plans: PlanStore | None = None, *, compiled: bool = True) -> Operation:
    document = parse(text)
    node = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return Operation(CORE, document, node, compiled=compiled, plans=plans)


async def way_of(one: Operation, variables: dict[str, object] | None = None) -> str:
    ways: list[str] = []
    await one.run(World(1), variables, on_way=ways.append)
    return ways[0]


async def test_a_plan_is_made_once() -> None:
    plans = PlanStore()
    one = operation("{ leaf { uid } }", plans)
    for _ in range(3):
        assert await way_of(one) == COMPILED
    assert len(plans._plans) == 1


async def test_the_least_used_plans_are_forgotten_and_made_again() -> None:
    plans = PlanStore(lines_max=100)
    operations = [operation(f"{{ leaf {{ a{n}: uid b: name c: small }} }}", plans) for n in range(50)]
    for _ in range(2):
        for one in operations:
            assert await way_of(one) == COMPILED
            assert plans.lines <= 100
    assert 1 <= len(plans._plans) < 50


async def test_ways_that_directives_fall_out_are_compiled_up_to_a_number() -> None:
    stated = ", ".join(f"$v{n}: Boolean!" for n in range(5))
    text = f"query ({stated}) {{ leaf {{ uid " + " ".join(f"a{n}: uid @include(if: $v{n})" for n in range(5))
    one = operation(text + " } }")
    ways = [await way_of(one, {f"v{n}": bool(number >> n & 1) for n in range(5)}) for number in range(32)]
    assert ways.count(COMPILED) == PLANS_MAX
    assert ways.count("conditions") == 32 - PLANS_MAX
    assert await way_of(one, {f"v{n}": False for n in range(5)}) == COMPILED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ __schema { queryType { name } } }", "introspection"),
        ("{ leaf { where } }", "path"),
        ("{ leaf { uid } ... on Query @unknown { leaf { uid } } }", "directive"),
        ("mutation { act(number: 1) { ... on Done { branch { named { uid } } } } }", COMPILED),
    ],
)
async def test_what_is_left_to_the_library_is_named(text: str, reason: str) -> None:
    assert await way_of(operation(text)) == reason


async def test_it_can_be_turned_off() -> None:
    one = operation("{ leaf { uid } }", compiled=False)
    assert await way_of(one) == "off"


async def test_what_would_make_a_huge_plan_of_a_short_text_is_left_to_the_library() -> None:
    levels = range(40)
    fragments = " ".join(
        f"fragment F{n} on Branch {{ uid a{n}: named {{ ...F{n + 1} }} b{n}: things {{ ...F{n + 1} }} }}"
        for n in levels
    )
    text = f"{{ branch {{ ...F0 }} }} {fragments} fragment F{len(levels)} on Branch {{ uid }}"
    one = operation(text)
    with pytest.raises(Unsupported) as caught:
        one._compiled({})
    assert caught.value.reason == "size"


async def test_resolvers_that_change_their_arguments_change_them_for_nobody_else() -> None:
    one = operation("{ leaf { doubled(by: 3, shape: {size: 4}) } }")
    answers = [(await one.run(World(3))).data for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
