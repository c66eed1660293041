"""A question beside its post, and the bounties that were offered for it."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


class QuestionMark(StrEnum):
    """What questions are listed by. UNANSWERED: by nobody but who asked. UNACCEPTED: no answer is accepted. BOUNTY: points are
    offered."""

    UNANSWERED = "unanswered"
    UNACCEPTED = "unaccepted"
    BOUNTY = "bounty"


class BountyState(StrEnum):
    """OPEN until its end: PAID to whose answer was accepted, SHARED among the best answers, or RETURNED to who offered it."""

    OPEN = "open"
    PAID = "paid"
    SHARED = "shared"
    RETURNED = "returned"


@record(frozen=True, slots=True)
class FirstAnswer:
    """The earliest of the answers of others that stand."""

    comment_id: bytes
    at: datetime


@record(frozen=True, slots=True)
class Acceptance:
    """The answer that was accepted, by the asker or by who looks after the space. `since`: when the asker first accepted one
    since there was none. It stands while its answer and the question are seen; `activity_id` is what it counts as for who
    answered."""

    comment_id: bytes
    member_id: bytes
    at: datetime
    since: datetime
    by: str
    stands: bool
    activity_id: bytes | None = None


@record(frozen=True, slots=True)
class Question:
    """`id` is the post's. `asked_at`: when it was first published; `stands`: whether others see it. `answers`: how many answers
    of others stand. `acceptances` counts how often acceptances were recorded, `bounties` the bounties there were; `bounty_id`
    is the last of them; `shows_bounty`: whether others see it. `private_choice`: what its shadow-limited asker accepted for
    their own eyes, and `private_at` when; it goes as soon as they accept or withdraw for all."""

    id: bytes
    programme_id: str
    space: str
    asker_id: bytes
    asked_at: datetime
    stands: bool
    answers: int = 0
    first: FirstAnswer | None = None
    accepted: Acceptance | None = None
    acceptances: int = 0
    bounty_id: bytes | None = None
    bounties: int = 0
    has_bounty: bool = False
    shows_bounty: bool = False
    private_choice: bytes | None = None
    private_at: datetime | None = None

    @property
    def response_seconds(self) -> int | None:
        """How long it took until the first answer; None without one."""
        if self.first is None:
            return None
        return max(0, int((self.first.at - self.asked_at).total_seconds()))

    @property
    def is_accepted(self) -> bool:
        """Whether an accepted answer is there."""
        return self.accepted is not None and self.accepted.stands

    @property
    def marks(self) -> tuple[str, ...]:
        """What lists find it by."""
        found = (
            (QuestionMark.UNANSWERED, self.answers == 0),
            (QuestionMark.UNACCEPTED, not self.is_accepted),
            (QuestionMark.BOUNTY, self.has_bounty and self.shows_bounty),
        )
        return tuple(mark.value for mark, holds in found if holds)


@record(frozen=True, slots=True)
class BountyPayment:
    """What an answer got."""

    comment_id: bytes
    member_id: bytes
    amount: int
    transfer_id: bytes


@record(frozen=True, slots=True)
class Bounty:
    """Points that an asker set aside in `hold_id`. `ends_at` exclusive; `shadowed`: of a shadow-limited asker, or for a
    question of theirs, seen by nobody else, and returned at its end."""

    id: bytes
    programme_id: str
    post_id: bytes
    member_id: bytes
    unit: str
    amount: int
    hold_id: bytes
    began_at: datetime
    ends_at: datetime
    raises: int = 0
    state: BountyState = BountyState.OPEN
    shadowed: bool = False
    settled_at: datetime | None = None
    payments: tuple[BountyPayment, ...] = ()


def bounty_id(post_id: bytes, number: int) -> bytes:
    """The id of a question's bounty of that number."""
    return derived_id("bounty", post_id, number)


def hold_of(bounty: bytes, raises: int) -> bytes:
    """The id of the hold of a bounty after so many raises."""
    return derived_id("bounty hold", bounty, raises)
