"""What is liked at present: pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from community.recommendations.model import Interaction, Kind, Popular

HALF_LIVES: Mapping[Kind, timedelta] = {
    Kind.TASK: timedelta(days=30),
    Kind.REWARD: timedelta(days=14),
    Kind.CAMPAIGN: timedelta(days=14),
    Kind.POST: timedelta(days=7),
    Kind.SPACE: timedelta(days=90),
    Kind.MEMBER: timedelta(days=30),
}
"""After so long what was done counts half. Posts and rewards: the best of those that bench/README.md has; the rest are as slow as
what they are about."""
FRESH_FOR = timedelta(days=2)
"""After so long the advance that a new post has is half of it,"""
FRESH_WORTH = 10.0
"""which is as much as so many members' taking part at once. bench/README.md has what others come to."""
RECENT = timedelta(days=30)
LIST_MAX = 300


def counts_at(kind: Kind, at: datetime, now: datetime) -> float:
    """How much of what was done then counts now, above 0 and at most 1."""
    return float(0.5 ** (max(now - at, timedelta()) / HALF_LIVES[kind]))


def freshness(published_at: datetime, now: datetime) -> float:
    """What a post is credited with for being new."""
    return float(FRESH_WORTH * 0.5 ** (max(now - published_at, timedelta()) / FRESH_FOR))


class Tally:
    """Adds up what is done with the items of one kind, in one group of members."""

    def __init__(self, kind: Kind, now: datetime) -> None:
        self._kind = kind
        self._now = now
        self._scores: dict[str, float] = {}
        self._members: dict[str, int] = {}
        self.people = 0
        """Of how many members something was added up."""

    def add(self, interactions: Iterable[Interaction]) -> None:
        """What one member did, one entry an item."""
        told = False
        for one in interactions:
            told = True
            counted = counts_at(self._kind, one.at, self._now)
            self._scores[one.item] = self._scores.get(one.item, 0.0) + counted
            if one.at > self._now - RECENT:
                self._members[one.item] = self._members.get(one.item, 0) + 1
        self.people += told

    def credit(self, worth: Mapping[str, float]) -> None:
        """Credit items with what nobody did."""
        for item, score in worth.items():
            self._scores[item] = self._scores.get(item, 0.0) + score

    def most(self, limit: int = LIST_MAX) -> list[Popular]:
        """The most liked, first."""
        order = sorted(self._scores.items(), key=lambda one: (-one[1], one[0]))
        return [Popular(item, score, self._members.get(item, 0)) for item, score in order[:limit]]


def blended(lists: Iterable[Iterable[Popular]]) -> list[Popular]:
    """What is liked in several groups, each of the same weight whatever its size; members as in the group with most."""
    scores: dict[str, float] = {}
    members: dict[str, int] = {}
    for one in lists:
        known = list(one)
        total = sum(found.score for found in known)
        for found in known:
            scores[found.item] = scores.get(found.item, 0.0) + found.score / total
            members[found.item] = max(members.get(found.item, 0), found.members)
    order = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    return [Popular(item, score, members[item]) for item, score in order]
