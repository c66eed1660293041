"""What a request held is gone with its answer: no ring waits for Python's garbage collector, which holds everybody up when it looks."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from community.services import Services
from gamification.kit.actors import Actor
from resolvers.context import Context
from resolvers.operations import Request
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, OPERATIONS
from tests.support import ProgrammeUnderTest

BOARD = '{ leaderboard(key: "daily") { name period { size entries(first: 5) { nodes { rank member { displayName joinedAt } } } } } }'
ME = "{ me { displayName balances { active unit { name } } } tasks { nodes { name } } }"
VISIT = "mutation ($input: RecordActivitiesInput!) { recordActivities(input: $input) { recorded outcomes { status } } }"
WRONG = '{ member(id: "nothing") { externalId } me { externalId } }'


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nobody looks for rings."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    await club.join("ann")
    await club.do("visit", "ann")
    return club


async def still_held(services: Services, actor: Actor, request: Request) -> list[object]:
    """What is left of the context of a request that was answered, and of its loaders."""
    context = Context(services, actor, request_id="r")
    answer = await OPERATIONS.execute(request, context)
    assert answer.data is not None
    found: list[weakref.ref[Any]] = [weakref.ref(context), weakref.ref(context.loaders)]
    del context
    return [one() for one in found if one() is not None]


@pytest.mark.parametrize("document", [BOARD, ME, WRONG])
async def test_a_querys_context_goes_with_it(
    club: ProgrammeUnderTest, no_collector: None, document: str
) -> None:
    assert await still_held(club.services, club.member_actor("ann"), Request(document)) == []


async def test_a_mutations_context_goes_with_it(club: ProgrammeUnderTest, no_collector: None) -> None:
    activity = {
        "type": "visit",
        "source": "tests",
        "sourceId": "once",
        "memberExternalId": "ann",
        "occurredAt": club.clock.now.isoformat(),
    }
    request = Request(VISIT, {"input": {"activities": [activity]}})
    assert await still_held(club.services, club.service, request) == []
