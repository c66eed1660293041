"""A real shop's purchases through the whole system, checked against the file itself."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from community.services import Services, build
from gamification.kit.actors import Actor, Role
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.e2e.conftest import Run, shared_data

pytestmark = pytest.mark.xdist_group("purchases")
ROWS = 20_000
"""Of the file's 69,659 lines: all lines of the first customers, so that the test stays short."""


@pytest.fixture(scope="module")
def purchases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of the master file, header and all."""
    lines = shared_data("cdnow", "CDNOW_master.txt").read_text().splitlines()
    file = tmp_path_factory.mktemp("cdnow") / "purchases.txt"
    file.write_text("\n".join(lines[: ROWS + 1]) + "\n")
    return file


@pytest.fixture(scope="module")
def facts(purchases: Path) -> dict[str, Any]:
    """What the file says, computed here in the plainest way."""
    points: Counter[str] = Counter()
    yearly: dict[str, Counter[str]] = defaultdict(Counter)
    months: Counter[tuple[str, str]] = Counter()
    rows = [
        line.split() for line in purchases.read_text().splitlines() if line[:1].isspace() and line.split()
    ]
    rows = [row for row in rows if row[0].isdigit()]
    for customer, day, _, dollars in rows:
        points[customer] += int(float(dollars))
        yearly[day[:4]][customer] += int(float(dollars))
        months[customer, day[:6]] += 1
    threes = {customer for (customer, _), number in months.items() if number >= 3}
    return {"rows": len(rows), "points": points, "yearly": yearly, "threes": threes}


@pytest.fixture(scope="module")
def imported(starguild: Run, purchases: Path) -> dict[str, Any]:
    code, report = starguild("import", "purchases", str(purchases), "--programme", "cdnow")
    assert code == 0
    return report


def test_takes_every_purchase_once(imported: dict[str, Any], facts: dict[str, Any]) -> None:
    assert (imported["recorded"], imported["rejected"]) == (facts["rows"], 0)


async def test_points_tasks_and_boards_are_what_the_file_adds_up_to(
    imported: dict[str, Any],
    facts: dict[str, Any],
    endpoints: Endpoints,
    environment: dict[str, str],
) -> None:
    mongo = Mongo(endpoints.mongodb_url, environment["STARGUILD_DATABASE"])
    redis = RedisStore(endpoints.redis_url)
    services = build(mongo, redis)
    try:
        names = {m.id: m.external_id async for m in services.stores.members.stream("cdnow")}
        accounts = [account async for account in services.stores.ledger.stream("cdnow")]
        held = {names[account.member_id]: account.active for account in accounts}
        assert {name: held.get(name, 0) for name in facts["points"]} == dict(facts["points"])
        done = {names[p.member_id] async for p in services.stores.progress.stream("cdnow") if p.is_complete}
        assert done == facts["threes"]
        for year, spent in facts["yearly"].items():
            # A purchase of less than a dollar moves nothing, so it puts nobody on the board.
            assert await _board(services, names, year) == {
                name: total for name, total in spent.items() if total
            }
    finally:
        await redis.close()
        mongo.close()


async def _board(services: Services, names: dict[bytes, str], year: str) -> dict[str, int]:
    viewer = Actor("cdnow", "test", Role.SERVICE)
    board = await services.leaderboards.board(viewer, "spend_yearly")
    assert board is not None
    period = await services.leaderboards.period(viewer, board, year, services.now())
    assert period is not None
    page = await services.leaderboards.page(board, period, 0, 100_000)
    return {names[entry.member_id]: entry.score for entry in page.entries}


def test_importing_twice_changes_nothing_and_everything_adds_up(
    imported: dict[str, Any], starguild: Run, purchases: Path
) -> None:
    code, again = starguild("import", "purchases", str(purchases), "--programme", "cdnow")
    assert (code, again["recorded"], again["duplicates"]) == (0, 0, imported["recorded"])
    code, report = starguild("verify", "--programme", "cdnow")
    assert (code, report["differences"]) == (0, [])
