"""Results of anonymous surveys read again and again: from what one reading has that the one before had not, nobody's answer can
be told."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from community.surveys.reading import Results
from community.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL
from tests.resolvers.test_survey_results import BREAKDOWN, answered, of, results
from tests.support import ProgrammeUnderTest
from tests.survey_world import SURVEYS, crowd, stated

WEB: dict[str, Any] = {"channel": ["web"], "service": 5}
SHOP: dict[str, Any] = {"channel": ["shop"], "service": 3}
PLEASED: dict[str, Any] = {"recommend": 9}


def displeased(number: int) -> dict[str, Any]:
    return {"recommend": 2, "why": f"why {number}"}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await programme(SURVEYS)


async def by_channel(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, int]:
    asked = {"key": "secret", "by": "channel"}
    found = (await graphql.read(club.operator, BREAKDOWN, asked))["survey"]["results"]["breakdown"]
    return {one["key"]: one["shown"] for one in found["groups"]}


async def test_a_group_grows_by_several_at_once_or_not_at_all(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await answered(graphql, club, "secret", *[WEB] * 5, *[SHOP] * 5)
    assert await by_channel(graphql, club) == {"web": 5, "shop": 5}

    # One who bought on the web joins all with four others: among those of the web they would be alone.
    await answered(graphql, club, "secret", WEB, *[SHOP] * 4, start=10)
    assert (await results(graphql, club, "secret"))["results"]["shown"] == 15
    assert await by_channel(graphql, club) == {"web": 5, "shop": 5}

    await answered(graphql, club, "secret", *[WEB] * 4, SHOP, start=15)
    assert await by_channel(graphql, club) == {"web": 10, "shop": 10}
    # A group that nobody new is in stays as it is, and the other grows.
    await answered(graphql, club, "secret", *[SHOP] * 5, start=20)
    assert await by_channel(graphql, club) == {"web": 10, "shop": 15}
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_a_question_asked_of_some_grows_by_several_at_once_too(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    def texts(found: dict[str, Any]) -> tuple[Any, list[str]]:
        why = of(found, "why")
        return why["answered"], sorted(one["text"] for one in why["texts"]["nodes"])

    first = [displeased(number) for number in range(5)]
    await answered(graphql, club, "secret", *first)
    known = (5, [f"why {number}" for number in range(5)])
    assert texts(await results(graphql, club, "secret")) == known

    # Of five who join, one gave less than 7: the new text would be theirs.
    await answered(graphql, club, "secret", displeased(5), *[PLEASED] * 4, start=5)
    after = await results(graphql, club, "secret")
    assert after["results"]["shown"] == 10
    assert of(after, "recommend")["netPromoters"]["detractors"] == 6
    assert texts(after) == known
    survey = await club.services.survey_reading.survey(club.operator, "secret")
    assert survey is not None
    columns = await club.services.survey_reading.columns(club.operator, survey)
    (column,) = [values for question, values in columns if question.key == "why"]
    assert column is not None
    assert len([one async for one in column]) == 5

    await answered(
        graphql, club, "secret", *[displeased(number) for number in range(6, 10)], PLEASED, start=10
    )
    assert texts(await results(graphql, club, "secret")) == (10, [f"why {number}" for number in range(10)])


async def test_by_groups_what_was_asked_of_some_is_not_shown(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    """Against the same of all it would tell of those between."""
    shop = {**SHOP, "drinks": ["tea"]}
    await answered(graphql, club, "secret", *[WEB] * 5, *[shop] * 6)
    asked = {"key": "secret", "by": "channel"}
    found = (await graphql.read(club.operator, BREAKDOWN, asked))["survey"]["results"]["breakdown"]

    for group in found["groups"]:
        kinds = {one["question"]["key"]: one["isWithheld"] for one in group["questions"]}
        assert [key for key, withheld in kinds.items() if withheld] == ["why", "drinks"]
    drinks = of(await results(graphql, club, "secret"), "drinks")
    assert (drinks["isWithheld"], drinks["answered"]) == (False, 6)


async def test_groups_that_are_read_while_others_answer_grow_by_several_each(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    reading, operator = club.services.survey_reading, club.operator
    survey = await reading.survey(operator, "secret")
    assert survey is not None
    seen: dict[str | None, set[int]] = {"web": {0}, "shop": {0}}

    async def look() -> None:
        await reading.results(operator, survey)
        found: Any = await reading.by_group(operator, survey, "channel")
        for group, shown in found or ():
            assert isinstance(shown, Results)
            seen[group.key].add(shown.shown)

    names = await crowd(club, 48)
    for start in range(0, 48, 6):
        given = [
            graphql.done(
                club.member_actor(name), "answerSurvey", stated("secret", **(WEB, SHOP)[place % 3 == 0])
            )
            for place, name in enumerate(names[start : start + 6])
        ]
        await asyncio.gather(*given, *(look() for _ in range(3)))
    await look()

    for steps in seen.values():
        assert all(after - before >= 5 for before, after in pairwise(sorted(steps)))
        assert max(steps) > 10


# -- answered again and again


@pytest.fixture
async def pulse(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The same survey, which may be answered every day."""
    surveys = [{**one, **({"repeat": "P1D"} if one["key"] == "secret" else {})} for one in SURVEYS["surveys"]]
    return await programme({**SURVEYS, "surveys": surveys})


async def days_of(graphql: GraphQL, club: ProgrammeUnderTest, name: str, given: list[dict[str, Any]]) -> None:
    """Let a member answer day after day."""
    for one in given:
        club.clock.advance(timedelta(days=1))
        asked = stated("secret", f"{name}-{club.clock.now}", **one)
        await graphql.done(club.member_actor(name), "answerSurvey", asked)


async def test_one_who_answers_five_times_is_not_five(graphql: GraphQL, pulse: ProgrammeUnderTest) -> None:
    names = await crowd(pulse, 5)
    await days_of(graphql, pulse, "m0", [WEB] * 6)
    assert (await results(graphql, pulse, "secret"))["results"]["shown"] == 0

    for name in names[1:4]:
        await days_of(graphql, pulse, name, [SHOP])
    assert (await results(graphql, pulse, "secret"))["results"]["shown"] == 0
    await days_of(graphql, pulse, "m4", [SHOP])
    assert (await results(graphql, pulse, "secret"))["results"]["shown"] == 10
    # Six who bought on the web may all be one of them.
    assert await by_channel(graphql, pulse) == {}
    await days_of(graphql, pulse, "m0", [WEB] * 5)
    assert (await results(graphql, pulse, "secret"))["results"]["shown"] == 10


async def test_what_is_asked_of_some_is_not_shown_of_one_who_was_asked_five_times(
    graphql: GraphQL, pulse: ProgrammeUnderTest
) -> None:
    names = await crowd(pulse, 9)
    await days_of(graphql, pulse, "m0", [displeased(number) for number in range(5)])
    for name in names[1:]:
        await days_of(graphql, pulse, name, [PLEASED])
    found = await results(graphql, pulse, "secret")
    assert found["results"]["shown"] == 13
    assert of(found, "why")["texts"]["nodes"] == []

    # Who answers once each in a round that is looked at is one each.
    pulse.clock.advance(timedelta(days=1))
    for number, name in enumerate(names):
        one = displeased(number) if number < 5 else PLEASED
        asked = stated("secret", f"round-{name}", **one)
        await graphql.done(pulse.member_actor(name), "answerSurvey", asked)
    found = await results(graphql, pulse, "secret")
    assert found["results"]["shown"] == 22
