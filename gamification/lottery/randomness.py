"""What draws are drawn and hashed by. `docs/lottery.md` has it to the byte."""

import hashlib
import json
from typing import Any

from gamification.kit.chance import keyed

FORMAT = "starguild-draw/1"
SEED_BYTES = 32


def canonical(value: Any) -> bytes:
    """A JSON value as the one text that is hashed: keys sorted, no space, ASCII."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def derive(seed: bytes, *parts: str) -> bytes:
    """The key for these parts, the format's name before them. Raises: ValueError where a part holds a line's end."""
    return keyed(seed, FORMAT, *parts)
