"""Where in a text stands what was looked for: pure. Parts of plain text, so that whoever shows them escapes them as any
other."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from community.search.query import Query
from community.writing.terms import stem
from gamification.kit.folding import fold, places, runs_of
from gamification.kit.records import record

_LENGTH = 160
_BEFORE = 40
"""So much of a text stands before the first match that is shown."""
_SCANNED_MAX = 20_000
_PLACES_MAX = 3


class Place(StrEnum):
    """Where in what was found a match stands."""

    TITLE = "title"
    TEXT = "text"
    TAGS = "tags"
    OPTIONS = "options"
    NAME = "name"


@record(frozen=True, slots=True)
class Part:
    """Some text, and whether it is what was looked for."""

    text: str
    is_match: bool


@record(frozen=True, slots=True)
class Highlight:
    """Parts that make up one place of what was found, or a piece of it."""

    place: Place
    parts: tuple[Part, ...]


def highlights(query: Query, texts: Sequence[tuple[Place, str]]) -> list[Highlight]:
    """The first few places that have matches, in order; of a long text the piece that has most of them."""
    found: list[Highlight] = []
    for place, text in texts:
        if len(found) == _PLACES_MAX:
            break
        spans = matched(query, text[:_SCANNED_MAX], names=place is Place.NAME)
        if spans:
            found.append(Highlight(place, tuple(_parts(text, spans))))
    return found


def matched(query: Query, text: str, *, names: bool = False) -> list[tuple[int, int]]:
    """From where to before where in a text something stands that was looked for; in order, none touching the next. In
    `names` a word matches by its beginning."""
    folded = fold(text)
    at = places(text)
    terms = {term for term, _ in query.ranked}
    spans: list[tuple[int, int]] = []
    for start, end in sorted(set(_found(query, terms, folded, names=names))):
        first, last = at[start], at[end - 1] + 1
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return spans


def _found(query: Query, terms: set[str], folded: str, *, names: bool) -> Iterator[tuple[int, int]]:
    for run in runs_of(folded):
        if run.is_cjk:
            for length in (1, 2):
                for place in range(len(run.text) - length + 1):
                    if run.text[place : place + length] in terms:
                        yield run.start + place, run.start + place + length
        elif names:
            beginning = max((len(one) for one in query.names if run.text.startswith(one)), default=0)
            if beginning:
                yield run.start, run.start + beginning
        elif stem(run.text) in terms:
            yield run.start, run.end


def _parts(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Part]:
    start, end = _piece(text, spans)
    place = start
    if start > 0:
        yield Part("…", is_match=False)
    for first, last in spans:
        if last <= start or first >= end:
            continue
        first, last = max(first, start), min(last, end)
        if first > place:
            yield Part(_line(text[place:first]), is_match=False)
        yield Part(_line(text[first:last]), is_match=True)
        place = last
    if place < end:
        yield Part(_line(text[place:end]), is_match=False)
    if end < len(text):
        yield Part("…", is_match=False)


def _piece(text: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """From where to before where the text is shown: where most stands that was looked for, and the earlier of two such."""
    if len(text) <= _LENGTH:
        return 0, len(text)
    best, most, held, next_ = 0, 0, 0, 0
    for first, last in spans:
        while next_ < len(spans) and spans[next_][1] <= first + _LENGTH - _BEFORE:
            held += spans[next_][1] - spans[next_][0]
            next_ += 1
        if held > most:
            best, most = first, held
        held = max(0, held - (last - first))
    start = max(0, min(best - _BEFORE, len(text) - _LENGTH))
    if start:
        # Words are left whole, where there are any.
        space = text.find(" ", start, best)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + _LENGTH)
    if end < len(text):
        space = text.rfind(" ", start + _LENGTH // 2, end)
        end = space if space >= 0 else end
    return start, end


def _line(text: str) -> str:
    return text.replace("\n", " ")
