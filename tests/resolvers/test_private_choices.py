"""What a shadow-limited asker accepts looks accepted to them, and to nobody else; once the limit is over, all see the same."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.moderation_world import Desk
from tests.resolvers.harness import GraphQL
from tests.resolvers.test_questions import accept, adds_up, answered, asked, peopled
from tests.support import ProgrammeUnderTest

SEEN = "query ($id: ID!) { post(id: $id) { question { acceptedAt acceptedAnswer { id } } } }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await peopled(programme)


async def chosen(graphql: GraphQL, club: ProgrammeUnderTest, name: str, post: str) -> tuple[Any, Any]:
    """(the answer that somebody sees as accepted, whether they see since when)."""
    question = (await graphql.read(club.member_actor(name), SEEN, {"id": post}))["post"]["question"]
    answer = question["acceptedAnswer"]
    return answer and answer["id"], question["acceptedAt"] is not None


async def over(club: ProgrammeUnderTest, until: datetime) -> None:
    """The limit is over, and the worker has shown what it had hidden."""
    club.clock.now = until
    sanctioning = club.services.moderating.sanctioning
    await sanctioning.end_due()
    await sanctioning.sweep_due()


async def test_a_choice_of_their_own_looks_like_any_other_until_the_limit_is_over(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post, ann = await asked(graphql, club), club.member_actor("ann")
    first = await answered(graphql, club, "bob", post, "first")
    second = await answered(graphql, club, "cyd", post, "second")
    club.clock.advance(timedelta(seconds=1))
    until = club.clock.now + timedelta(days=1)
    await Desk(graphql, club).sanction("ann", "SHADOW_LIMIT", until=until.isoformat())

    await accept(graphql, ann, first)
    assert await chosen(graphql, club, "ann", post) == (first, True)
    await graphql.done(ann, "withdrawAcceptance", {"postId": post}, "post { id }")
    assert await chosen(graphql, club, "ann", post) == (None, False)
    await accept(graphql, ann, first)

    await over(club, until)
    await accept(graphql, ann, second)
    for name in ("ann", "bob"):
        assert await chosen(graphql, club, name, post) == (second, True)
    await graphql.done(ann, "withdrawAcceptance", {"postId": post}, "post { id }")
    assert await chosen(graphql, club, "ann", post) == (None, False)
    assert await adds_up(club)


async def test_what_was_accepted_before_stands_for_all_once_they_accept_it_again(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post, ann = await asked(graphql, club), club.member_actor("ann")
    first = await answered(graphql, club, "bob", post, "first")
    second = await answered(graphql, club, "cyd", post, "second")
    await accept(graphql, ann, first)
    club.clock.advance(timedelta(seconds=1))
    until = club.clock.now + timedelta(days=1)
    await Desk(graphql, club).sanction("ann", "SHADOW_LIMIT", until=until.isoformat())
    await accept(graphql, ann, second)
    assert await chosen(graphql, club, "ann", post) == (second, True)
    await over(club, until)

    await accept(graphql, ann, first)

    assert await chosen(graphql, club, "ann", post) == (first, True)
    assert await adds_up(club)
