"""A proposal beside its post, and who supports it."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record


class ProposalState(StrEnum):
    """GATHERING support until it has REACHED enough, when an answer is owed. ANSWERED without a decision yet; ACCEPTED or
    DECLINED; what was accepted and carried out is DONE."""

    GATHERING = "gathering"
    REACHED = "reached"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DONE = "done"

    @property
    def takes_support(self) -> bool:
        """Whether members may still support it, or no more."""
        return self in (ProposalState.GATHERING, ProposalState.REACHED)


_UNDECIDED = frozenset({ProposalState.ANSWERED, ProposalState.ACCEPTED, ProposalState.DECLINED})
_NEXT = {
    ProposalState.GATHERING: _UNDECIDED,
    ProposalState.REACHED: _UNDECIDED,
    ProposalState.ANSWERED: _UNDECIDED,
    ProposalState.ACCEPTED: frozenset({ProposalState.ACCEPTED, ProposalState.DECLINED, ProposalState.DONE}),
    ProposalState.DECLINED: frozenset({ProposalState.ACCEPTED}),
    ProposalState.DONE: frozenset[ProposalState](),
}


def may_become(state: ProposalState, after: ProposalState) -> bool:
    """Whether an official answer can take it from one to the other."""
    return after in _NEXT[state]


@record(frozen=True, slots=True)
class OfficialAnswer:
    """What the club answered, as Markdown and rendered, and what the proposal became by it."""

    state: ProposalState
    body: str
    html: str
    at: datetime
    by: str


@record(frozen=True, slots=True)
class Proposal:
    """`id` is the post's; `stands`: whether others see it. `support` are the supporters that count. Once it was reached,
    `threshold` is how many it took, and an answer is owed by `due_at`. `turn` counts what there was to tell supporters; while
    `untold`, some may not have heard of the last."""

    id: bytes
    programme_id: str
    space: str
    author_id: bytes
    stands: bool
    state: ProposalState = ProposalState.GATHERING
    support: int = 0
    threshold: int | None = None
    reached_at: datetime | None = None
    due_at: datetime | None = None
    answers: tuple[OfficialAnswer, ...] = ()
    turn: int = 0
    untold: bool = False

    def is_overdue(self, now: datetime) -> bool:
        """Whether an answer is owed longer than it should be."""
        return self.state is ProposalState.REACHED and self.due_at is not None and now >= self.due_at


@record(frozen=True, slots=True)
class Support:
    """One member's of one proposal. `counts`: whether it is counted, which a shadow-limited member doesn't change; `turn`: up to
    which they were told of it."""

    id: bytes
    programme_id: str
    post_id: bytes
    member_id: bytes
    supports: bool
    counts: bool
    at: datetime
    turn: int = 0


def support_id(post_id: bytes, member_id: bytes) -> bytes:
    """There can be one of a member of a proposal."""
    return derived_id("support", post_id, member_id)
