"""Lists of words, found however they are disguised: all words of a list in one pass over a text.

The pass runs over letters and digits alone, so that nothing put between them hides a word. What then stood between them
decides whether it is the word: `Reading.holds` has the rules.
"""

from collections.abc import Container, Iterable, Iterator, Sequence

from ahocorasick_rs import AhoCorasick

from community.screening.lookalikes import read_signs
from community.screening.normal import Normal, normal_form
from gamification.kit.records import evolve, record

GAP_MAX = 3
"""So many signs or spaces in a row are seen through."""
_ENDS = frozenset(",!?;:。、\n")
"""What ends a part of a sentence where words are written together, and the end of a line."""
_APOSTROPHES = frozenset("'’")
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul, of which particles are written to a word
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x312F),  # Kana, Bopomofo
    (0x3130, 0x318F),
    (0x3400, 0x4DBF),  # Chinese characters
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0x20000, 0x3FFFF),
)
"""Scripts in which a word may stand amid other letters."""


@record(frozen=True, slots=True)
class Word:
    """One of a list. `letters` is what it is found by; `breaks` are the places among them before which it states a space;
    `starts`, `ends`: whether it is a word's beginning or end that is meant there, which a `*` says it is not."""

    letters: str
    breaks: frozenset[int]
    starts: bool
    ends: bool

    @property
    def is_spaced(self) -> bool:
        """Whether it is of a script that puts spaces between words."""
        return not any(is_unspaced(one) for one in self.letters)


class WordList:
    """Finds the words of a list. `leet`: digits and signs are also read as letters."""

    def __init__(self, words: Iterable[str], *, leet: bool = False) -> None:
        stated = [found for word in words if (found := word_of(word)) is not None]
        self._words: dict[str, list[Word]] = {}
        for word in dict.fromkeys(stated):
            self._words.setdefault(word.letters, []).append(word)
        self._letters = list(self._words)
        self._finder = AhoCorasick(self._letters) if self._letters else None
        self._leet = leet

    def find(self, reading: "Reading") -> list[tuple[int, int]]:
        """Where in the original the listed words stand, in order, once each; the longest of those that begin together."""
        normal, readings = reading.normal, [reading]
        if self._leet:
            texts = {read_signs(normal.text, one) for one in "il"} - {normal.text}
            readings += [Reading(evolve(normal, text=text)) for text in sorted(texts)]
        longest: dict[int, int] = {}
        for one in readings:
            for start, end in self._found(one):
                begun, ended = normal.span(start, end)
                longest[begun] = max(ended, longest.get(begun, 0))
        return sorted(longest.items())

    def _found(self, reading: "Reading") -> Iterator[tuple[int, int]]:
        if self._finder is None:
            return
        for number, start, end in self._finder.find_matches_as_indexes(reading.letters, overlapping=True):
            words = self._words[self._letters[number]]
            if any(reading.holds(word, start, end) for word in words):
                yield reading.places[start], reading.places[end - 1] + 1


def word_of(stated: str) -> Word | None:
    """A word as a list states it, `*` at its ends for whatever the word goes on with; None where it has no letters."""
    inner = stated.strip()
    starts, ends = not inner.startswith("*"), not inner.endswith("*")
    letters: list[str] = []
    breaks: set[int] = set()
    for one in normal_form(inner.strip("*")).text:
        if is_letter(one):
            letters.append(one)
        elif one in " \n" and letters:
            breaks.add(len(letters))
    breaks.discard(len(letters))
    return Word("".join(letters), frozenset(breaks), starts, ends) if letters else None


def is_letter(character: str) -> bool:
    """Whether words are made of it."""
    return character.isalnum() or is_unspaced(character)


def is_unspaced(character: str) -> bool:
    """Whether it is of a script in which words stand together."""
    code = ord(character)
    return code >= _UNSPACED[0][0] and any(low <= code <= high for low, high in _UNSPACED)


class Reading:
    """A text in its normal form, its letters alone, and where in that form each stands."""

    def __init__(self, normal: Normal) -> None:
        self.normal = normal
        self._text = text = normal.text
        self.places = [place for place, one in enumerate(text) if is_letter(one)]
        self.letters = "".join([text[place] for place in self.places])

    def holds(self, word: Word, start: int, end: int) -> bool:
        """Whether that stretch of the letters, which are the word's, is the word and not by chance."""
        if not self._is_bounded(word, start, end):
            return False
        gaps = [self._gap(place) for place in range(start + 1, end)]
        if not any(gaps) and not word.breaks:
            return True
        if any(len(gap) > GAP_MAX for gap in gaps):
            return False
        if any(not gaps[place - 1] for place in word.breaks) and word.is_spaced:
            return False  # "therapist" is not "the rapist"
        inner = [gap for place, gap in enumerate(gaps, 1) if place not in word.breaks]
        if not any(inner):
            return True
        if all(inner):
            return self._is_spelled(word, inner, start, end)
        return self._is_broken(word, inner, start, end)

    def _is_bounded(self, word: Word, start: int, end: int) -> bool:
        """Whether it begins and ends where a word does, if its script has spaces: the letters of a longer word are not it."""
        before, after = self._letter(start - 1, start), self._letter(end - 1, end)
        first, last = self.letters[start], self.letters[end - 1]
        if word.starts and before and not is_unspaced(first) and not is_unspaced(self.letters[start - 1]):
            return False
        return not (word.ends and after and not is_unspaced(last) and not is_unspaced(self.letters[end]))

    def _is_spelled(self, word: Word, gaps: Sequence[str], start: int, end: int) -> bool:
        """Letter by letter. Where parts of a sentence end between them, by the same sign all along; two letters that only
        spaces part must both stand alone."""
        if _ENDS & set("".join(gaps)) and not (len(set(gaps)) == 1 and len(gaps) > 1):
            return False
        if len(gaps) > 1 or gaps[0].strip():
            return True
        return not word.is_spaced and not self._letter(start - 1, start) and not self._letter(end - 1, end)

    def _is_broken(self, word: Word, gaps: Sequence[str], start: int, end: int) -> bool:
        """In pieces. Of a script with spaces, no space breaks a word, no apostrophe does (he'll), and it is no link of a chain:
        the-pen-is-mine."""
        inside = set("".join(gaps))
        if not word.is_spaced:
            return not inside & _ENDS
        if inside & _APOSTROPHES or any(one.isspace() for one in inside):
            return False
        before, after = self.places[start] - 1, self.places[end - 1] + 1
        return not (self._goes_on(before, -1, inside) or self._goes_on(after, 1, inside))

    def _goes_on(self, place: int, step: int, marks: Container[str]) -> bool:
        """Whether one of the marks stands there, and a letter behind it."""
        text, behind = self._text, place + step
        return (
            min(place, behind) >= 0
            and max(place, behind) < len(text)
            and (text[place] in marks and is_letter(text[behind]))
        )

    def _gap(self, place: int) -> str:
        """What stands between that letter and the one before."""
        return self._text[self.places[place - 1] + 1 : self.places[place]]

    def _letter(self, one: int, other: int) -> bool:
        """Whether there are both of these letters, next to each other in the text."""
        if one < 0 or other >= len(self.places):
            return False
        return self.places[other] - self.places[one] == 1
