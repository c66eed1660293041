"""Messages with placeholders: the part of ICU MessageFormat that texts to members need, parsed once and put into words for a
locale and a time zone.

    text            '{' and '}' stand for themselves within single quotes; '' is one quote
    {name}          a text as it is; a number or an instant as the locale writes it
    {name, number}  {name, date[, short | medium | long]}  {name, time[, ...]}  {name, datetime[, ...]}
    {name, plural, [offset:1] =0 {...} one {...} other {...}}   `#` within is the number; classes are those of CLDR
    {name, select, word {...} other {...}}

Source: Unicode Technical Standard 35, part 9 (MessageFormat 1 as in ICU4J `MessageFormat`, apostrophes in the default mode).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from gamification.kit.periods import zone

LENGTH_MAX = 4_000
DEPTH_MAX = 5
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CLASSES = frozenset({"zero", "one", "two", "few", "many", "other"})
_WIDTHS = frozenset({"short", "medium", "long"})
_SPACE = " \t\r\n"
_CACHED = 2_000


class ValueKind(StrEnum):
    """What stands in for a placeholder."""

    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"


class MessageInvalid(Exception):
    """A message that can't be read; `at` is the place of the fault, in characters from 0."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(f"{reason}, at character {at + 1}")
        self.reason = reason
        self.at = at


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Hash:
    """The number of the plural that is around."""


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    form: str | None
    width: str
    at: int


@dataclass(frozen=True, slots=True)
class _Choice:
    """`plural` by exact numbers (`=2`) and classes, or `select` by words."""

    name: str
    plural: bool
    offset: int
    branches: Mapping[str, "Parts"]
    at: int


Part = _Text | _Hash | _Value | _Choice
Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was read."""

    parts: Parts

    def faults(self, known: Mapping[str, ValueKind]) -> list[str]:
        """What of it can't be filled by these placeholders, in words."""
        return [fault for part in _walk(self.parts) if (fault := _fault(part, known)) is not None]

    def format(self, values: Mapping[str, Any], locale: str, time_zone: str) -> str:
        """In words. A value that is missing is shown as nothing, and chooses `other`."""
        return "".join(_shown(self.parts, values, _locale(locale), time_zone, None))


@lru_cache(maxsize=_CACHED)
def parse(text: str) -> Message:
    """Read a message. Raises: MessageInvalid."""
    if len(text) > LENGTH_MAX:
        raise MessageInvalid(f"a message has at most {LENGTH_MAX} characters", LENGTH_MAX)
    reader = _Reader(text)
    parts = reader.parts(0, in_plural=False)
    if reader.at < len(text):
        raise MessageInvalid("there is no `{` to this `}`", reader.at)
    return Message(parts)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def parts(self, depth: int, *, in_plural: bool) -> Parts:
        """Up to the end, or the `}` that ends the branch."""
        found: list[Part] = []
        plain: list[str] = []
        while self.at < len(self._text) and self._text[self.at] != "}":
            char = self._text[self.at]
            if char == "'":
                plain.append(self._quoted(in_plural=in_plural))
            elif char == "{" or (char == "#" and in_plural):
                if plain:
                    found.append(_Text("".join(plain)))
                    plain = []
                found.append(self._argument(depth) if char == "{" else self._hash())
            else:
                plain.append(char)
                self.at += 1
        if plain:
            found.append(_Text("".join(plain)))
        return tuple(found)

    def _hash(self) -> Part:
        self.at += 1
        return _Hash()

    def _quoted(self, *, in_plural: bool) -> str:
        """A quote begins a quotation only before what it is needed for."""
        text = self._text
        following = text[self.at + 1 : self.at + 2]
        if following == "'":
            self.at += 2
            return "'"
        if not following or following not in ("{}#" if in_plural else "{}"):
            self.at += 1
            return "'"
        self.at += 1
        shown: list[str] = []
        while self.at < len(text):
            if text[self.at] != "'":
                shown.append(text[self.at])
            elif text[self.at + 1 : self.at + 2] == "'":
                shown.append("'")
                self.at += 1
            else:
                break
            self.at += 1
        self.at += 1
        return "".join(shown)

    def _argument(self, depth: int) -> Part:
        begins = self.at
        if depth >= DEPTH_MAX:
            raise MessageInvalid(f"choices lie at most {DEPTH_MAX} deep in each other", begins)
        self.at += 1
        name = self._word("a placeholder's name")
        if self._ends("}"):
            return _Value(name, None, "medium", begins)
        self._expect(",")
        form = self._word("a placeholder's form")
        if form in ("plural", "select"):
            self._expect(",")
            return self._choice(name, depth, begins, plural=form == "plural")
        if form not in ("number", "date", "time", "datetime"):
            raise MessageInvalid(f"there is no form {form!r}", begins)
        width = "medium"
        if self._ends(","):
            width = self._word("a width")
            if width not in _WIDTHS or form == "number":
                raise MessageInvalid(f"there is no width {width!r} of a {form}", begins)
        self._expect("}")
        return _Value(name, form, width, begins)

    def _choice(self, name: str, depth: int, begins: int, *, plural: bool) -> Part:
        offset = 0
        branches: dict[str, Parts] = {}
        self._skip()
        if plural and self._text.startswith("offset:", self.at):
            self.at += len("offset:")
            offset = self._number()
        while not self._ends("}"):
            key = self._key(plural=plural)
            if key in branches:
                raise MessageInvalid(f"{key} stands twice", self.at)
            self._expect("{")
            branches[key] = self.parts(depth + 1, in_plural=plural)
            self._expect("}")
        if "other" not in branches:
            raise MessageInvalid("a choice needs `other`", begins)
        return _Choice(name, plural, offset, branches, begins)

    def _key(self, *, plural: bool) -> str:
        self._skip()
        if plural and self._text.startswith("=", self.at):
            self.at += 1
            return f"={self._number()}"
        begins = self.at
        key = self._word("a choice")
        if plural and key not in _CLASSES:
            raise MessageInvalid(f"there is no plural class {key!r}", begins)
        return key

    def _number(self) -> int:
        begins = self.at
        while self._text[self.at : self.at + 1].isascii() and self._text[self.at : self.at + 1].isdigit():
            self.at += 1
        if not 0 < self.at - begins <= 9:
            raise MessageInvalid("a whole number is missing", begins)
        return int(self._text[begins : self.at])

    def _word(self, what: str) -> str:
        self._skip()
        found = _NAME.match(self._text, self.at)
        if found is None:
            raise MessageInvalid(f"{what} is missing", min(self.at, len(self._text)))
        self.at = found.end()
        return found[0]

    def _ends(self, char: str) -> bool:
        """Whether `char` is next, and go beyond it."""
        self._skip()
        if self.at >= len(self._text):
            raise MessageInvalid("there is no `}` to a `{`", len(self._text))
        ends = self._text[self.at] == char
        self.at += ends
        return ends

    def _expect(self, char: str) -> None:
        self._skip()
        if self._text[self.at : self.at + 1] != char:
            raise MessageInvalid(f"`{char}` is missing", min(self.at, len(self._text)))
        self.at += 1

    def _skip(self) -> None:
        while self.at < len(self._text) and self._text[self.at] in _SPACE:
            self.at += 1


