"""A sweep looks at each member once, whatever the number of segments."""

from collections import Counter
from typing import Any

import pytest

from community import services as wiring
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.resolvers.test_query_counts import Counter as Commands
from tests.resolvers.test_segments import SHOP


async def commands_of_a_sweep(
    programme: MakeProgramme, endpoints: Endpoints, redis_store: RedisStore, segments: int
) -> dict[str, int]:
    """How many commands of each kind a first sweep of ten members sends, nobody of whom comes or leaves."""
    made: list[dict[str, Any]] = [
        {"key": f"s{n}", "when": f"spend(30) > {n} && rfm.r > 5"} for n in range(segments)
    ]
    shop = await programme({**SHOP, "rules": [], "segments": made})
    await shop.join_all(*(f"m{n}" for n in range(10)))
    for n in range(10):
        await shop.do("buy", f"m{n}", amount=10.0)
    await shop.catch_up()
    commands = Commands()
    mongo = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[commands])
    services = wiring.build(mongo, redis_store, shop.clock)
    await services.segment_keeping.sweep_due(shop.key)
    mongo.close()
    return dict(Counter(one for one in commands.seen if not one.startswith("endSessions")))


@pytest.mark.parametrize("segments", [20])
async def test_many_segments_cost_the_reads_of_one(
    programme: MakeProgramme, endpoints: Endpoints, redis_store: RedisStore, segments: int
) -> None:
    one = await commands_of_a_sweep(programme, endpoints, redis_store, 1)
    many = await commands_of_a_sweep(programme, endpoints, redis_store, segments)

    assert many == one
    assert one["find members"] == 1
