"""Chance that can be computed again: whole numbers from a seed, without bias. `docs/lottery.md` has it to the byte.

A key is HMAC-SHA256 of what the draw is about under the seed; its stream is HMAC-SHA256(key, counter) for the counters
0, 1, 2, … of 8 bytes, read as unsigned numbers of 8 bytes, big end first.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from typing import Any

FORMAT = "starguild-draw/1"
SEED_BYTES = 32
_WORDS = 2**64


def canonical(value: Any) -> bytes:
    """A JSON value as the one text that is hashed: keys sorted, no space, ASCII."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def derive(seed: bytes, *parts: str) -> bytes:
    """The key for these parts: lines of UTF-8, the format's name first. Raises: ValueError where a part holds a line's
    end, as two lists of parts would be one text."""
    if any("\n" in part for part in parts):
        raise ValueError("a part holds a line's end")
    return hmac.digest(seed, "".join(f"{line}\n" for line in (FORMAT, *parts)).encode(), "sha256")


def words(key: bytes) -> Iterator[int]:
    """The stream of a key: numbers from 0 to 2^64 − 1, without end."""
    counter = 0
    while True:
        block = hmac.digest(key, counter.to_bytes(8, "big"), "sha256")
        for start in range(0, 32, 8):
            yield int.from_bytes(block[start : start + 8], "big")
        counter += 1


def below(stream: Iterable[int], bound: int) -> int:
    """The next number from 0 to bound − 1, each as likely. Words that would favour the lower numbers are passed over.
    Raises: ValueError for a bound of 0, or beyond 2^64."""
    if not 0 < bound <= _WORDS:
        raise ValueError(f"there is no number below {bound}")
    fair = _WORDS - _WORDS % bound
    return next(word for word in stream if word < fair) % bound
