"""Status lists: a bit for each credential, compressed. Pure. Source: W3C Bitstring Status List v1.0."""

import base64
import gzip
from collections.abc import Iterable

LIST_BITS = 131_072
"""Of one list: the least that the standard takes, 16 KiB, so that a place in it tells nobody apart."""


def place(index: int) -> tuple[int, int]:
    """(number of the list, place in it) of a credential's index."""
    return index // LIST_BITS, index % LIST_BITS


def encode(revoked: Iterable[int]) -> str:
    """`encodedList` of a list whose bits at these places are set; place 0 is the left-most bit. Multibase base64url
    without padding, of the gzipped bits; the same places give the same text."""
    bits = bytearray(LIST_BITS // 8)
    for found in revoked:
        bits[found // 8] |= 0x80 >> (found % 8)
    packed = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")
