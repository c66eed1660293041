import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from api.importing import Imported, run_import
from community.services import Services
from gamification.activity.model import ActivityStatus, NewActivity
from gamification.importers.model import ImportedMember, ImportReport
from gamification.kit.actors import system_actor
from gamification.kit.errors import InvalidInput

LONG_AGO = datetime(1998, 3, 1, 12, tzinfo=UTC)


class Shop:
    """Purchases of long ago: `count` of them, ten a customer."""

    def __init__(self, count: int, *, amount: float = 10.0, picture: str | None = None) -> None:
        self.count = count
        self.amount = amount
        self.picture = picture
        self.report = ImportReport()

    def members(self) -> Iterator[ImportedMember]:
        for number in range(self.count // 10):
            yield ImportedMember(f"c{number}", "Customer\x00", LONG_AGO, avatar_url=self.picture)

    def activities(self) -> list[NewActivity]:
        self.report = ImportReport()
        self.report.read["file"] = self.count
        self.report.skip("file", "malformed")
        return [
            NewActivity(
                "purchase.completed",
                "shop",
                f"line:{number}",
                f"c{number // 10}",
                LONG_AGO + timedelta(minutes=number),
                None,
                {"amount": self.amount, "quantity": 1},
            )
            for number in range(self.count)
        ]


@pytest.fixture
def key() -> str:
    return f"t{uuid.uuid4().hex[:16]}"


async def run(services: Services, shop: Shop, key: str) -> Imported:
    return await run_import(services, shop, key, "purchases", lambda *_: None)


async def test_makes_the_programme_and_records_whatever_its_lateness(services: Services, key: str) -> None:
    heard: list[tuple[str, int, int | None]] = []
    shop = Shop(1210)
    done = await run_import(services, shop, key, "purchases", lambda *said: heard.append(said))
    assert done.created_programme
    assert (done.members, done.joined) == (121, 121)
    assert done.outcomes == {ActivityStatus.RECORDED: 1210}
    assert done.skipped == 1
    assert heard[-1] == ("Activity", 1210, 1210)
    member = await services.members.by_external_id(system_actor(key), "c7")
    assert member is not None
    assert member.joined_at == LONG_AGO
    balances = (await services.ledger.balances(system_actor(key), [member]))[member.id]
    assert {balance.unit: balance.active for balance in balances} == {"points": 100, "growth": 100}


async def test_importing_twice_changes_nothing(services: Services, key: str) -> None:
    await run(services, Shop(600), key)
    version = (await services.programmes.catalogue(key)).version
    again = await run(services, Shop(600), key)
    assert not again.created_programme
    assert again.joined == 0
    assert again.outcomes == {ActivityStatus.DUPLICATE: 600}
    assert (await services.programmes.catalogue(key)).version == version


async def test_what_a_profile_cannot_hold_is_left_out(services: Services, key: str) -> None:
    await run(services, Shop(10, picture="javascript:alert(1)"), key)
    member = await services.members.by_external_id(system_actor(key), "c0")
    assert member is not None
    assert (member.display_name, member.avatar_url) == ("c0", None)


async def test_rejections_are_counted_and_the_first_ones_explained(services: Services, key: str) -> None:
    done = await run(services, Shop(50, amount=-1.0), key)
    counts = done.as_dict()
    assert (counts["recorded"], counts["rejected"]) == (0, 50)
    assert len(done.reasons) == 20
    assert "shop line:0" in done.reasons[0]


async def test_a_key_that_no_programme_can_have_is_refused(services: Services) -> None:
    with pytest.raises(InvalidInput):
        await run(services, Shop(10), "Not A Key")
