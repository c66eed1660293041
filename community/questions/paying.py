"""What becomes of a bounty's points, in a transaction that is open already."""

from collections.abc import Mapping

from community.questions.model import Bounty, BountyPayment, BountyState, Question
from community.questions.outcome import Outcome
from community.questions.repository import QuestionRepository
from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.ledger.holds import HoldState
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.settlement.handing_over import hand_over
from gamification.settlement.holding import give_up
from gamification.settlement.unit import Unit


async def return_bounty(work: Unit, repository: QuestionRepository, question: Question) -> Question:
    """Give the open bounty of a question back; the question without it."""
    return await settle(work, repository, question, Outcome(BountyState.RETURNED), {})


async def settle(
    work: Unit,
    repository: QuestionRepository,
    question: Question,
    outcome: Outcome,
    members: Mapping[bytes, Member],
) -> Question:
    """Do with the open bounty of a question what is its outcome; the question without it. Who gets something must be among
    the members. Where its points are not set aside any more, as somebody released the hold, it counts as returned."""
    assert question.bounty_id is not None  # noqa: S101 - it has an open one
    bounty = (await repository.bounties([question.bounty_id], work.tx))[question.bounty_id]
    hold = (await work.stores.holds.by_ids(bounty.programme_id, [bounty.hold_id], work.tx))[bounty.hold_id]
    cause = cause_of(work, bounty)
    settled = evolve(bounty, state=BountyState.RETURNED, settled_at=work.space.now)
    if hold.state is HoldState.OPEN:
        if outcome.shares and hold.expires_at > work.space.now:
            parts = [(members[share.member_id], share.amount) for share in outcome.shares]
            _, received = await hand_over(work, hold, parts, cause)
            payments = tuple(
                BountyPayment(share.comment_id, share.member_id, share.amount, transfer)
                for share, transfer in zip(outcome.shares, received, strict=True)
            )
            settled = evolve(settled, state=outcome.state, payments=payments)
        else:
            await give_up(work, hold, cause)
    await repository.save_bounty(settled, work.tx)
    for member_id in dict.fromkeys((bounty.member_id, *(paid.member_id for paid in settled.payments))):
        work.space.tell(member_id, FeedKind.BOUNTY_SETTLED, {"bounty": bounty.id})
    return evolve(question, has_bounty=False)


def cause_of(work: Unit, bounty: Bounty) -> Cause:
    """Why points move for it."""
    return Cause(bounty=bounty.post_id, programme_version=work.space.catalogue.version)
