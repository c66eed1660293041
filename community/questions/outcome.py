"""Who gets a bounty at its end: pure."""

from collections.abc import Collection, Iterable
from datetime import datetime

from community.comments.model import Comment
from community.questions.model import Bounty, BountyState
from gamification.kit.records import record
from gamification.programmes.definitions import BountyTerms


@record(frozen=True, slots=True)
class Share:
    """What an answer is to get."""

    comment_id: bytes
    member_id: bytes
    amount: int


@record(frozen=True, slots=True)
class Outcome:
    """What becomes of a bounty, and who gets what."""

    state: BountyState
    shares: tuple[Share, ...] = ()


RETURNED = Outcome(BountyState.RETURNED)


def outcome_of(
    bounty: Bounty,
    terms: BountyTerms,
    accepted: Comment | None,
    answers: Iterable[Comment],
    absent: Collection[bytes],
) -> Outcome:
    """All to the accepted answer, where it is another's. Else equal shares to the best answers that came since the bounty was
    offered and have reactions enough: one a member, `terms.sharers` of them at most; points that can't be divided go to the
    better ones. Else all comes back.

    `accepted` and `answers` are those that others see; nobody who is `absent` gets anything.
    """
    if bounty.shadowed:
        return RETURNED
    if accepted is not None and accepted.author_id not in (bounty.member_id, *absent):
        return Outcome(BountyState.PAID, (Share(accepted.id, accepted.author_id, bounty.amount),))
    best: dict[bytes, Comment] = {}
    for answer in sorted(answers, key=_order):
        if answer.is_answer and is_eligible(answer, bounty, terms) and answer.author_id not in absent:
            best.setdefault(answer.author_id, answer)
    winners = list(best.values())[: min(terms.sharers, bounty.amount)]
    if not winners:
        return RETURNED
    each, odd = divmod(bounty.amount, len(winners))
    return Outcome(
        BountyState.SHARED,
        tuple(Share(one.id, one.author_id, each + (place < odd)) for place, one in enumerate(winners)),
    )


def is_eligible(answer: Comment, bounty: Bounty, terms: BountyTerms) -> bool:
    """Whether an answer may share in a bounty of which no answer was accepted."""
    return (
        answer.author_id != bounty.member_id
        and answer.reacted >= terms.reactions
        and bounty.began_at <= answer.created_at < bounty.ends_at
    )


def _order(answer: Comment) -> tuple[int, datetime, bytes]:
    return -answer.reacted, answer.created_at, answer.id
