"""One spelling for what reads the same: for finding and comparing texts, never for showing them."""

import re
import unicodedata
from collections.abc import Iterator

from opencc import OpenCC

from gamification.kit.records import record

_MARKS = range(0x300, 0x370)
"""Accents and the like, which stand alone once a letter is taken apart."""
_BEYOND_LATIN = 0x2E80
"""From here on come the scripts of Chinese, Japanese and Korean."""
_CJK = "\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_FIRST_CJK = re.compile(rf"[{_CJK}]")
_RUNS = re.compile(rf"([{_CJK}]+)|([^\W_{_CJK}]+)")


class _Folding(dict[int, str]):
    """By character what stands for it; each is worked out once."""

    def __init__(self) -> None:
        super().__init__()
        self._simplified = OpenCC("t2s")

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code))
        kept = "".join(part for part in parts if ord(part) not in _MARKS)
        folded = unicodedata.normalize("NFC", kept).casefold()
        if code >= _BEYOND_LATIN:
            folded = str(self._simplified.convert(folded))
        self[code] = folded
        return folded


_FOLDING = _Folding()


@record(frozen=True, slots=True)
class Run:
    """A word, or characters without spaces between them, as they stand in a text folded: from `start` to before `end`."""

    text: str
    start: int
    end: int
    is_cjk: bool


def fold(text: str) -> str:
    """A text without case, accents, full and half width; Chinese in simplified characters, each by itself."""
    return text.translate(_FOLDING)


def places(text: str) -> list[int]:
    """For each character of `fold(text)` the number of the character of `text` that it comes from, and for its end the
    text's length."""
    found = [place for place, character in enumerate(text) for _ in _FOLDING[ord(character)]]
    return [*found, len(text)]


def runs_of(folded: str) -> Iterator[Run]:
    """The words and unspaced runs of a text that has been folded."""
    for found in _RUNS.finditer(folded):
        yield Run(found[0], found.start(), found.end(), found[1] is not None)


def pairs(run: str) -> list[str]:
    """Each two characters that stand together."""
    return [run[place : place + 2] for place in range(len(run) - 1)]


def is_cjk(text: str) -> bool:
    """Whether a text begins with a character of a script that has no spaces."""
    return _FIRST_CJK.match(text) is not None
