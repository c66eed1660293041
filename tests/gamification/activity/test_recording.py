"""Recording: each once, bad ones without harm to their neighbours."""

from tests.conftest import MakeProgramme
from tests.support import statuses

POINTS = {
    "units": [{"key": "points"}],
    "activity_types": [{"key": "visit"}],
    "rules": [{"key": "visits", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 5}}]}],
}


async def test_records_each_activity_once(programme: MakeProgramme) -> None:
    club = await programme(POINTS)
    await club.join("ann")
    visit = club.activity("visit", "ann")

    first = await club.record(visit, visit)
    second = await club.record(visit)

    assert statuses([*first, *second]) == ["recorded", "duplicate", "duplicate"]
    assert second[0].activity == first[0].activity == first[1].activity
    assert await club.balance("ann", "points") == 5
