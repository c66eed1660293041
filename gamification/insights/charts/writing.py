"""Texts in a chart: what may be in one, how wide it is, and what is left of it where there is too little room. Pure."""

import unicodedata
from functools import lru_cache

FONTS = (
    "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', sans-serif"
)
ELLIPSIS = "…"
LENGTH_MAX = 500
"""Characters that are looked at of any text."""

_REPLACEMENT = "\ufffd"
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows: a label must not rearrange its neighbours."""
# Of the font's size, from the widest of the fonts above and DejaVu Sans, so that what is reserved is enough.
_WIDTHS = (
    ("ijlI|.,:;'`!", 0.36),
    ('ft()[]{}/\\ r-"', 0.46),
    ("mwMWQO@%&+=<>~#", 0.98),
    ("ABCDEFGHJKLNPRSTUVXYZ", 0.77),
)
_WIDE, _OTHER = 1.0, 0.66
_WIDTH_OF = {character: width for characters, width in _WIDTHS for character in characters}


def clean(text: str) -> str:
    """One line of what XML may hold: controls and lone surrogates show as U+FFFD, line ends as spaces."""
    found = []
    for character in text[: LENGTH_MAX + 1]:
        if character in "\t\n\r\x85\u2028\u2029":
            found.append(" ")
        elif character in _TURNING:
            continue
        elif unicodedata.category(character) in {"Cc", "Cs"} or ord(character) & 0xFFFE == 0xFFFE:
            found.append(_REPLACEMENT)
        else:
            found.append(character)
    line = "".join(found).strip()
    return line if len(text) <= LENGTH_MAX else line[:LENGTH_MAX] + ELLIPSIS


@lru_cache(maxsize=4096)
def width(text: str, size: float) -> float:
    """About how wide the text is, in pixels; rather too wide than too narrow."""
    return size * sum(_em(character) for character in text)


def fitted(text: str, size: float, room: float) -> str:
    """The text, or its beginning and an ellipsis, that fits; "" where not even that does."""
    if width(text, size) <= room:
        return text
    left, kept = room - width(ELLIPSIS, size), 0
    while kept < len(text) and (left := left - size * _em(text[kept])) >= 0:
        kept += 1
    # What a mark belongs to goes with it.
    while kept and kept < len(text) and unicodedata.category(text[kept]) in {"Mn", "Me", "Mc"}:
        kept -= 1
    beginning = text[:kept].rstrip()
    return beginning + ELLIPSIS if beginning else ""


def _em(character: str) -> float:
    known = _WIDTH_OF.get(character)
    if known is not None:
        return known
    if character.isascii():
        return _OTHER
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    if unicodedata.east_asian_width(character) in {"W", "F", "A"}:
        return _WIDE
    return 0.8
