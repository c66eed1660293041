"""Fixtures of the GraphQL layer's tests: it runs over the real servers of `tests/conftest.py`.

- `graphql`: executes documents; see `tests.resolvers.harness.GraphQL`.
- `club`: a programme with members ann and bob; see `tests.resolvers.harness.CLUB`.
"""

import pytest

from community.services import Services
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL
from tests.resolvers.lived_in_world import built
from tests.support import ProgrammeUnderTest


@pytest.fixture
def graphql(live: Services) -> GraphQL:
    """Executes documents as an actor."""
    return GraphQL(live)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """A programme with two members who have done nothing yet."""
    club = await programme(CLUB)
    await club.join("ann", display_name="Ann")
    await club.join("bob", display_name="Bob")
    return club


@pytest.fixture
async def world(programme: MakeProgramme) -> ProgrammeUnderTest:
    """A programme where Ann has something in every private field."""
    return await built(programme)
