"""A `serve` process of its own behind the tables of `conformance/`, on the tests' servers."""

import uuid
from collections.abc import AsyncIterator

import pytest

from conformance.serving import serving
from conformance.target import Target
from storage.embedded import Endpoints


@pytest.fixture(scope="session")
async def target(endpoints: Endpoints) -> AsyncIterator[Target]:
    """A server with the demo programme and made-up members in a fresh database."""
    environment = {
        "MONGODB_URL": endpoints.mongodb_url,
        "REDIS_URL": endpoints.redis_url,
        "STARGUILD_DATABASE": f"conformance_{uuid.uuid4().hex[:12]}",
        # Waited for by what is slow or silent on purpose.
        "STARGUILD_BODY_TIMEOUT_SECONDS": "1",
        "STARGUILD_SOCKET_INIT_TIMEOUT_SECONDS": "1",
    }
    async with serving(environment) as made:
        yield made