def _walk(parts: Parts) -> Iterator[_Value | _Choice]:
    for part in parts:
        if isinstance(part, _Value | _Choice):
            yield part
        if isinstance(part, _Choice):
            for branch in part.branches.values():
                yield from _walk(branch)


def _fault(part: _Value | _Choice, known: Mapping[str, ValueKind]) -> str | None:
    kind = known.get(part.name)
    if kind is None:
        names = ", ".join(sorted(known)) or "none"
        return f"there is no placeholder {part.name!r}, at character {part.at + 1}; there are {names}"
    if isinstance(part, _Choice):
        wanted = ValueKind.NUMBER if part.plural else ValueKind.TEXT
    elif part.form is None:
        return None
    else:
        wanted = ValueKind.NUMBER if part.form == "number" else ValueKind.INSTANT
    return None if kind is wanted else f"{part.name!r} is a {kind}, at character {part.at + 1}"


def _shown(
    parts: Parts, values: Mapping[str, Any], locale: Any, time_zone: str, number: int | None
) -> Iterator[str]:
    for part in parts:
        if isinstance(part, _Text):
            yield part.text
        elif isinstance(part, _Hash):
            yield _written(number or 0, "number", "medium", locale, time_zone)
        elif isinstance(part, _Value):
            yield _written(values.get(part.name), part.form, part.width, locale, time_zone)
        else:
            branch, inner = _chosen(part, values.get(part.name), locale)
            yield from _shown(branch, values, locale, time_zone, inner if part.plural else number)


def _chosen(choice: _Choice, value: Any, locale: Any) -> tuple[Parts, int | None]:
    branches = choice.branches
    if not choice.plural:
        return branches.get(str(value), branches["other"]), None
    if not isinstance(value, int):
        return branches["other"], None
    exact = branches.get(f"={value}")
    left = value - choice.offset
    return exact if exact is not None else branches.get(locale.plural_form(left), branches["other"]), left


def _written(value: Any, form: str | None, width: str, locale: Any, time_zone: str) -> str:
    from babel import dates, numbers

    if value is None:
        return ""
    if isinstance(value, datetime):
        local, stated = value.astimezone(zone(time_zone)), cast("Any", width)
        if form == "date":
            return str(dates.format_date(local.date(), format=stated, locale=locale))
        if form == "time":
            return str(dates.format_time(local.timetz(), format=stated, locale=locale))
        return str(dates.format_datetime(local, format=stated, locale=locale))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(numbers.format_decimal(value, locale=locale))
    return str(value)


@lru_cache(maxsize=500)
def _locale(name: str) -> Any:
    """As the locale data knows it; English for what it does not."""
    from babel import Locale, UnknownLocaleError

    for wanted in (name, name.partition("-")[0]):
        try:
            return Locale.parse(wanted, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")
