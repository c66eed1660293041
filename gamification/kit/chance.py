"""Chance that can be computed again: whole numbers from a key, without bias.

A key's stream is HMAC-SHA256(key, counter) for the counters 0, 1, 2, … of 8 bytes, read as unsigned numbers of 8 bytes,
big end first. `docs/lottery.md` and `docs/tasks.md` have it to the byte.
"""

import hmac
from collections.abc import Iterable, Iterator

_WORDS = 2**64


def keyed(seed: bytes, *lines: str) -> bytes:
    """The key for these lines of UTF-8 under the seed. Raises: ValueError where one holds a line's end, as two lists of
    lines would be one text."""
    if any("\n" in line for line in lines):
        raise ValueError("a line holds a line's end")
    return hmac.digest(seed, "".join(f"{line}\n" for line in lines).encode(), "sha256")


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
