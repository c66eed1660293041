"""What a text is found by: pure.

Words of scripts with spaces are found by their stems. Chinese, Japanese and Korean have none, and nobody cuts them twice
alike: they are found by each character and each two that stand together, so that whatever the segmenter makes of a text,
two characters find it. The segmenter's words are kept as well, to tell who means them from whom they happen to.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import snowballstemmer  # type: ignore[import-untyped]

from gamification.kit.folding import fold, is_cjk, pairs, runs_of
from gamification.kit.records import record

if TYPE_CHECKING:
    from rjieba import Jieba

VERSION = 2
"""Counts the changes of what is made of a text; terms of another version are made anew."""
WORD = "="
"""Stands before a word as the segmenter cut it."""
_WORD_MAX = 40
"""Of a longer word the beginning counts: nobody types the rest."""
IMPACT_MAX = 1000
_TERMS_MAX = 20_000
"""More than any text has that somebody wrote by hand; of more, those that say least are left out."""


@record(frozen=True, slots=True)
class Indexed:
    """What a text is found by, in order, and how much each of it says about the text: from 1 to IMPACT_MAX."""

    terms: tuple[str, ...]
    impacts: tuple[int, ...]


@record(frozen=True, slots=True)
class _Part:
    """How a part of a text counts: `weight` times the body, and the length in words at which it is neither long nor short;
    `slope`: how much being longer takes off."""

    weight: float
    usual_length: int
    slope: float


_TITLE, _TAGS, _BODY = _Part(4, 8, 0.3), _Part(3, 5, 0), _Part(1, 150, 0.4)
_SATURATION = 4
"""BM25's k1: a term that is said again and again says less each time."""


def indexed(title: str, body: str, tags: Sequence[str] = ()) -> Indexed:
    """What a text is found by. The impact is BM25F's (Robertson and Zaragoza, 2009, "The Probabilistic Relevance
    Framework", 3.6), with lengths compared to fixed ones and without the rarity of terms: both would be figures of the
    whole collection, which move with every text and tell of those that a reader must not know of."""
    frequencies: dict[str, float] = defaultdict(float)
    for part, text in ((_TITLE, title), (_TAGS, "\n".join(tags)), (_BODY, body)):
        counted = Counter(terms_of(text))
        by = part.weight / (1 + part.slope * (_length(counted) / part.usual_length - 1))
        for term, count in counted.items():
            frequencies[term] += count * by
    if len(frequencies) > _TERMS_MAX:
        kept = sorted(frequencies.items(), key=lambda pair: (-pair[1], pair[0]))
        frequencies = dict(kept[:_TERMS_MAX])
    terms = tuple(sorted(frequencies))
    return Indexed(terms, tuple(_impact(frequencies[term]) for term in terms))


def terms_of(text: str) -> Iterator[str]:
    """The terms of a text, as often as it has them."""
    for run in runs_of(fold(text)):
        if run.is_cjk:
            yield from run.text
            yield from pairs(run.text)
            yield from (WORD + word for word in segmenter().cut_for_search(run.text, hmm=True))
        else:
            yield stem(run.text)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """What the forms of a word have in common, by Porter's rules for English; words of other languages keep their
    endings, or lose the same one in texts and queries."""
    return str(_stemmer().stemWord(word[:_WORD_MAX]))


@cache
def segmenter() -> "Jieba":
    """Cuts Chinese into words by a dictionary, and by a model where that knows none."""
    from rjieba import Jieba

    return Jieba()


@cache
def _stemmer() -> "snowballstemmer.stemmer":
    return snowballstemmer.stemmer("english")


def _length(counted: Mapping[str, int]) -> int:
    """How many words: those with spaces between them, and those that the segmenter cut."""
    return sum(count for term, count in counted.items() if term[0] == WORD or not is_cjk(term))


def _impact(frequency: float) -> int:
    return max(1, round(IMPACT_MAX * frequency / (frequency + _SATURATION)))
