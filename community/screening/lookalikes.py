"""Letters that are read as others: a small table, for what is used to get a word past a list."""

_ALWAYS = {
    # Letters of the Latin script itself that are drawn like others of it: small capitals, dotless and script forms.
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıɑɡʟ", "abcdefghijklmnoprstuvwyziagl", strict=True)),
    # White letters on black, which Unicode takes for pictures.
    **{chr(0x1F150 + number): chr(ord("a") + number) for number in range(26)},
    **{chr(0x1F170 + number): chr(ord("a") + number) for number in range(26)},
}
_EXACT = dict(zip("асеіјорѕухһԁԛԝѵӏο", "aceijopsyxhdqwvlo", strict=True))
"""Letters of Cyrillic and Greek that can't be told from a Latin one."""
_NEARLY = {
    **_EXACT,
    **dict(zip("внкмтғьαβγεηικνρτυχω", "bhkmtfbabyenikvptuxw", strict=True)),
}
"""Those that pass for one among Latin letters."""
_LEET = {**dict(zip("0345789@$€+", "oeastbgaset", strict=True)), "!": "i"}
"""Digits and signs that stand for letters; 1 and | stand for two, which is asked for."""

SIGNS = frozenset(_ALWAYS)


def of_one(character: str) -> str:
    """The letter that this one always stands for; itself, mostly."""
    return _ALWAYS.get(character, character)


def read_words(characters: list[str]) -> None:
    """Replace, in a text that is case folded, letters of other scripts that pass for Latin ones: in words that mix them
    with Latin letters, and in words all of whose letters can't be told from Latin ones. A word of another script stays."""
    if not _NEARLY.keys() & set(characters):
        return
    for start, end in _words(characters):
        word = characters[start:end]
        foreign = [one for one in word if not _is_latin(one)]
        if not foreign:
            continue
        table = _NEARLY if len(foreign) < len(word) else _EXACT
        if table is _NEARLY or all(one in table for one in word):
            characters[start:end] = [table.get(one, one) for one in word]


def read_signs(text: str, one: str) -> str:
    """A normal text with digits and signs read as letters, where they stand among Latin letters; `one` is what 1 and | are
    read as. It stays as long as it was."""
    table = {**_LEET, "1": one, "|": one}
    if not table.keys() & set(text):
        return text
    found = list(text)
    for start, end in _runs(text):
        if any(_is_latin(character) for character in text[start:end]):
            found[start:end] = [table.get(character, character) for character in text[start:end]]
    return "".join(found)


def _words(characters: list[str]) -> list[tuple[int, int]]:
    """Where letters stand together."""
    return _stretches([one.isalpha() for one in characters])


def _runs(text: str) -> list[tuple[int, int]]:
    """Where letters, digits and such signs stand together."""
    return _stretches([one.isalnum() or one in _LEET or one == "|" for one in text])


def _stretches(belongs: list[bool]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    begun: int | None = None
    for position, inside in enumerate([*belongs, False]):
        if inside and begun is None:
            begun = position
        elif not inside and begun is not None:
            found.append((begun, position))
            begun = None
    return found


def _is_latin(character: str) -> bool:
    return "a" <= character <= "z"
