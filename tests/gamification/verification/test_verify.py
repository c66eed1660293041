"""What `verify` proves, it must also be able to miss: each kind of damage is found, and named."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from community.services import Services
from gamification.leaderboards.model import BoardPeriod
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "visit"}],
    "counters": [{"key": "visits", "on": ["visit"]}],
    "rules": [
        {
            "key": "visit",
            "on": ["visit"],
            "counters": ["visits"],
            "effects": [
                {"points": {"unit": "points", "amount": 5, "boards": ["points"]}},
                {"advance": {"task": "first"}},
                {"advance": {"task": "then"}},
                {"when": "counters.visits >= 2", "award": {"badge": "regular"}},
            ],
        }
    ],
    "tasks": [{"key": "first", "goal": 1}, {"key": "then", "goal": 2, "requires": ["first"]}],
    "badges": [{"key": "regular"}],
    "leaderboards": [{"key": "points"}],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Ann visited three times, Bob once; one of Ann's visits was taken back."""
    club = await programme(DOCUMENT)
    await club.join_all("ann", "bob")
    visits = [await club.do("visit", name) for name in ("ann", "ann", "ann", "bob")]
    await club.reverse(visits[1])
    return club


async def differences(club: ProgrammeUnderTest) -> list[str]:
    report = await VerificationService(club.services).verify(club.key)
    assert report.ok == (not report.differences)
    assert report.total == len(report.differences)
    return report.differences


async def test_finds_nothing_where_all_is_well(club: ProgrammeUnderTest) -> None:
    heard: list[tuple[int, int]] = []
    report = await VerificationService(club.services).verify(
        club.key, lambda done, total: heard.append((done, total))
    )

    assert report.differences == []
    assert heard == [(4, 4)]
    assert report.counts.pop("totals") > 0
    assert report.counts.pop("member months", 2) == 2
    assert report.counts == {
        "activities": 4,
        "reversed activities": 1,
        "counters": 2,
        "task progress": 4,
        "task completions": 3,
        "awards": 1,
        "accounts": 2,
        "transfers": 5,
        "chained transfers": 5,
        "members": 2,
        "board records": 2,
        "ranking entries": 2,
    }


DAMAGE = [
    ("accounts", {"$inc": {"active": 1}}, "(active, spent, expired, lifetime"),
    ("accounts", {"$inc": {"entries": 1}}, "entries"),
    ("accounts", {"$set": {"lots": []}}, "lots"),
    ("transfers", {"$inc": {"amount": 1}}, "after transfer"),
    (
        "transfers",
        {"$inc": {"amount": 1}},
        "the chain breaks at entry 2: it does not hold the hash of entry 1",
    ),
    ("transfers", {"$set": {"cause.rule": "another"}}, "the chain breaks at entry 2"),
    ("transfers", {"$set": {"previous": b"another"}}, "the chain breaks at entry 1"),
    ("accounts", {"$set": {"head": b"another"}}, "the chain breaks at entry 4"),
    ("counters", {"$inc": {"value": 1}}, "counter visits"),
    ("task_progress", {"$inc": {"value": 1}}, "value"),
    ("task_progress", {"$set": {"completed_at": None}}, "complete"),
    ("badge_awards", {"$set": {"grounds": {}}}, "due by rules"),
    ("board_records", {"$inc": {"score": 1}}, "record points"),
    ("board_records", {"$set": {"listed": False}}, "listed"),
    ("activities", {"$set": {"awards": []}}, "awards"),
    ("activities", {"$set": {"type": "visit", "counters.0.value": 99}}, "counters"),
]


@pytest.mark.parametrize(("collection", "update", "named"), DAMAGE)
async def test_finds_what_was_changed_behind_its_back(
    club: ProgrammeUnderTest, mongo: Mongo, collection: str, update: dict[str, Any], named: str
) -> None:
    query: dict[str, Any] = {"programme_id": club.key, "member_id": club.id_of("ann")}
    if collection == "counters":
        query = {"programme_id": club.key, "value": 2}
    if collection == "activities":
        query |= {"awards": {"$ne": None}, "reversal": None}
    changed = await mongo.collection(collection).update_one(query, update)
    assert changed.modified_count == 1

    found = await differences(club)

    assert any(named in sentence for sentence in found), found


async def test_names_the_entries_that_were_removed_or_swapped(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    transfers = mongo.collection("transfers")
    account = {"programme_id": club.key, "member_id": club.id_of("ann")}
    assert await differences(club) == [], "and totals are made, of which none is missing yet"
    rows = await transfers.find(account).sort("entry", 1).to_list(None)

    await transfers.delete_one({**account, "entry": 3})
    assert any("the chain breaks at entry 3: it is missing" in one for one in await differences(club))

    await transfers.update_one({**account, "entry": 2}, {"$set": {"entry": 3}})
    await transfers.insert_one({**rows[2], "entry": 2})
    assert any("the chain breaks at entry 2" in one for one in await differences(club))

    await transfers.delete_many(account)
    await transfers.insert_many(rows)
    assert await differences(club) == []


LOSSES = ["accounts", "transfers", "counters", "task_progress", "badge_awards", "board_records", "activities"]


@pytest.mark.parametrize("collection", LOSSES)
async def test_finds_what_is_missing(club: ProgrammeUnderTest, mongo: Mongo, collection: str) -> None:
    await mongo.collection(collection).delete_one({"programme_id": club.key})

    assert await differences(club) != []


async def _forget_member(store: RedisStore, club: ProgrammeUnderTest) -> None:
    await store.client.zremrangebyrank(f"sg:{{{club.key}:points:all}}:z", 0, 0)


async def _add_ghost(store: RedisStore, club: ProgrammeUnderTest) -> None:
    await store.client.zadd(f"sg:{{{club.key}:points:all}}:z", {b"\x00" * 18: -3})


async def _change_score(store: RedisStore, club: ProgrammeUnderTest) -> None:
    key = f"sg:{{{club.key}:points:all}}:z"
    first: Any = (await store.client.zrange(key, 0, 0))[0]
    await store.client.zadd(key, {first: -1})


@pytest.mark.parametrize("damage", [_forget_member, _add_ghost, _change_score])
async def test_finds_a_ranking_that_strays_and_a_rebuild_mends_it(
    club: ProgrammeUnderTest,
    redis_store: RedisStore,
    damage: Callable[[RedisStore, ProgrammeUnderTest], Awaitable[None]],
) -> None:
    await damage(redis_store, club)

    assert any("ranking points all" in sentence for sentence in await differences(club))
    await club.services.projection.rebuild_all(club.key)
    assert await differences(club) == []


async def test_says_when_redis_has_lost_a_board(club: ProgrammeUnderTest, services: Services) -> None:
    await services.rankings.forget(BoardPeriod(club.key, "points", "all", None, None))

    (sentence,) = await differences(club)

    assert "Redis has lost it" in sentence
