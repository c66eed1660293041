"""Tasks whose reward is for the first finishers only: exactly so many, numbered, whoever comes at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.kit.errors import InvalidInput
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, typed
from tests.support import ProgrammeUnderTest

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def race(**stated: Any) -> dict[str, Any]:
    return {
        "units": [{"key": "points"}],
        "activity_types": [{"key": "run"}],
        "rules": [{"key": "runs", "on": ["run"], "effects": [{"advance": {"task": "race"}}]}],
        "tasks": [
            {
                "key": "race",
                "goal": 1,
                "finishers": 3,
                "reward": [{"points": {"unit": "points", "amount": 10}}],
                **stated,
            }
        ],
    }


async def places(club: ProgrammeUnderTest, period: str = "all") -> dict[str, tuple[int | None, bool]]:
    found = {name: await club.progress(name, "race", period) for name in club.members}
    return {name: (one.place, one.missed) for name, one in found.items() if one and one.is_complete}


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def left(graphql: GraphQL, club: ProgrammeUnderTest) -> int | None:
    answer = await graphql.read(club.operator, '{ task(key: "race") { finishersMax placesLeft } }')
    assert answer["task"]["finishersMax"] == 3
    return answer["task"]["placesLeft"]  # type: ignore[no-any-return]


async def test_the_first_are_numbered_and_rewarded_and_the_others_are_told(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(race())
    names = [f"m{number}" for number in range(4)]
    await club.join_all(*names)
    assert await left(graphql, club) == 3
    document = "subscription { myProgress { ... on TaskCompleted { place missed task { key } } } }"

    async with (
        graphql.subscribe(club.member_actor("m0"), document) as first,
        graphql.subscribe(club.member_actor("m3"), document) as last,
    ):
        for stream in (first, last):
            await stream.data()
        for name in names:
            await club.do("run", name)
        told = [[m for m in await stream.until_quiet(0.5) if m] for stream in (first, last)]

    assert told == [
        [{"place": 1, "missed": False, "task": {"key": "race"}}],
        [{"place": None, "missed": True, "task": {"key": "race"}}],
    ]
    assert await places(club) == {"m0": (1, False), "m1": (2, False), "m2": (3, False), "m3": (None, True)}
    assert [await club.balance(name, "points") for name in names] == [10, 10, 10, 0]
    assert await left(graphql, club) == 0
    shown = await graphql.read(
        club.member_actor("m3"), "{ me { taskProgress { nodes { place missed claimable lapsed } } } }"
    )
    assert shown["me"]["taskProgress"]["nodes"] == [
        {"place": None, "missed": True, "claimable": False, "lapsed": False}
    ]
    assert await differences(club) == []


async def test_of_many_at_once_exactly_so_many_finish_first(programme: MakeProgramme) -> None:
    club = await programme(race(finishers=5))
    names = [f"m{number}" for number in range(30)]
    await club.join_all(*names)

    outcomes = await asyncio.gather(*(club.record(club.activity("run", name)) for name in names))

    assert {outcome.status for (outcome,) in outcomes} == {"recorded"}
    given = await places(club)
    assert sorted(place for place, _ in given.values() if place) == [1, 2, 3, 4, 5]
    assert sum(missed for _, missed in given.values()) == 25
    assert sum([await club.balance(name, "points") for name in names]) == 50
    assert await differences(club) == []


async def test_a_place_stays_whose_it_is_whatever_is_taken_back(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(race())
    names = [f"m{number}" for number in range(5)]
    await club.join_all(*names)
    runs = [await club.do("run", name) for name in names[:4]]

    await club.reverse(runs[1])
    assert await left(graphql, club) == 0
    assert await club.balance("m1", "points") == 0
    await club.do("run", "m4")
    assert (await places(club))["m4"] == (None, True)
    assert await differences(club) == []
    await club.do("run", "m1")
    await club.reverse(runs[3])

    assert await places(club) == {
        "m0": (1, False), "m1": (2, False), "m2": (3, False), "m4": (None, True),
    }  # fmt: skip
    assert await club.balance("m1", "points") == 10
    assert await differences(club) == []


async def test_each_period_has_places_of_its_own(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(race(cycle="daily"))
    await club.join_all("a", "b")
    club.clock.now = NOW
    await club.do("run", "a")
    assert await left(graphql, club) == 2
    club.clock.now = NOW + timedelta(days=1)
    assert await left(graphql, club) == 3
    await club.do("run", "b")

    assert await places(club, "2026-11-18") == {"a": (1, False)}
    assert await places(club, "2026-11-19") == {"b": (1, False)}


async def test_a_place_is_taken_by_finishing_not_by_claiming(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(race(finishers=1, claim="manual"))
    await club.join_all("a", "b")
    await club.do("run", "a")
    await club.do("run", "b")
    stated = {"task": "race", "idempotencyKey": "k"}

    typed(
        await graphql.mutate(club.member_actor("b"), "claimTask", stated),
        "ConflictError",
        "TASK_NOT_CLAIMABLE",
        "task",
    )
    await graphql.done(club.member_actor("a"), "claimTask", stated, "replayed")

    assert (await club.balance("a", "points"), await club.balance("b", "points")) == (10, 0)
    assert await differences(club) == []


async def test_an_activity_that_is_refused_takes_no_place(programme: MakeProgramme) -> None:
    document = race(reward=[{"score": {"board": "board", "value": 2**53 - 1}}])
    club = await programme({**document, "leaderboards": [{"key": "board"}]})
    ann = await club.join("ann")
    board = {"key": "board"}
    rule = {"key": "more", "on": ["run"], "effects": [{"score": {"board": board["key"], "value": 1}}]}
    await club.apply({**document, "leaderboards": [board], "rules": [*document["rules"], rule]})

    (outcome,) = await club.record(club.activity("run", "ann"))

    assert outcome.error is not None
    assert await club.services.stores.progress.places_of(club.key) == []
    assert await club.progress("ann", "race") is None, ann


async def test_verify_finds_a_place_given_twice(programme: MakeProgramme, mongo: Mongo) -> None:
    club = await programme(race())
    await club.join_all("a", "b")
    for name in ("a", "b"):
        await club.do("run", name)
    await mongo.collection("task_progress").update_many({"programme_id": club.key}, {"$set": {"place": 1}})

    assert any("places" in found for found in await differences(club))


async def test_how_many_is_fixed_once_made_and_counted_by_one_calendar(programme: MakeProgramme) -> None:
    club = await programme(race())

    with pytest.raises(InvalidInput, match="finishers is fixed"):
        await club.apply(race(finishers=4))
    with pytest.raises(InvalidInput, match="one calendar"):
        await club.apply(race(zone="member", cycle="daily"))
