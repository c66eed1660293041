"""Servers of the benchmark's own, on disk as in an embedded installation, and the domain over them."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from community.services import INDEXES, Services, build
from storage.embedded import EmbeddedServers, Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from storage.startup import prepare

DATABASE = "starguild_bench"


@dataclass(frozen=True, slots=True)
class World:
    """What benchmarks hold in their hands."""

    endpoints: Endpoints
    mongo: Mongo
    redis: RedisStore
    services: Services


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Start servers in a temporary folder; stop them and delete it afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="starguild-bench-") as folder,
        EmbeddedServers.start(Path(folder) / "data") as servers,
    ):
        mongo = Mongo(servers.endpoints.mongodb_url, DATABASE)
        redis = RedisStore(servers.endpoints.redis_url)
        try:
            await prepare(mongo, INDEXES)
            yield World(servers.endpoints, mongo, redis, build(mongo, redis))
        finally:
            await redis.close()
            mongo.close()
