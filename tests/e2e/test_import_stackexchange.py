"""A real site's dump through the whole system, against what the site itself published.

One import serves all tests of this file, in order; each states what must hold of it.
"""

import asyncio
from typing import Any

import pytest

from community.services import Services, build
from gamification.kit.actors import Actor, Role
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.e2e.conftest import Run, shared_data

pytestmark = pytest.mark.xdist_group("stackexchange")
BADGES = [
    "student",
    "teacher",
    "scholar",
    "nice_question",
    "nice_answer",
    "good_question",
    "good_answer",
    "self_learner",
]


@pytest.fixture(scope="module")
def imported(starguild: Run) -> dict[str, Any]:
    """The first import's report."""
    folder = shared_data("quantumcomputing")
    code, report = starguild("import", "stackexchange", str(folder), "--programme", "qc", "--compare")
    assert code == 0
    return report


def test_takes_every_activity_of_the_dump(imported: dict[str, Any]) -> None:
    assert imported["createdProgramme"]
    assert imported["members"] == 3460
    assert imported["recorded"] > 19_000
    assert (imported["duplicates"], imported["rejected"]) == (0, 0)


@pytest.mark.parametrize("badge", BADGES)
def test_every_award_is_a_published_one_and_few_are_missing(imported: dict[str, Any], badge: str) -> None:
    found = imported["comparison"]["badges"][badge]
    assert found["precision"] == 1.0
    assert found["recall"] >= 0.96


def test_reputation_is_the_published_one_for_most(imported: dict[str, Any]) -> None:
    assert imported["comparison"]["reputation"]["earned"]["share"] >= 0.72


def test_the_top_ten_stand_beside_the_published_ones(imported: dict[str, Any]) -> None:
    top = imported["comparison"]["top"]
    assert len(top) == 10
    assert {row["computed"]["external_id"] for row in top} == {row["published"]["external_id"] for row in top}


def test_importing_twice_changes_nothing(imported: dict[str, Any], starguild: Run) -> None:
    folder = shared_data("quantumcomputing")
    code, again = starguild("import", "stackexchange", str(folder), "--programme", "qc")
    assert code == 0
    assert (again["joined"], again["recorded"], again["rejected"]) == (0, 0, 0)
    assert again["duplicates"] == imported["recorded"]


def test_what_was_written_comes_in_and_no_activity_with_it(imported: dict[str, Any], starguild: Run) -> None:
    folder = shared_data("quantumcomputing")
    code, again = starguild("import", "stackexchange", str(folder), "--programme", "qc", "--content")
    assert code == 0
    assert again["recorded"] == 0
    content = again["content"]
    assert (content["questions"], content["answers"], content["comments"]) == (612, 1060, 3413)
    assert (content["accepted"], content["known"]) == (389, 0)


def test_everything_adds_up(imported: dict[str, Any], starguild: Run) -> None:
    code, report = starguild("verify", "--programme", "qc")
    assert (code, report["differences"]) == (0, [])
    assert report["counts"]["activities"] == imported["recorded"]
    assert report["counts"]["awards"] > 800
    assert report["counts"]["posts"] == 612
    assert report["counts"]["comments"] == 1060 + 3413


async def test_boards_come_back_by_themselves_when_redis_is_emptied(
    imported: dict[str, Any],
    starguild: Run,
    endpoints: Endpoints,
    environment: dict[str, str],
) -> None:
    mongo = Mongo(endpoints.mongodb_url, environment["STARGUILD_DATABASE"])
    redis = RedisStore(endpoints.redis_url)
    services = build(mongo, redis)
    try:
        before = await _top(services)
        await _empty(redis)
        assert await _top(services) == before, "reads answer from MongoDB at once"
        for _ in range(100):
            if await services.projection.restore_missing() == 0:
                break
            await asyncio.sleep(0.05)
        assert await _top(services) == before
    finally:
        await redis.close()
        mongo.close()
    assert (await asyncio.to_thread(starguild, "verify", "--programme", "qc"))[0] == 0


async def _empty(redis: RedisStore) -> None:
    """Forget this programme's boards, as FLUSHALL would: other tests use the same server."""
    async for key in redis.client.scan_iter("sg:{qc:*"):
        await redis.client.delete(key)


async def _top(services: Services) -> list[tuple[int, int]]:
    viewer = Actor("qc", "test", Role.SERVICE)
    board = await services.leaderboards.board(viewer, "reputation")
    assert board is not None
    period = await services.leaderboards.period(viewer, board, None, services.now())
    assert period is not None
    page = await services.leaderboards.page(board, period, 0, 50)
    return [(entry.rank, entry.score) for entry in page.entries]
