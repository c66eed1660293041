"""Which documents are run: one operation, and the same whether or not the text was seen before."""

import pytest
from graphql import ExecutionResult

from resolvers.context import Context
from resolvers.operations import Refused, Request
from tests.conftest import MakeProgramme
from tests.resolvers.harness import OPERATIONS
from tests.support import ProgrammeUnderTest

TWO = "query A { programme { key } } query B { programme { version } }"


async def execute(club: ProgrammeUnderTest, text: str, name: str | None = None) -> ExecutionResult:
    try:
        context = Context(club.services, club.service, "test")
        return await OPERATIONS.execute(Request(text, operation_name=name), context)
    except Refused as refused:
        return ExecutionResult(None, list(refused.errors))


@pytest.mark.parametrize("again", [False, True])
async def test_several_operations_need_a_name(programme: MakeProgramme, again: bool) -> None:
    club = await programme({})
    if again:
        named = await execute(club, TWO, "A")
        assert named.data == {"programme": {"key": club.key}}

    refused = await execute(club, TWO)

    assert refused.data is None
    (error,) = refused.errors or []
    assert "operationName" in error.message
    assert (error.extensions or {})["code"] == "INVALID_INPUT"


@pytest.mark.parametrize("text", ["{ nope }", "{ programme { key }", "{ programme { key } }" + " " * 20_000])
async def test_a_text_gets_the_same_answer_every_time(programme: MakeProgramme, text: str) -> None:
    club = await programme({})

    answers = [await execute(club, text) for _ in range(3)]

    assert len({repr((a.data, [e.formatted for e in a.errors or []])) for a in answers}) == 1
