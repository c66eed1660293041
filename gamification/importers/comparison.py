"""What a programme computed from a dump, beside what the site itself published.

Published badges carry no post id, so awards are compared by how many each member holds: with 3 published and 4
computed, 3 of the 4 are true.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gamification.importers import dump
from gamification.importers.dump import MalformedRowError
from gamification.importers.model import SourceUnreadable

BADGES = {
    "student": "Student",
    "teacher": "Teacher",
    "scholar": "Scholar",
    "nice_question": "Nice Question",
    "nice_answer": "Nice Answer",
    "good_question": "Good Question",
    "good_answer": "Good Answer",
    "self_learner": "Self-Learner",
    "commentator": "Commentator",
}
"""The programme's badge key to the name that the site published."""

INITIAL_REPUTATION = 1
ASSOCIATION_BONUS = 100
"""Given once to an account whose owner has earned 200 on another site, which a site's dump doesn't tell."""

TOP_LENGTH = 10

HeldBadges = Mapping[tuple[str, str], int]
"""(member's external id, badge key) to how many of it they hold."""


@dataclass(frozen=True, slots=True)
class Published:
    """The site's own figures: names and reputation by external id, and badges held."""

    names: Mapping[str, str]
    reputation: Mapping[str, int]
    awards: HeldBadges


@dataclass(frozen=True, slots=True)
class BadgeComparison:
    """One badge: awards published, awards computed, and how many of those computed are published ones."""

    badge: str
    published: int
    awarded: int
    true_positives: int

    @property
    def precision(self) -> float | None:
        """Share of the computed awards that are published ones, 0 to 1; None where none was computed."""
        return self.true_positives / self.awarded if self.awarded else None

    @property
    def recall(self) -> float | None:
        """Share of the published awards that were computed, 0 to 1; None where none was published."""
        return self.true_positives / self.published if self.published else None


@dataclass(frozen=True, slots=True)
class ReputationComparison:
    """Members among whom reputation is compared, and how many agree: exactly, or after the site's bonus."""

    members: int
    equal: int
    equal_but_for_bonus: int

    @property
    def share(self) -> float | None:
        """Share that agrees either way, 0 to 1; None without members."""
        return (self.equal + self.equal_but_for_bonus) / self.members if self.members else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's place (from 1) on a board of reputation, highest first; equals go by external id."""

    rank: int
    external_id: str
    name: str
    reputation: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Badges in the order of BADGES, reputation among three choices of members, and the top ten.

    `earned`: computed above the initial 1. `published_earned`: published as neither the initial 1 nor that with
    the bonus, so also who earned in ways that a dump doesn't tell. `everyone`: all members published.
    """

    badges: tuple[BadgeComparison, ...]
    earned: ReputationComparison
    published_earned: ReputationComparison
    everyone: ReputationComparison
    top: tuple[tuple[Standing | None, Standing | None], ...]
    """(computed, published) by place; None where one side has fewer members."""


def read_published(directory: Path) -> Published:
    """Streams Users.xml and Badges.xml. Raises: SourceUnreadable, also for a row that isn't as expected."""
    names: dict[str, str] = {}
    reputation: dict[str, int] = {}
    awards: Counter[tuple[str, str]] = Counter()
    keys = {name: key for key, name in BADGES.items()}
    users, badges = directory / "Users.xml", directory / "Badges.xml"
    for row in dump.rows(users):
        try:
            number, value = dump.whole(row, "Id"), dump.whole(row, "Reputation")
        except MalformedRowError as error:
            raise SourceUnreadable(f"{users} has a row with {error}.") from error
        if number < 0:
            continue
        names[str(number)] = row.get("DisplayName", "")
        reputation[str(number)] = value
    for row in dump.rows(badges):
        try:
            owner, name = dump.text(row, "UserId"), dump.text(row, "Name")
        except MalformedRowError as error:
            raise SourceUnreadable(f"{badges} has a row with {error}.") from error
        if name in keys:
            awards[owner, keys[name]] += 1
    return Published(names, reputation, awards)


def compare(reputation: Mapping[str, int], awards: HeldBadges, published: Published) -> Comparison:
    """`reputation`: computed balances by external id, without a member counting as 0."""
    earned = [member for member, value in reputation.items() if value > INITIAL_REPUTATION]
    nothing = (INITIAL_REPUTATION, INITIAL_REPUTATION + ASSOCIATION_BONUS)
    published_earned = [member for member, value in published.reputation.items() if value not in nothing]
    computed_top = _top(reputation, published.names)
    published_top = _top(published.reputation, published.names)
    length = max(len(computed_top), len(published_top))
    return Comparison(
        badges=tuple(_badge(key, awards, published.awards) for key in BADGES),
        earned=_reputation(earned, reputation, published.reputation),
        published_earned=_reputation(published_earned, reputation, published.reputation),
        everyone=_reputation(list(published.reputation), reputation, published.reputation),
        top=tuple((_at(computed_top, place), _at(published_top, place)) for place in range(length)),
    )


def _badge(key: str, computed: HeldBadges, published: HeldBadges) -> BadgeComparison:
    ours = {member: count for (member, badge), count in computed.items() if badge == key}
    theirs = {member: count for (member, badge), count in published.items() if badge == key}
    return BadgeComparison(
        badge=key,
        published=sum(theirs.values()),
        awarded=sum(ours.values()),
        true_positives=sum(min(count, theirs.get(member, 0)) for member, count in ours.items()),
    )


def _reputation(
    members: list[str], computed: Mapping[str, int], published: Mapping[str, int]
) -> ReputationComparison:
    missing = [published[member] - computed.get(member, 0) for member in members if member in published]
    return ReputationComparison(
        members=len(members),
        equal=missing.count(0),
        equal_but_for_bonus=missing.count(ASSOCIATION_BONUS),
    )


def _top(reputation: Mapping[str, int], names: Mapping[str, str]) -> list[Standing]:
    best = sorted(reputation.items(), key=lambda item: (-item[1], len(item[0]), item[0]))[:TOP_LENGTH]
    return [
        Standing(rank, member, names.get(member, member), value)
        for rank, (member, value) in enumerate(best, start=1)
    ]


def _at(standings: list[Standing], place: int) -> Standing | None:
    return standings[place] if place < len(standings) else None
