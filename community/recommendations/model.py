"""What is recommended, to whom and why; and from what that is learnt. Items are named by their key, posts and members by their
id in hexadecimal."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime, timedelta
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


class Kind(StrEnum):
    """What can be recommended."""

    TASK = "task"
    REWARD = "reward"
    CAMPAIGN = "campaign"
    POST = "post"
    SPACE = "space"
    MEMBER = "member"


class Code(StrEnum):
    """Why. By rule: CLAIMABLE, NEARLY_DONE, BEGUN and OPEN tasks; TIER_WITHIN_REACH, a task that helps to the next tier; WISHED,
    POINTS_LAPSE and AFFORDABLE rewards; IS_ON, a campaign; UNANSWERED questions; SPACE_OF_TIER, JOINABLE and REQUESTABLE
    spaces. From behaviour: ALSO_CHOSEN with something the member chose; POPULAR, or so with members who are LIKE_YOU; FRESH, published
    lately; VARIETY, drawn so that not only what is known to be liked is ever shown."""

    CLAIMABLE = "claimable"
    NEARLY_DONE = "nearly_done"
    BEGUN = "begun"
    OPEN = "open"
    TIER_WITHIN_REACH = "tier_within_reach"
    WISHED = "wished"
    POINTS_LAPSE = "points_lapse"
    AFFORDABLE = "affordable"
    IS_ON = "is_on"
    UNANSWERED = "unanswered"
    SPACE_OF_TIER = "space_of_tier"
    JOINABLE = "joinable"
    REQUESTABLE = "requestable"
    ALSO_CHOSEN = "also_chosen"
    LIKE_YOU = "like_you"
    POPULAR = "popular"
    FRESH = "fresh"
    VARIETY = "variety"


PEOPLE_LEAST = 5
"""What others did is told from so many of them on: it says nothing of any one of them."""
STORED_MAX = 60
"""Candidates of a kind that are kept of a member: several times what is shown, for what may not be shown any more by then."""
DISMISSED_FOR = timedelta(days=90)
"""So long what a member dismissed is not recommended to them again."""
CONVERTED_WITHIN = timedelta(days=7)
"""What is done within so long of its being shown counts as done upon it."""


@record(frozen=True, slots=True)
class Interaction:
    """A member did something with an item: `weight` is 1 to 3, more for what says more of their liking it."""

    member_id: bytes
    kind: Kind
    item: str
    weight: int
    at: datetime


@record(frozen=True, slots=True)
class Neighbour:
    """An item that members choose who choose another. `gain`: how much likelier it is with the other than without, as a logarithm;
    `members`: how many chose both."""

    item: str
    gain: float
    members: int


@record(frozen=True, slots=True)
class Popular:
    """How much an item is liked at present: `score` is what was done with it, each the less the longer ago; `members`, how many
    different ones did so in the last 30 days."""

    item: str
    score: float
    members: int


@record(frozen=True, slots=True)
class Basis:
    """Why a candidate came to be one: a code, and what it is about. `seed`: the item of the same kind that the member chose; `tag`
    of a question; `members`, how many others."""

    code: Code
    seed: str | None = None
    members: int = 0
    tag: str | None = None


@record(frozen=True, slots=True)
class Candidate:
    """An item that may be recommended. `score` is above 0 and at most 1, within its kind."""

    kind: Kind
    item: str
    score: float
    basis: Basis | None = None


@record(frozen=True, slots=True)
class Stored:
    """What is kept for a member: candidates by kind, the best first; and when things of a kind were last noted as shown."""

    member_id: bytes
    programme_id: str
    made_at: datetime
    candidates: Mapping[Kind, tuple[Candidate, ...]]
    shown_on: Mapping[Kind, date] = field(default_factory=dict)


@record(frozen=True, slots=True)
class Dismissal:
    """What a member does not want to be shown before `until`."""

    kind: Kind
    item: str
    until: datetime


@record(frozen=True, slots=True)
class Choices:
    """What a member decided: `personalised`, whether what they do is looked at at all; and what they dismissed."""

    member_id: bytes
    programme_id: str
    personalised: bool = True
    dismissed: tuple[Dismissal, ...] = ()

    def hides(self, kind: Kind, item: str, now: datetime) -> bool:
        """Whether it was dismissed and that still holds."""
        return any(one.kind is kind and one.item == item and now < one.until for one in self.dismissed)


@record(frozen=True, slots=True)
class Shown:
    """An item that a member was shown on a day, and why."""

    kind: Kind
    item: str
    code: Code
    at: datetime


@record(frozen=True, slots=True)
class Outcome:
    """Of what was shown on `day` for one reason: how much, how much of it was dismissed, and how much was done within 7 days; once
    these are over it is not counted any more."""

    day: date
    kind: Kind
    code: Code
    shown: int = 0
    done: int = 0
    dismissed: int = 0


@record(frozen=True, slots=True)
class Measured:
    """How well the last thing that each member chose would have been recommended to them from all the rest: in how many of `tests`
    it would have been among ten, by popularity and by what is chosen together, shrunk by
    `prior`."""

    kind: Kind
    interactions: int
    members: int
    items: int
    tests: int = 0
    popularity: int = 0
    cooccurrence: int = 0
    prior: float = 0.0

    @property
    def is_personal(self) -> bool:
        """Whether what is chosen together is to be used: unless it was measured, by enough, to do worse."""
        return self.tests < TESTS_LEAST or self.cooccurrence >= self.popularity


TESTS_LEAST = 50
"""Fewer decide nothing."""


@record(frozen=True, slots=True)
class Run:
    """The last time that a programme was learnt from: of which day, and what was measured then."""

    programme_id: str
    day: date | None = None
    done_at: datetime | None = None
    measured: tuple[Measured, ...] = field(default=())


def model_id(programme_id: str, kind: Kind, item: str) -> bytes:
    """The id of what is kept of an item."""
    return derived_id("recommendation model", programme_id, kind.value, item)


def list_id(programme_id: str, kind: Kind, group: str) -> bytes:
    """The id of what is popular in a group."""
    return derived_id("recommendation list", programme_id, kind.value, group)
