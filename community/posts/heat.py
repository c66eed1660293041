"""How hot a post is: pure.

    score = log10(max(people, 1)) + (published - 2020-01-01 00:00 UTC) / 45,000 s

It is the formula of Reddit's "hot" (`_sorts.pyx` of the code that Reddit published), with people in place of votes: ten times as many
people are worth 12.5 hours. People are those who reacted to the post or answered in its thread, each of them once, whatever
they did; not its author. It knows no present, so that the order of two posts changes only when people come or go, and a
stored score stays good; newer posts pass older ones by being newer.
"""

import math
from datetime import UTC, datetime, timedelta

from gamification.kit.records import record

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
TENFOLD = timedelta(seconds=45_000)
KEPT = timedelta(hours=1)
"""So long it is remembered what a score was before, for pages that go on."""


@record(frozen=True, slots=True)
class Earlier:
    """A score that a post had, until that moment."""

    until: datetime
    score: float


@record(frozen=True, slots=True)
class Heat:
    """The score of a post by that many `people`, since `at`; `before` has the scores until then, the oldest first, as far as
    they are kept."""

    people: int
    score: float
    at: datetime
    before: tuple[Earlier, ...] = ()


def score_of(people: int, published_at: datetime) -> float:
    """The formula."""
    # The database keeps milliseconds: what it gives back must score the same.
    kept = published_at.replace(microsecond=published_at.microsecond // 1000 * 1000)
    return round(math.log10(max(people, 1)) + (kept - EPOCH) / TENFOLD, 7)


def heat_after(heat: Heat | None, people: int, published_at: datetime, now: datetime) -> Heat:
    """What becomes of a post's heat once it is known how many people there are; None: it was never counted."""
    before = heat or Heat(0, score_of(0, published_at), published_at)
    score = score_of(people, published_at)
    if score == before.score:
        return Heat(people, score, before.at, before.before)
    kept = tuple(one for one in before.before if one.until > now - KEPT)
    return Heat(people, score, now, (*kept, Earlier(now, before.score)))


def score_at(heat: Heat, moment: datetime) -> float:
    """What the score was then, for a moment that is no longer ago than scores are kept."""
    return next((one.score for one in heat.before if one.until > moment), heat.score)
