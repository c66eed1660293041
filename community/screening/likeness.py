"""How alike two texts are, from fingerprints that are kept in their stead.

MinHash over stretches of letters estimates the share of these that two texts have in common (their Jaccard index), with a
standard error of 5 points at 80 percent. Texts with one band of the fingerprint in common are compared: of two that are alike by 70
percent, that is so 99 times in a hundred, by 85 all but once in a hundred thousand.

Source: Broder 1997, "On the resemblance and containment of documents"; Leskovec, Rajaraman, Ullman, "Mining of Massive
Datasets", 3.4 on bands.
"""

from hashlib import blake2b
from struct import pack

from rensa import RMinHash  # type: ignore[import-untyped]  # the wheel has no types

from community.screening.normal import normal_form
from community.screening.words import Reading
from gamification.kit.records import record

_HASHES = 64
_ROWS = 4
_SEED = 20_261_122
_STRETCH = 4
"""Letters a stretch: about a word of English, or two of Chinese."""
VERSION = f"{RMinHash.ALGORITHM_VERSION}:{_HASHES}:{_ROWS}:{_STRETCH}"
"""Which fingerprints may be compared: those of one making."""


@record(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a text: `hashes`, and `bands`, one of which two texts have in common if they are alike. `length` in
    letters and digits, which all it is made of."""

    hashes: tuple[int, ...]
    bands: tuple[bytes, ...]
    length: int


def fingerprint_of(text: str) -> Fingerprint:
    """The fingerprint of a text's normal form, signs and spaces left out: disguises leave it as it is."""
    letters = Reading(normal_form(text)).letters
    stretches = {letters[at : at + _STRETCH] for at in range(max(1, len(letters) - _STRETCH + 1))}
    minhash = RMinHash(num_perm=_HASHES, seed=_SEED)
    minhash.update(sorted(stretches))
    hashes = tuple(minhash.digest())
    bands = tuple(_band(at, hashes[at : at + _ROWS]) for at in range(0, _HASHES, _ROWS))
    return Fingerprint(hashes, bands, len(letters))


def percent_alike(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How alike two texts are, from 0 to 100, rounded down: the same text alone, but for signs, is always 100."""
    same = sum(mine == theirs for mine, theirs in zip(one, other, strict=True))
    return 100 * same // _HASHES


def _band(place: int, rows: tuple[int, ...]) -> bytes:
    made = f"{VERSION}:{place}".encode()
    return blake2b(pack(f">{len(rows)}I", *rows), digest_size=8, key=made).digest()
