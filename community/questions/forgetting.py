"""What erasing a member does to questions, in a part of the erasure."""

from collections.abc import Sequence

from community.comments.model import Comment
from community.questions.paying import return_bounty
from community.questions.repository import QuestionRepository
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit


async def forget_answers(repository: QuestionRepository, work: Unit, answers: Sequence[Comment]) -> None:
    """Count answers no more whose author is erased; they are emptied already."""
    gone = {one.id for one in answers}
    answered = {one.post_id for one in answers if one.is_answer}
    for question in (await repository.by_ids(sorted(answered), work.tx)).values():
        count, first = await repository.answers_of(question.id, question.asker_id, work.tx)
        kept = question.accepted
        if kept is not None and kept.comment_id in gone:
            kept = None
        await repository.save(evolve(question, answers=count, first=first, accepted=kept), work.tx)


async def forget_asker(repository: QuestionRepository, work: Unit, member_id: bytes) -> bool:
    """Close some questions of a member who is erased: bounties come back, and what was accepted stays what whoever answered
    did. Whether there were any."""
    found = await repository.asked_by(member_id, work.tx)
    for question in found:
        if question.has_bounty:
            question = await return_bounty(work, repository, question)
        closed = evolve(question, stands=False, private_choice=None, private_at=None)
        if closed.accepted is not None:
            closed = evolve(closed, accepted=evolve(closed.accepted, stands=False))
        await repository.save(closed, work.tx)
    return bool(found)
