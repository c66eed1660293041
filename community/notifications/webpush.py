"""Web Push: a message to a browser by its push service, which can't read it.

Source: RFC 8030 (the protocol), RFC 8188 and 8291 (encryption), RFC 8292 (VAPID: who sends).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from community.notifications.contacts import Subscription
from community.outbound.client import GuardedClient, OutboundError
from gamification.kit.records import record

TTL_S = 24 * 3600
PAYLOAD_MAX_BYTES = 3_000
"""Push services take 4096 bytes, of which encryption needs some."""
_VALID = timedelta(hours=12)


class PushGone(Exception):
    """The browser is not subscribed any more."""


class PushTemporary(Exception):
    """It was not taken now; `retry_after_s`: when the push service wants to be asked again."""

    def __init__(self, said: str, retry_after_s: int | None = None) -> None:
        super().__init__(said)
        self.retry_after_s = retry_after_s


class PushPermanent(Exception):
    """It never will be taken."""


class VapidKey:
    """Who sends, to push services: a P-256 key in a PEM file, and a contact (`mailto:` or https)."""

    def __init__(self, file: Path, contact: str) -> None:
        self._file = file
        self.contact = contact

    @cached_property
    def _key(self) -> Any:
        from py_vapid import Vapid02

        return Vapid02.from_file(str(self._file))

    @cached_property
    def public(self) -> str:
        """What browsers subscribe with (`applicationServerKey`), in base64url."""
        from base64 import urlsafe_b64encode

        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        raw = self._key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return urlsafe_b64encode(raw).decode().rstrip("=")

    def headers(self, endpoint: str, now: datetime) -> dict[str, str]:
        """What says who sends, for twelve hours."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + _VALID).timestamp()),
            "sub": self.contact,
        }
        return {str(name): str(value) for name, value in self._key.sign(claims).items()}


def make_key(file: Path) -> None:
    """Make a new key; one that is there stays. Raises: FileExistsError, OSError."""
    import os

    from py_vapid import Vapid02

    key = Vapid02()
    key.generate_keys()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as new:
        new.write(key.private_pem())


@record(frozen=True, slots=True)
class Push:
    """What is pushed. `topic`: of those not fetched yet, the last of a topic stays."""

    payload: bytes
    topic: str


class Pusher:
    """Pushes by a client that refuses private addresses."""

    def __init__(self, key: VapidKey, client: GuardedClient) -> None:
        self.key = key
        self._client = client

    async def push(self, to: Subscription, push: Push, now: datetime) -> str:
        """Push to one browser; what its service said. Raises: PushGone, PushTemporary, PushPermanent."""
        body = encrypted(to, push.payload)
        headers = {
            **self.key.headers(to.endpoint, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_S),
            "Topic": push.topic,
            "Urgency": "normal",
        }
        try:
            answer = await self._client.post(to.endpoint, headers, body)
        except OutboundError as error:
            raise PushTemporary(f"{error.fault}: {error.message}") from error
        said = f"{answer.status} {answer.body[:200].decode(errors='replace')}".strip()
        if answer.is_success:
            return said
        if answer.status in (404, 410):
            raise PushGone(said)
        if answer.status == 429 or answer.status >= 500:
            raise PushTemporary(said, _seconds(answer.headers))
        raise PushPermanent(said)


def encrypted(to: Subscription, payload: bytes) -> bytes:
    """The payload, for that browser alone."""
    from pywebpush import WebPusher

    keys = {"p256dh": to.p256dh, "auth": to.auth}
    encoded = WebPusher({"endpoint": to.endpoint, "keys": keys}).encode(payload, "aes128gcm")
    return bytes(encoded["body"])


def _seconds(headers: Mapping[str, str]) -> int | None:
    stated = headers.get("retry-after", "")
    return min(int(stated), 6 * 3600) if stated.isascii() and stated.isdigit() else None
