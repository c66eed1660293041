"""The rules of a programme made ready, and what they say of a text by itself: pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from community.screening.links import minded_links
from community.screening.model import Finding, Spot, Text, TextPart
from community.screening.normal import normal_form
from community.screening.words import Reading, WordList
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import ScreenedKind, ScreeningRule
from gamification.programmes.definitions.screening import compile_pattern

SPOTS_MAX = 20
"""So many places are named of what a rule finds in a part of a text."""
_WORDS_MAX = 60
"""So many characters of a place are kept."""

Readings = dict[TextPart, Reading]


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule with its list or its patterns made ready; `words` is None where it has none."""

    rule: ScreeningRule
    words: WordList | None
    patterns: tuple[Any, ...]

    @classmethod
    def of(cls, rule: ScreeningRule) -> "ReadyRule":
        """Make a rule ready."""
        words = WordList(rule.words.listed, leet=rule.words.leet) if rule.words is not None else None
        return cls(rule, words, tuple(compile_pattern(one) for one in rule.patterns or ()))

    def finding(self, text: Text, readings: Readings) -> Finding | None:
        """What it finds in a text by itself; None too where the rule asks for more than the text."""
        rule = self.rule
        if self.words is not None or self.patterns:
            spots = tuple(
                spot
                for part, reading in readings.items()
                for spot in _spots(part, text.parts[part], self._found(reading))
            )
            return Finding(rule.key, rule.verdict, spots) if spots else None
        if rule.links is not None and (links := minded_links(rule.links, text.links)) is not None:
            return Finding(
                rule.key, rule.verdict, found=links.found, limit=links.limit, hosts=links.hosts[:SPOTS_MAX]
            )
        if rule.mentions is not None and text.mentions > rule.mentions.most:
            return Finding(rule.key, rule.verdict, found=text.mentions, limit=rule.mentions.most)
        return None

    def _found(self, reading: Reading) -> Sequence[tuple[int, int]]:
        if self.words is not None:
            return self.words.find(reading)
        normal = reading.normal
        found: set[tuple[int, int]] = set()
        for pattern in self.patterns:
            spans = (match.span() for match in islice(pattern.finditer(normal.text), SPOTS_MAX))
            found.update(normal.span(start, end) for start, end in spans if start < end)
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Screen:
    """Rules that take effect, in file order."""

    rules: tuple[ReadyRule, ...]

    def about(self, kind: ScreenedKind, space: str) -> list[ReadyRule]:
        """Those that screen such texts there."""
        return [ready for ready in self.rules if ready.rule.is_about(kind, space)]


def look_into(text: Text, rules: Iterable[ReadyRule]) -> list[Finding]:
    """What these rules find in a text by itself, in their order."""
    readings: Readings = {}
    found: list[Finding] = []
    for ready in rules:
        if not readings and (ready.words is not None or ready.patterns):
            readings = {part: Reading(normal_form(words)) for part, words in text.parts.items()}
        finding = ready.finding(text, readings)
        if finding is not None:
            found.append(finding)
    return found


def fresh(found: Iterable[Finding], before: Iterable[Finding]) -> list[Finding]:
    """What of an edited text's findings is not what was found in it before: the same words, or no more of what is counted,
    were judged then."""
    known = {finding.rule: finding for finding in before}
    return [
        finding for finding in found if finding.rule not in known or _is_more(finding, known[finding.rule])
    ]


@lru_cache(maxsize=64)
def screen_of(catalogue: Catalogue) -> Screen:
    """The rules of a programme that take effect."""
    return screen_by(catalogue.document.screening)


def screen_by(rules: Iterable[ScreeningRule]) -> Screen:
    """Rules made ready, those of them that take effect."""
    return Screen(tuple(ReadyRule.of(rule) for rule in rules if published(rule)))


def _spots(part: TextPart, text: str, spans: Sequence[tuple[int, int]]) -> list[Spot]:
    return [Spot(part, start, end, text[start:end][:_WORDS_MAX]) for start, end in spans[:SPOTS_MAX]]


def _is_more(now: Finding, before: Finding) -> bool:
    if now.spots:
        if any(count >= SPOTS_MAX for count in Counter(spot.part for spot in now.spots).values()):
            return True  # there may be others that are not named
        return not {spot.words for spot in now.spots} <= {spot.words for spot in before.spots}
    if now.hosts and not set(now.hosts) <= set(before.hosts):
        return True
    return (now.found or 0) > (before.found or 0)
