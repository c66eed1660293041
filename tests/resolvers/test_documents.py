"""Which documents are run: one operation, and the same whether or not the text was seen before."""

import pytest

from resolvers.context import Context
from resolvers.documents import TEXT_LENGTH_MAX
from resolvers.schema import schema
from tests.conftest import MakeProgramme

TWO = "query A { programme { key } } query B { programme { version } }"


@pytest.mark.parametrize("again", [False, True])
async def test_several_operations_need_a_name(programme: MakeProgramme, again: bool) -> None:
    club = await programme({})
    context = Context(club.services, club.service, "test")
    if again:
        named = await schema.execute(TWO, context_value=context, operation_name="A")
        assert named.data == {"programme": {"key": club.key}}

    refused = await schema.execute(TWO, context_value=context)

    assert refused.data is None
    (error,) = refused.errors or []
    assert "operationName" in error.message
    assert (error.extensions or {})["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "text", ["{ nope }", "{ programme { key }", "{ programme { key } }" + " " * TEXT_LENGTH_MAX]
)
async def test_a_text_gets_the_same_answer_every_time(programme: MakeProgramme, text: str) -> None:
    club = await programme({})

    answers = [
        await schema.execute(text, context_value=Context(club.services, club.service, "t")) for _ in range(3)
    ]

    assert len({repr((a.data, [e.formatted for e in a.errors or []])) for a in answers}) == 1
