"""Saying that something of the community has changed, so that whoever watches looks again.

Rung after a commit. A ring that is lost, as with the process, is made up by whoever listens looking by themselves.
"""

import contextlib

from storage.redis import RedisStore, RedisUnavailable

CHANNEL = "sg:community"
"""Where the keys of what changed are published."""


def queue_key(programme_id: str) -> str:
    """The queue of a programme's moderators."""
    return f"moderation|{programme_id}"


def post_key(post_id: bytes) -> str:
    """A post, and what is written under it."""
    return f"post|{post_id.hex()}"


def feed_key(programme_id: str) -> str:
    """The posts that come into a programme's feeds."""
    return f"feed|{programme_id}"


class Bells:
    """Rings, also as one who hears of every change of posts and comments."""

    def __init__(self, redis: RedisStore) -> None:
        self._redis = redis

    async def ring(self, *keys: str) -> None:
        """Say that these have changed."""
        if keys:
            with contextlib.suppress(*RedisUnavailable):
                await self._redis.publish(CHANNEL, [f"{key}|0".encode() for key in keys])
