"""The form in which texts are compared with lists: whatever looks the same is the same, and each character of it is known
to stem from a place in the text as it was written."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from community.screening.lookalikes import of_one, read_words
from gamification.kit.folding import fold
from gamification.kit.records import record

_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""What takes no ink, beside what Unicode itself calls formatting."""
_JAMO = range(0x1160, 0x1200)
_VOICED = frozenset("ﾞﾟ")
_CHINESE = (0x2E80, 0x9FFF)
_KNOWN_MAX = 4
"""Longer ones are made to be odd, and not worth remembering."""
_MARKED = ("LATIN", "GREEK", "CYRILLIC")


@record(frozen=True, slots=True)
class Normal:
    """A text in its normal form. Character `i` of `text` stems from `starts[i]` up to `ends[i]` of the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original that part of the normal form stands, which is not empty."""
        return self.starts[start], max(self.ends[start:end])


def normal_form(original: str) -> Normal:
    """Unicode's NFKC, case folded; without marks over Latin, Greek and Cyrillic letters, and without what can't be seen;
    letters that pass for Latin ones are those, traditional Chinese characters the simplified ones; a space is a blank or the
    end of a line."""
    if original.isascii():
        return Normal(_plain(original), range(len(original)), range(1, len(original) + 1))
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(original):
        cluster = original[start:end]
        folded = _known(cluster) if len(cluster) <= _KNOWN_MAX else _folded(cluster)
        characters += folded
        starts += [start] * len(folded)
        ends += [end] * len(folded)
    read_words(characters)
    return Normal("".join(characters), starts, ends)


def _plain(text: str) -> str:
    return "".join([_blank(one) for one in text.lower()])


def _blank(character: str) -> str:
    return character if character == "\n" or not character.isspace() else " "


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Where each character begins and ends together with those that change it."""
    begun = 0
    for position in range(1, len(text)):
        if not _continues(text[position]):
            yield begun, position
            begun = position
    yield begun, len(text)


@lru_cache(maxsize=16_384)
def _continues(character: str) -> bool:
    return (
        unicodedata.combining(character) != 0
        or unicodedata.category(character).startswith("M")
        or ord(character) in _JAMO
        or character in _VOICED
        or _is_unseen(character)
    )


def _folded(cluster: str) -> str:
    """What a cluster is compared as; nothing where there is nothing to see."""
    seen = "".join(of_one(one) for one in cluster if not _is_unseen(one))
    folded = unicodedata.normalize("NFKC", seen)
    # Folding may compose, and composing may give what folds again.
    for _ in range(3):
        folded = unicodedata.normalize("NFKC", folded.casefold())
    folded = _unmarked("".join(fold(one) if _is_chinese(one) else of_one(one) for one in folded))
    return "".join(_blank(one) for one in folded if not _is_unseen(one))


@lru_cache(maxsize=16_384)
def _known(cluster: str) -> str:
    return _folded(cluster)


def _is_unseen(character: str) -> bool:
    return character in _FILLERS or unicodedata.category(character) == "Cf" or _selects(character)


def _is_chinese(character: str) -> bool:
    return _CHINESE[0] <= ord(character) <= _CHINESE[1] or ord(character) >= 0x20000


def _selects(character: str) -> bool:
    """Whether it only chooses between pictures of the character before it."""
    return 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF


def _unmarked(text: str) -> str:
    """Without accents, strokes and the like on letters that are read without them."""
    found: list[str] = []
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me") and (not found or _takes_marks(found[-1])):
            continue
        base = unicodedata.normalize("NFD", character)
        if len(base) > 1 and _takes_marks(base[0]):
            character = base[0]
        found.append(character)
    return "".join(found)


def _takes_marks(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_MARKED)
