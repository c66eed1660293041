"""Questions and bounties: each is beside a post, counts its answers, and what was accepted and paid is in the books."""

from collections.abc import Mapping

from community.comments.model import Comment
from community.posts.model import Post
from community.questions.keeping import ACT
from community.questions.model import Bounty, BountyState, FirstAnswer, Question
from community.recording import source_of
from community.services import Services
from gamification.ledger.model import TransferKind
from gamification.members.model import Member
from gamification.programmes.definitions import PostKind
from gamification.verification.report import Report


async def check_questions(
    services: Services, programme_id: str, members: Mapping[bytes, Member], report: Report
) -> None:
    """Check every question and bounty of a programme."""
    posts = {
        post.id: post
        async for post in services.kept.posts.stream(programme_id)
        if post.kind is PostKind.QUESTION
    }
    answers: dict[bytes, list[Comment]] = {}
    async for one in services.kept.comments.stream(programme_id):
        if one.post_id in posts and one.is_answer:
            answers.setdefault(one.post_id, []).append(one)
    activities = services.activities.of_source(programme_id, source_of(ACT))
    standing = {one.id: one.member_id async for one in activities if one.reversal is None}
    questions: dict[bytes, Question] = {}
    async for question in services.kept.questions.stream(programme_id):
        report.count("questions")
        questions[question.id] = question
        post = posts.pop(question.id, None)
        if post is None:
            report.differs(f"question {question.id.hex()}: its post is missing")
            continue
        asker = members.get(post.author_id)
        is_erased = asker is None or asker.erased_at is not None
        _check_counts(question, post, answers.get(post.id, []), report)
        _check_accepted(question, answers.get(post.id, []), standing, report, is_erased=is_erased)
    for post in posts.values():
        if post.counts:
            report.differs(f"question {post.id.hex()}: it is published, but nothing is beside it")
    for found, member_id in standing.items():
        member = members.get(member_id)
        if member is not None and member.erased_at is None:
            report.differs(f"activity {found.hex()}: it counts an accepted answer that does not name it")
    await _check_bounties(services, programme_id, questions, report)


def _check_counts(question: Question, post: Post, answers: list[Comment], report: Report) -> None:
    name = f"question {question.id.hex()}"
    seen = sorted(
        (one.created_at, one.id) for one in answers if one.counts and one.author_id != post.author_id
    )
    first = FirstAnswer(seen[0][1], seen[0][0]) if seen else None
    report.compare(f"{name} stands", question.stands, post.counts)
    report.compare(f"{name} space", question.space, post.space)
    report.compare(f"{name} answers", question.answers, len(seen))
    report.compare(f"{name} first answer", question.first, first)
    report.compare(f"{name} marks", post.marks, question.marks)


def _check_accepted(
    question: Question,
    answers: list[Comment],
    standing: dict[bytes, bytes],
    report: Report,
    *,
    is_erased: bool,
) -> None:
    accepted = question.accepted
    if accepted is None:
        return
    name = f"question {question.id.hex()} accepted"
    answer = next((one for one in answers if one.id == accepted.comment_id), None)
    if answer is None or answer.author_id != accepted.member_id:
        report.differs(f"{name}: its answer is missing")
        return
    report.compare(f"{name} stands", accepted.stands, question.stands and answer.counts)
    if accepted.activity_id is None:
        return
    # What was accepted stays with who answered when the asker is erased.
    if not accepted.stands and not is_erased:
        report.differs(f"{name}: it does not stand, but counts by {accepted.activity_id.hex()}")
    if standing.pop(accepted.activity_id, None) != answer.author_id:
        report.differs(f"{name}: its activity {accepted.activity_id.hex()} does not stand")


async def _check_bounties(
    services: Services, programme_id: str, questions: Mapping[bytes, Question], report: Report
) -> None:
    offered = {question.bounty_id for question in questions.values() if question.has_bounty}
    async for bounty in services.kept.questions.stream_bounties(programme_id):
        report.count("bounties")
        name = f"bounty {bounty.id.hex()}"
        if bounty.post_id not in questions:
            report.differs(f"{name}: its question is missing")
        report.compare(f"{name} is offered", bounty.id in offered, bounty.state is BountyState.OPEN)
        offered.discard(bounty.id)
        await _check_points(services, bounty, name, report)
    for found in offered:
        report.differs(f"bounty {found.hex() if found else None}: it is missing")


async def _check_points(services: Services, bounty: Bounty, name: str, report: Report) -> None:
    """Its hold is of its amount, and whoever got something received it."""
    holds = await services.stores.holds.by_ids(bounty.programme_id, [bounty.hold_id])
    hold = holds.get(bounty.hold_id)
    if hold is None:
        report.differs(f"{name}: its hold is missing")
        return
    report.compare(
        f"{name} hold",
        (hold.member_id, hold.unit, hold.amount),
        (bounty.member_id, bounty.unit, bounty.amount),
    )
    if bounty.state not in (BountyState.PAID, BountyState.SHARED):
        report.compare(f"{name} payments", len(bounty.payments), 0)
        return
    report.compare(f"{name} paid", sum(paid.amount for paid in bounty.payments), hold.captured)
    transfers = await services.stores.ledger.transfers(
        bounty.programme_id, [paid.transfer_id for paid in bounty.payments]
    )
    for paid in bounty.payments:
        found = transfers.get(paid.transfer_id)
        stored = (found.member_id, found.amount, found.kind) if found is not None else None
        report.compare(f"{name} payment", stored, (paid.member_id, paid.amount, TransferKind.RECEIVED))
