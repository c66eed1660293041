"""The compiled way and graphql-core's own give the same answer, to the byte."""

import gc
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, execute, parse, validate
from graphql.pyutils import is_awaitable
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.execution.running import COMPILED, Operation
from tests.resolvers.execution.documents import Documents
from tests.resolvers.execution.generated import generated_schema
from tests.resolvers.execution.schemas import CORE, World

# Where an error takes its neighbours with it, the library leaves what they were to await behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
WAYS: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def _left_behind() -> Iterator[None]:
    """What the library left behind is collected here, or it would be some later test's warning."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def operation(text: str, schema: GraphQLSchema = CORE) -> Operation:
    document = parse(text)
    errors = validate(schema, document)
    assert not errors, (text, errors)
    node = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return Operation(schema, document, node)


async def by_library(text: str, variables: dict[str, Any], world: World, schema: GraphQLSchema = CORE) -> Any:
    """Strawberry's executor as Strawberry calls it."""
    result = execute(
        schema,
        parse(text),
        context_value=world,
        variable_values=variables,
        executor_class=StrawberryGraphQLCoreExecutionContext,
        hide_suggestions=True,
        operation_extensions=None,
    )
    return await result if is_awaitable(result) else result


def shown(result: Any) -> tuple[bytes, list[bytes]]:
    """The data to the byte, and the errors; those of fields that run side by side come in any order."""
    errors = sorted(orjson.dumps(error.formatted) for error in result.errors or [])
    return orjson.dumps(result.data), errors


def check_same(found: Any, expected: Any, text: str) -> None:
    """Where one of several root fields takes the whole answer with it, the library itself tells of the others what
    they had come to by then: there, one error in common is all that can be asked."""
    if found.data is None and len(parse(text).definitions[0].selection_set.selections) > 1:  # type: ignore[attr-defined]
        assert expected.data is None
        assert set(shown(found)[1]) & set(shown(expected)[1]), text
    else:
        assert shown(found) == shown(expected), text


async def compare(
    text: str, variables: dict[str, Any], seed: int, faults: int, schema: GraphQLSchema = CORE
) -> None:
    library = World(seed, faults)
    expected = await by_library(text, variables, library, schema)
    one = operation(text, schema)
    for _ in range(2):  # the second time by the plan that is there
        compiled = World(seed, faults)
        found = await one.run(compiled, variables, on_way=lambda way: WAYS.update([way]))
        check_same(found, expected, text)
        roots = [call for call in compiled.calls if call != "doubled"]
        assert Counter(roots) == Counter(call for call in library.calls if call != "doubled")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
async def test_queries_without_faults(document: int, seed: int) -> None:
    text, variables = Documents(CORE, document).query()
    await compare(text, variables, seed, faults=0)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.sampled_from((1, 5, 30)))
async def test_queries_with_faults(document: int, seed: int, faults: int) -> None:
    text, variables = Documents(CORE, document).query()
    await compare(text, variables, seed, faults)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.sampled_from((0, 5, 30)))
async def test_mutations_run_once_and_in_order(document: int, seed: int, faults: int) -> None:
    text, variables = Documents(CORE, document, depth=3).mutation()
    await compare(text, variables, seed, faults)
    library, compiled = World(seed, faults), World(seed, faults)
    await by_library(text, variables, library)
    await operation(text).run(compiled, variables)
    assert [c for c in compiled.calls if c != "doubled"] == [c for c in library.calls if c != "doubled"]


@pytest.mark.parametrize("seed", range(20))
async def test_most_queries_are_compiled(seed: int) -> None:
    ways: list[str] = []
    for number in range(10):
        text, variables = Documents(CORE, seed * 10 + number).query()
        if "where" not in text and "guarded" not in text:
            await operation(text).run(World(seed), variables, on_way=ways.append)
    assert set(ways) == {COMPILED}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 40), st.integers(0, 2**32), st.sampled_from((0, 0, 3, 20)))
async def test_schemas_of_all_kinds(schema: int, seed: int, faults: int) -> None:
    core = generated_schema(schema)
    text, variables = Documents(core, seed).query()
    await compare(text, variables, seed, faults, core)
