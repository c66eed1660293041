"""How many documents a dashboard makes the database look at: those of the days asked for, however many members and activities
there are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from community import services as wiring
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.insight_world import SHOP, made_up
from tests.resolvers.harness import GraphQL
from tests.resolvers.test_feed_and_search_plans import Commands, Crowd

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
DAYS, MONTHS = 31, 4
SPAN = 'from: "2026-04-20", to: "2026-05-20"'
YEAR = 'from: "2026-02-01", to: "2026-05-20"'
READ = (
    "insight_totals",
    "insight_members",
    "member_months",
    "activities",
    "members",
    "transfers",
    "accounts",
)
REFERRED = (
    '{ insights { referrals(offer: "invite", from: "2026-02-01", to: "2026-05-20") { points { used } } } }'
)


@pytest.fixture
async def crowd(
    graphql: GraphQL, programme: MakeProgramme, mongo: Mongo, endpoints: Endpoints, redis_store: RedisStore
) -> AsyncIterator[Crowd]:
    shop = await programme({**SHOP, "referrals": [{"key": "invite"}]})
    names = [f"m{number}" for number in range(60)]
    shop.clock.now = NOW - timedelta(days=110)
    await shop.join_all(*names)
    for number in range(0, 110, 3):
        shop.clock.now = NOW - timedelta(days=110 - number)
        await shop.record(
            *(shop.activity("buy.online", name, amount=1.5) for name in names[number % 20 : number % 20 + 30])
        )
    shop.clock.now = NOW
    await made_up(shop)
    sent = Commands()
    own = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[sent])
    yield Crowd(graphql, shop, mongo, wiring.build(own, redis_store, shop.clock), sent)
    own.close()


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        (f"activity({SPAN}) {{ points {{ activeMembers }} previous {{ spend }} }}", DAYS),
        (f"activity({YEAR}, by: MONTH) {{ points {{ activeMembers }} }}", MONTHS),
        (
            'retention(from: "2026-01-01", to: "2026-05-20") { cohorts { size cells { active } } }',
            MONTHS + 1,
        ),
        (f"churn({SPAN}, by: DAY) {{ points {{ rate }} }}", DAYS + 1),
        (f"lifecycle({SPAN}, by: DAY) {{ points {{ stages {{ members }} }} }}", DAYS),
        (f"repurchase({YEAR}) {{ points {{ repeatRate }} gaps {{ medianDays }} }}", MONTHS + 1),
        (f'participation(ladder: "club", {YEAR}) {{ points {{ tiers {{ active }} }} }}', MONTHS),
        (f'economy(unit: "points", {SPAN}) {{ points {{ outstanding }} previous {{ issued }} }}', DAYS),
        ("standing { asOf since }", 1),
    ],
)
async def test_a_report_looks_at_no_more_than_its_periods(crowd: Crowd, asked: str, most: int) -> None:
    answer, looked_at = await crowd.looked_at(crowd.club.operator, f"{{ insights {{ {asked} }} }}", {}, *READ)

    assert all(found is not None for found in answer["insights"].values())
    assert looked_at <= most


async def test_reports_read_totals_alone(crowd: Crowd) -> None:
    document = f"{{ insights {{ activity({SPAN}) {{ points {{ activeMembers }} }} }} }}"
    await crowd.looked_at(crowd.club.operator, document, {})
    read = {command.get("find", command.get("aggregate")) for command in crowd._sent.seen}
    assert read & set(READ) == {"insight_totals"}


async def test_the_referral_funnel_is_read_from_the_index(crowd: Crowd) -> None:
    answer, looked_at = await crowd.looked_at(crowd.club.operator, REFERRED, {}, "referrals")

    assert [one["used"] for one in answer["insights"]["referrals"]["points"]] == [0] * 4
    assert looked_at == 0
