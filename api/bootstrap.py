"""Everything below `api/`, opened in order and closed again: for the app, the worker and the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from community.notifications.sending import Ways
from community.outbound.client import GuardedClient
from community.outbound.sealing import Sealer
from community.services import INDEXES, Services, build
from gamification.activity.grouping import WAITING_MAX
from gamification.credentials.service import Issuing
from resolvers.relay import encode_id, member_of
from storage.mongo import Mongo
from storage.redis import RedisStore
from storage.startup import StorageUnusable, address, connect, prepare


@dataclass(frozen=True, slots=True)
class Backend:
    """The open connections, and the services over them."""

    mongo: Mongo
    redis: RedisStore
    services: Services


DEFINITIONS_FRESH_SECONDS = 0.5
"""How late a process may notice that another one changed a programme; transactions notice at once."""

MEMBERS_FRESH_SECONDS = 1.0
"""How late queries of a process may notice that another one changed a member; what changes anything notices at once."""


@asynccontextmanager
async def open_backend(
    mongodb_url: str,
    redis_url: str,
    database: str,
    *,
    intake_waiting_max: int = WAITING_MAX,
    command_timeout_s: float | None = None,
    issuing: Issuing | None = None,
    outbound: GuardedClient | None = None,
    sealer: Sealer | None = None,
    ways: Ways | None = None,
) -> AsyncIterator[Backend]:
    """Connect, make what indexes are missing, and close at the end.

    At most `intake_waiting_max` activities wait to be recorded. MongoDB stops a command after `command_timeout_s`.
    Without `issuing` no credentials are signed. Calls go out by `outbound`, else to public addresses alone; `sealer` keeps secrets.
    Members are told by `ways` besides the inbox, by none without.
    Redis may be away: what it holds is caught up with later. Raises: StorageUnusable where MongoDB can't be used.
    """
    outbound = outbound or GuardedClient()
    mongo, redis = connect(mongodb_url, redis_url, database, command_timeout_s)
    try:
        try:
            await prepare(mongo, INDEXES)
        except StorageUnusable as error:
            raise StorageUnusable(f"{address(mongodb_url)}: {error}") from error
        services = build(
            mongo,
            redis,
            definitions_fresh_s=DEFINITIONS_FRESH_SECONDS,
            members_fresh_s=MEMBERS_FRESH_SECONDS,
            intake_waiting_max=intake_waiting_max,
            issuing=issuing,
            member_of=member_of,
            id_of=encode_id,
            outbound=outbound,
            sealer=sealer,
            ways=ways,
        )
        yield Backend(mongo, redis, services)
    finally:
        await outbound.close()
        await redis.close()
        mongo.close()
