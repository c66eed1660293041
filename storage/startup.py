"""Indexes of all repositories, gathered where the process is wired and made before it serves."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from storage import idempotency, outbox
from storage.mongo import Index, Mongo
from storage.redis import RedisStore

OWN_INDEXES: list[Mapping[str, Iterable[Index]]] = [outbox.INDEXES, idempotency.INDEXES, {"sequences": []}]


class StorageUnusable(Exception):
    """A server can't be worked with; the message is one line that says why and holds no password."""


def connect(
    mongodb_url: str, redis_url: str, database: str, command_timeout_s: float | None = None
) -> tuple[Mongo, RedisStore]:
    """Clients of both servers; neither is called yet. Raises: StorageUnusable for a URL that is none."""
    try:
        mongo = Mongo(mongodb_url, database, command_timeout_s=command_timeout_s)
    except (PyMongoError, ValueError) as error:
        raise StorageUnusable(f"MONGODB_URL can't be used: {error}") from error
    try:
        return mongo, RedisStore(redis_url)
    except (ValueError, TypeError) as error:
        mongo.close()
        raise StorageUnusable(f"REDIS_URL can't be used: {error}") from error


def address(url: str) -> str:
    """Where a URL points, without its user and password."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


async def prepare(mongo: Mongo, indexes: Iterable[Mapping[str, Iterable[Index]]]) -> None:
    """Make every collection and index; collections must exist before a transaction first writes to them.

    Raises: StorageUnusable where no primary answers, or where it takes no transactions.
    """
    try:
        if not await mongo.takes_transactions():
            raise StorageUnusable(
                "MongoDB must be a replica set (one member is enough: mongod --replSet rs0), as transactions need one"
            )
        for wanted in (*OWN_INDEXES, *indexes):
            await mongo.ensure_indexes(wanted)
    except ServerSelectionTimeoutError as error:
        raise StorageUnusable("no MongoDB primary answers") from error
    except OperationFailure as error:
        reason = (error.details or {}).get("errmsg", str(error))
        raise StorageUnusable(f"MongoDB refuses: {reason}") from error
    except PyMongoError as error:
        raise StorageUnusable(f"MongoDB fails: {error}") from error
