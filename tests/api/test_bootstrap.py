import uuid

import pytest

from api.bootstrap import open_backend
from community.services import INDEXES
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.startup import StorageUnusable, address, prepare


async def test_opens_an_empty_database_and_opens_it_again(endpoints: Endpoints) -> None:
    name = f"bootstrap_{uuid.uuid4().hex[:12]}"
    for _ in range(2):
        async with open_backend(endpoints.mongodb_url, endpoints.redis_url, name) as backend:
            assert await backend.services.programmes.keys() == []
            assert await backend.redis.is_alive()
    database = Mongo(endpoints.mongodb_url, name)
    await database.drop()
    database.close()


async def test_opens_while_redis_is_away(endpoints: Endpoints) -> None:
    async with open_backend(endpoints.mongodb_url, "redis://127.0.0.1:1/0", "starguild_tests") as backend:
        assert not await backend.redis.is_alive()


@pytest.mark.parametrize(
    ("mongodb_url", "redis_url", "variable"),
    [
        ("mongodb://[", "redis://127.0.0.1:1/0", "MONGODB_URL"),
        ("mongodb://u:hunter2@127.0.0.1:1/?nonsense", "redis://127.0.0.1:1/0", "MONGODB_URL"),
        ("mongodb://127.0.0.1:1/", "redis://127.0.0.1:port/0", "REDIS_URL"),
    ],
)
async def test_a_url_that_is_none_is_named(mongodb_url: str, redis_url: str, variable: str) -> None:
    with pytest.raises(StorageUnusable, match=variable) as caught:
        async with open_backend(mongodb_url, redis_url, "nowhere"):
            pass
    assert "hunter2" not in str(caught.value)


async def test_a_server_that_is_away_is_one_line() -> None:
    away = Mongo("mongodb://u:hunter2@127.0.0.1:1/", "nowhere", timeout_s=0.2)
    with pytest.raises(StorageUnusable, match="no MongoDB primary answers"):
        await prepare(away, INDEXES)
    away.close()


def test_an_address_shows_no_password() -> None:
    assert address("mongodb://u:p@a:1,b:2/?replicaSet=rs0") == "a:1,b:2"
    assert address("redis://store:6379/0") == "store:6379"
