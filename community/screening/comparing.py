"""Rules that ask for more than the text: what its author and others wrote lately. Few reads, and none that no rule needs."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

from community.screening.likeness import Fingerprint, fingerprint_of, percent_alike
from community.screening.model import Finding, Text
from community.screening.remembered import COMPARED_MAX, Remembered, RememberedTexts
from community.screening.screen import ReadyRule
from gamification.kit.records import record
from gamification.programmes.definitions import DuplicateRule, Likeness, ScreenedKind, ScreeningRule
from storage.mongo import Tx

_RATED_MAX = 1_001
"""One more than a rule can ask for."""
_STILL_PERCENT = 70
"""From here on an edited text is the one that it was."""
PublishedBy = Callable[[bytes, int, Tx | None], Awaitable[int]]
"""How many texts of a member others see, counted up to a number."""


@record(frozen=True, slots=True)
class Subject:
    """Whose text it is, which post or comment, and when. `is_new`: it comes to be published; an edit is not counted."""

    programme_id: str
    author_id: bytes
    target_id: bytes
    at: datetime
    is_new: bool


class Comparing:
    """Looks at what else was written."""

    def __init__(self, texts: RememberedTexts, published_by: PublishedBy) -> None:
        self._texts = texts
        self._published_by = published_by

    async def look(
        self,
        subject: Subject,
        text: Text,
        rules: Sequence[ReadyRule],
        tx: Tx | None,
        before: Text | None = None,
    ) -> list[Finding]:
        """What these rules find, in their order. `before`: what it said before an edit; what is much like that was compared
        then."""
        stated = [ready.rule for ready in rules]
        found = {
            **await self._alike(subject, text, [rule for rule in stated if rule.duplicates], tx, before),
            **(await self._counted(subject, stated, tx) if subject.is_new else {}),
        }
        return [found[rule.key] for rule in stated if rule.key in found]

    async def remember(self, subject: Subject, text: Text, rules: Sequence[ReadyRule], tx: Tx) -> None:
        """Remember a text as long as a rule may ask for it."""
        spans = [span for ready in rules if (span := _span_of(ready.rule)) is not None]
        if not spans:
            return
        print_of = print_for([ready.rule.duplicates for ready in rules if ready.rule.duplicates], text)
        if subject.is_new:
            row = Remembered(subject.target_id, subject.author_id, text.kind, text.space, subject.at, ())
            until = subject.at + max(spans)
            await self._texts.remember(subject.programme_id, row, print_of, until, tx)
        elif print_of is not None:
            await self._texts.reprint(subject.target_id, print_of, tx)

    async def _alike(
        self,
        subject: Subject,
        text: Text,
        rules: Sequence[ScreeningRule],
        tx: Tx | None,
        before: Text | None,
    ) -> dict[str, Finding]:
        stated = [rule.duplicates for rule in rules if rule.duplicates is not None]
        print_of = print_for(stated, text)
        if print_of is None or (before is not None and _is_still(print_of, print_for(stated, before))):
            return {}
        since = subject.at - max(one.within for one in stated)
        own: list[Remembered] = []
        if any(one.of is Likeness.OWN for one in stated):
            own = await self._texts.of_author(subject.author_id, since, COMPARED_MAX, tx)
        anybodys: list[Remembered] = []
        if any(one.of is not Likeness.OWN for one in stated):
            anybodys = await self._texts.like(subject.programme_id, print_of, since, tx)
        found: dict[str, Finding] = {}
        for rule in rules:
            assert rule.duplicates is not None  # noqa: S101 - they were chosen by it
            texts = own if rule.duplicates.of is Likeness.OWN else anybodys
            finding = alike(rule, rule.duplicates, subject, print_of, texts)
            if finding is not None:
                found[rule.key] = finding
        return found

    async def _counted(
        self, subject: Subject, rules: Sequence[ScreeningRule], tx: Tx | None
    ) -> dict[str, Finding]:
        found: dict[str, Finding] = {}
        firsts = [(rule, rule.first.texts) for rule in rules if rule.first is not None]
        if firsts:
            published = await self._published_by(subject.author_id, max(texts for _, texts in firsts), tx)
            for rule, texts in firsts:
                if published < texts:
                    found[rule.key] = Finding(rule.key, rule.verdict, found=published, limit=texts)
        rates = [(rule, rule.rate) for rule in rules if rule.rate is not None]
        if rates:
            since = subject.at - max(rate.within for _, rate in rates)
            lately = await self._texts.times_of_author(subject.author_id, since, _RATED_MAX, tx)
            for rule, rate in rates:
                finding = too_many(rule, rate.most, rate.within, subject, lately)
                if finding is not None:
                    found[rule.key] = finding
        return found


def print_for(rules: Iterable[DuplicateRule], text: Text) -> Fingerprint | None:
    """The fingerprint by which these rules compare a text; None where it is too short for all of them."""
    shortest = min((rule.shortest for rule in rules), default=None)
    if shortest is None or len(text.title) + len(text.text) < shortest:
        return None
    print_of = fingerprint_of(f"{text.title}\n{text.text}")
    return print_of if print_of.length >= shortest else None


def alike(
    rule: ScreeningRule,
    terms: DuplicateRule,
    subject: Subject,
    print_of: Fingerprint,
    texts: Iterable[Remembered],
) -> Finding | None:
    """Whether more of these texts than the rule lets are too much like one: pure. The finding names the most alike."""
    if print_of.length < terms.shortest:
        return None
    found: list[tuple[int, bytes, ScreenedKind]] = []
    for one in texts:
        is_own = one.author_id == subject.author_id
        meant = terms.of is Likeness.ANY or is_own is (terms.of is Likeness.OWN)
        if not meant or not one.hashes or one.id == subject.target_id or one.at < subject.at - terms.within:
            continue
        percent = percent_alike(print_of.hashes, one.hashes)
        if percent >= terms.percent:
            found.append((percent, one.id, one.kind))
    if len(found) <= terms.most:
        return None
    percent, like, kind = max(found)
    return Finding(rule.key, rule.verdict, found=percent, limit=terms.percent, like=like, like_kind=kind)


def too_many(
    rule: ScreeningRule, most: int, within: timedelta, subject: Subject, lately: Iterable[Remembered]
) -> Finding | None:
    """Whether one more text is more than the rule lets, of the kinds and in the spaces that it is about: pure."""
    count = 1 + sum(
        one.at > subject.at - within and one.id != subject.target_id and rule.is_about(one.kind, one.space)
        for one in lately
    )
    return Finding(rule.key, rule.verdict, found=count, limit=most) if count > most else None


def _is_still(now: Fingerprint, before: Fingerprint | None) -> bool:
    return before is not None and percent_alike(now.hashes, before.hashes) >= _STILL_PERCENT


def _span_of(rule: ScreeningRule) -> timedelta | None:
    if rule.duplicates is not None:
        return rule.duplicates.within
    return rule.rate.within if rule.rate is not None else None
