"""Which of what was found comes first: pure.

    score = 1000 x relevance x (1 + 0.5 / (1 + age / 90 days))

Relevance is the mean impact of the query's terms (`community/writing/terms.py`), weighted by what they count, from 0 to
1000. What is new counts half as much again as what is very old. What a member or a space is called does not age.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from community.search.model import Hit, SearchKind
from community.search.query import Query
from community.writing.terms import Indexed
from storage.paging import Page, Position, Window

SCALE = 1000
NEW = 0.5
"""What being new adds,"""
HALF_NEW = timedelta(days=90)
"""of which half is gone at this age."""
SAME_NAME, WHOLE_WORDS, BEGINNINGS = 1000, 700, 400
"""The relevance of a member's name: it is what was asked for, has those words, or has words that begin so."""


def relevance(query: Query, found: Indexed) -> float:
    """How much a text is about what is looked for: 0 to 1000."""
    impacts = dict(zip(found.terms, found.impacts, strict=True))
    return sum(by * impacts.get(term, 0) for term, by in query.ranked) / query.weight


def matches(query: Query, found: Indexed, text: str) -> bool:
    """Whether a text is what is looked for."""
    terms = set(found.terms)
    return (
        terms.issuperset(query.required)
        and not any(terms.issuperset(group) for group in query.excluded)
        and all(phrase.stands_in(text) for phrase in query.phrases)
    )


def score(relevance: float, age: timedelta) -> int:
    """Where it stands among what is found; `age` is that of a text."""
    return int(relevance * (1 + NEW / (1 + max(age, timedelta()) / HALF_NEW)) * SCALE)


def ageless(relevance: float) -> int:
    """The same for what does not age."""
    return score(relevance, timedelta())


def relevance_stage(query: Query) -> dict[str, Any]:
    """`relevance` as the database works it out, of a document's `search`."""

    def impact(term: str) -> dict[str, Any]:
        place = {"$indexOfArray": ["$search.terms", term]}
        there = {"$arrayElemAt": ["$search.impacts", "$$place"]}
        return {"$let": {"vars": {"place": place}, "in": {"$cond": [{"$lt": ["$$place", 0]}, 0, there]}}}

    parts = [{"$multiply": [by, impact(term)]} for term, by in query.ranked]
    return {"$divide": [{"$sum": parts}, query.weight]}


def position_of(hit: Hit, as_of: datetime) -> Position:
    """Where a page goes on: the moment that ages are told at, and the hit's place in the order."""
    return (as_of, hit.score, hit.kind.place, hit.key)


def page_of(hits: Sequence[Hit], as_of: datetime, window: Window) -> Page[Hit]:
    """The part of what was found that is asked for, best first."""
    rows = sorted(hits, key=_order)
    after = _order(_at(window.after)) if window.after is not None else None
    before = _order(_at(window.before)) if window.before is not None else None
    inside = [
        hit
        for hit in rows
        if (after is None or _order(hit) > after) and (before is None or _order(hit) < before)
    ]
    shown = inside[-window.size :] if window.backward else inside[: window.size]
    start = rows.index(shown[0]) if shown else 0
    return Page(
        shown,
        [position_of(hit, as_of) for hit in shown],
        has_next=bool(shown) and start + len(shown) < len(rows),
        has_previous=start > 0 if shown else window.after is not None,
    )


def _order(hit: Hit) -> tuple[int, int, bytes]:
    """Best first; of what ranks alike by kind, and the later made first."""
    return (-hit.score, hit.kind.place, bytes(255 - byte for byte in hit.key))


def _at(position: Position) -> Hit:
    _, found, place, key = position
    kinds = list(SearchKind)
    return Hit(kinds[place] if 0 <= place < len(kinds) else kinds[-1], key, found)
