"""What goals cost intake: nothing where there are none, and a bounded number of commands for a batch of any size."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
from pymongo import monitoring

from gamification import services as wiring
from gamification.services import Services
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.goal_world import NOW, document, keep, run_of, walk_goal
from tests.support import Clock, ProgrammeUnderTest


class Commands(monitoring.CommandListener):
    """What was sent, as `insert goal_entries`."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.seen.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""

    def of_goals(self) -> dict[str, int]:
        return dict(Counter(one for one in self.seen if " goal_" in one))


@pytest.fixture
async def counted(
    mongo: Mongo, endpoints: Endpoints, redis_store: RedisStore, session_clock: Clock
) -> AsyncIterator[tuple[Services, Commands]]:
    """Services of their own over the same servers; `mongo` has made the collections."""
    commands = Commands()
    own = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[commands])
    yield wiring.build(own, redis_store, session_clock), commands
    own.close()


async def recorded(
    counted: tuple[Services, Commands], club: ProgrammeUnderTest, names: list[str], times: int
) -> dict[str, int]:
    services, commands = counted
    batch = [club.activity("walk", name, km=1) for name in names * times]
    commands.seen.clear()
    outcomes = await services.recording.record(club.service, batch)
    assert not [one for one in outcomes if one.error]
    return commands.of_goals()


async def test_a_programme_without_goals_pays_nothing(
    programme: MakeProgramme, counted: tuple[Services, Commands]
) -> None:
    club = await programme(document(rules=[]))
    club.clock.now = NOW
    await club.join("ann")

    assert await recorded(counted, club, ["ann"], 3) == {}


async def test_a_batch_of_any_size_takes_as_many_commands(
    programme: MakeProgramme, counted: tuple[Services, Commands]
) -> None:
    club = await programme(document(walk_goal(), walk_goal(key="other")))
    club.clock.now = NOW
    names = [f"m{number}" for number in range(40)]
    await club.join_all(*names)

    first = await recorded(counted, club, names[:1], 1)
    many = await recorded(counted, club, names[1:], 3)
    again = await recorded(counted, club, names, 2)

    assert (
        first
        == many
        == {
            "find goal_contributions": 1,
            "insert goal_contributions": 1,
            "insert goal_entries": 1,
        }
    )
    assert again == {
        "find goal_contributions": 1,
        "update goal_contributions": 1,
        "insert goal_entries": 1,
    }
    await keep(club)
    assert (await run_of(club)).total == 1 + 39 * 3 + 40 * 2


async def test_what_is_under_way_takes_no_reads_of_what_members_share(
    programme: MakeProgramme, counted: tuple[Services, Commands]
) -> None:
    club = await programme(document(walk_goal(reward=[])))
    club.clock.now = NOW
    await club.join("ann")
    await recorded(counted, club, ["ann"], 100)
    await keep(club)

    later = await recorded(counted, club, ["ann"], 1)

    assert not [one for one in later if "goal_runs" in one]
