"""The public keys of another party that signs tokens (JWKS, RFC 7517), fetched when needed and kept."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import jwt
import structlog

log = structlog.get_logger()

MAX_AGE_SECONDS = 300.0
"""After this time the keys are fetched anew, so that one which its owner took back is refused."""
REFETCH_SECONDS = 10.0
"""Tokens with unknown keys make us fetch the keys anew, but no more often than this."""
_TIMEOUT_SECONDS = 5.0


class KeysUnavailable(Exception):
    """No key was ever had: whether a token is good can't be told at present."""


class KeySet:
    """The keys at one address. While it doesn't answer, the keys had last stay good."""

    def __init__(
        self,
        url: str,
        *,
        max_age_seconds: float = MAX_AGE_SECONDS,
        refetch_seconds: float = REFETCH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Its own cache stays off: this class keeps the keys, and never blocks the event loop for them.
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=_TIMEOUT_SECONDS)
        self._max_age_seconds = max_age_seconds
        self._refetch_seconds = refetch_seconds
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: list[jwt.PyJWK] | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._renewal: asyncio.Task[bool] | None = None

    async def find(self, kid: Any, algorithm: str) -> jwt.PyJWK | None:
        """The key that the token names and that signs by this algorithm; a token may name none where only one does.

        Raises: KeysUnavailable.
        """
        if self._keys is None:
            await self._fetch()
        elif self._clock() - self._fetched_at > self._max_age_seconds and self._renewal is None:
            # Beside the request: an address that doesn't answer must not slow down who comes with a known key.
            self._renewal = asyncio.create_task(self._fetch(), name="jwks-renewal")
            self._renewal.add_done_callback(self._renewed)
        found = self._match(kid, algorithm)
        if found is None and await self._fetch():
            found = self._match(kid, algorithm)
        if self._keys is None:
            raise KeysUnavailable("The keys that tokens are checked with can't be fetched at present.")
        return found

    def _match(self, kid: Any, algorithm: str) -> jwt.PyJWK | None:
        # `algorithm_name` follows the key's own kind, so neither an `oct` key nor one for encryption is ever found.
        fitting = [
            key
            for key in self._keys or ()
            if key.algorithm_name == algorithm
            and key.public_key_use in (None, "sig")
            and kid in (None, key.key_id)
        ]
        return fitting[0] if len(fitting) == 1 or (fitting and kid is not None) else None

    async def _fetch(self) -> bool:
        """Get the keys, unless that was tried a moment ago; whether they are newer now."""
        asked_at = self._clock()
        async with self._lock:
            if self._tried_at is not None and (
                # Whoever waited for the lock while another fetched takes what that one brought.
                self._tried_at >= asked_at or self._clock() - self._tried_at < self._refetch_seconds
            ):
                return self._tried_at >= asked_at
            self._tried_at = self._clock()
            try:
                self._keys = await asyncio.to_thread(self._read)
            except (jwt.PyJWTError, OSError, ValueError, RecursionError) as error:
                log.warning("jwks.unavailable", url=self._client.uri, error=str(error)[:200])
                return False
            self._fetched_at = self._clock()
            return True

    def _renewed(self, _: asyncio.Task[bool]) -> None:
        self._renewal = None

    def _read(self) -> list[jwt.PyJWK]:
        return list(self._client.get_jwk_set().keys)
