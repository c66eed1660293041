"""A poll beside its post, which holds the options' texts, and the ballots cast in it."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record

OPTIONS_MAX = 20
OPTION_LENGTH_MAX = 200


class PollKind(StrEnum):
    """SINGLE: one option is chosen. MULTIPLE: several, none before another. RANKED: several, the best first."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    RANKED = "ranked"


class PollResults(StrEnum):
    """When results are shown: ALWAYS, to who voted (AFTER_VOTING) and to all once it is closed, or AFTER_CLOSING alone."""

    ALWAYS = "always"
    AFTER_VOTING = "after_voting"
    AFTER_CLOSING = "after_closing"


@record(frozen=True, slots=True)
class PollTerms:
    """How a poll is voted in: `least` to `most` options by each member, until `closes_at` exclusive. In a secret one nobody
    is told who voted what; `changeable`: votes may be changed and withdrawn while it is open."""

    kind: PollKind
    least: int = 1
    most: int = 1
    closes_at: datetime | None = None
    secret: bool = False
    results: PollResults = PollResults.ALWAYS
    changeable: bool = True


@record(frozen=True, slots=True)
class Poll:
    """`id` is the post's. By option in order: `votes` are the ballots that name it, `points` its points by Borda; `voters` are
    the ballots that name any."""

    id: bytes
    programme_id: str
    author_id: bytes
    terms: PollTerms
    votes: tuple[int, ...]
    points: tuple[int, ...]
    voters: int = 0

    def is_closed(self, now: datetime) -> bool:
        """Whether it takes no votes any more."""
        return self.terms.closes_at is not None and now >= self.terms.closes_at


@record(frozen=True, slots=True)
class Ballot:
    """One member's in one poll: the places of what they chose among the options, of a ranked poll the best first; none where it
    was withdrawn. `counted`: what of it counts, which a shadow-limited member doesn't change."""

    id: bytes
    programme_id: str
    post_id: bytes
    member_id: bytes
    choices: tuple[int, ...]
    at: datetime
    counted: tuple[int, ...]


def ballot_id(post_id: bytes, member_id: bytes) -> bytes:
    """There can be one of a member in a poll."""
    return derived_id("ballot", post_id, member_id)
