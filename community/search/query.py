"""What somebody looks for: pure."""

import re
from collections.abc import Iterable

from community.writing.terms import WORD, segmenter, stem
from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.folding import fold, pairs, runs_of
from gamification.kit.records import record

LENGTH_MAX = 200
TERMS_MAX = 40
"""So many terms are looked for at most: about twenty words, or one sentence of Chinese."""
_ITEM = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]+)"|(?P<plain>[^\s"]+))')
_QUOTES = str.maketrans(dict.fromkeys("“”„「」『』＂", '"') | {"－": "-", "　": " "})
_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "his",
        "how",
        "i",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "she",
        "so",
        "than",
        "that",
        "the",
        "their",
        "them",
        "they",
        "this",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
    ]
)
"""English words that nearly every text has: they need not be there, unless nothing else is looked for."""
_FOR_PAIR, _FOR_WORD = 1, 2
"""What a term counts in the ranking: a pair of characters may be there by chance, a word as the segmenter cut it is
meant. A word between spaces is both."""


@record(frozen=True, slots=True)
class Phrase:
    """Words that must stand one after the other, as they are written but for case."""

    words: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """The phrase as a regular expression of the database's (PCRE): between words is whatever is no letter or digit."""
        return self._joined(r"[^\p{L}\p{N}]{0,5}")

    def stands_in(self, text: str) -> bool:
        """Whether a text has it."""
        return re.search(self._joined(r"[\W_]{0,5}"), text, re.IGNORECASE) is not None

    def _joined(self, between: str) -> str:
        inner = between.join(re.escape(word) for word in self.words)
        return rf"(?<![A-Za-z0-9]){inner}(?![A-Za-z0-9])"


@record(frozen=True, slots=True)
class Query:
    """What a text must have, all of it: `required` terms and `phrases`; of `excluded` groups it must have none whole.
    `ranked`: what each term counts. `names`: the words of it, folded, by which people are found."""

    required: tuple[str, ...]
    ranked: tuple[tuple[str, int], ...]
    excluded: tuple[tuple[str, ...], ...]
    phrases: tuple[Phrase, ...]
    names: tuple[str, ...]

    @property
    def weight(self) -> int:
        """What all terms count together."""
        return sum(by for _, by in self.ranked)


def parse(text: str) -> Query:
    """Read a query: words, `"phrases"` and `-excluded` ones. Raises: InvalidInput where it says nothing to look for, or
    too much."""
    if len(text) > LENGTH_MAX:
        raise InvalidInput(
            f"query has {len(text)} characters; at most {LENGTH_MAX} are taken.",
            code=ErrorCode.TOO_LARGE,
            path=["query"],
            limit=LENGTH_MAX,
        )
    wanted: list[str] = []
    phrases: list[Phrase] = []
    excluded: list[tuple[str, ...]] = []
    for found in _ITEM.finditer(text.translate(_QUOTES)):
        stated = found["phrase"] or found["plain"]
        if found["minus"]:
            terms = tuple(_whole(stated))
            excluded += [terms] if terms else []
            continue
        wanted.append(stated)
        if found["phrase"]:
            phrases.append(Phrase(tuple(run.text for run in runs_of(stated.casefold()))))
    phrases = [one for one in phrases if one.words]
    required, ranked = _wanted(wanted, phrases)
    if not required:
        raise InvalidInput("query says nothing to look for.", path=["query"])
    if len(required) + sum(map(len, excluded)) > TERMS_MAX:
        raise InvalidInput(
            "query looks for too much at once.", code=ErrorCode.TOO_LARGE, path=["query"], limit=TERMS_MAX
        )
    names = tuple(run.text for stated in wanted for run in runs_of(fold(stated)))
    return Query(required, ranked, tuple(excluded), tuple(phrases), names)


def _wanted(
    stated: Iterable[str], phrases: Iterable[Phrase]
) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """The terms that a text must have, and what each counts."""
    needed: dict[str, None] = {}
    spare: dict[str, None] = {}
    ranked: dict[str, int] = {}
    for run in (run for one in stated for run in runs_of(fold(one))):
        if not run.is_cjk:
            (spare if run.text in _STOP_WORDS else needed)[stem(run.text)] = None
            continue
        for word in segmenter().cut(run.text, hmm=True):
            ranked[WORD + word] = _FOR_WORD
        needed |= dict.fromkeys(_of_run(run.text))
    for phrase in phrases:
        needed |= dict.fromkeys(term for word in phrase.words for term in _whole(word))
    required = tuple(needed or spare)
    for term in required:
        ranked[term] = _FOR_PAIR if len(term) == 1 or not term.isascii() else _FOR_PAIR + _FOR_WORD
    return required, tuple(ranked.items())


def _of_run(run: str) -> list[str]:
    """What a text must have for characters that are looked for without spaces. One or two must be there as they stand,
    whatever the segmenter says of them; of more, its words, each of them whole. A text that has the run has all of it."""
    if len(run) == 1:
        return [run]
    if len(run) == 2:
        return pairs(run)
    words = [word for word in segmenter().cut(run, hmm=True) if len(word) > 1]
    return [pair for word in words for pair in pairs(word)] or pairs(run)


def _whole(stated: str) -> list[str]:
    """The terms of something that is meant to stand as it does."""
    found: dict[str, None] = {}
    for run in runs_of(fold(stated)):
        found |= dict.fromkeys([stem(run.text)] if not run.is_cjk else pairs(run.text) or [run.text])
    return list(found)
