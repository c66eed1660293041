"""Keeping questions in step with their posts and answers, in whatever transaction changes these."""

from community.comments.model import Comment
from community.comments.repository import CommentRepository
from community.posts.model import Post, PostState
from community.questions.model import Acceptance, FirstAnswer, Question
from community.questions.paying import return_bounty
from community.questions.repository import QuestionRepository
from community.recording import Acts
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode
from gamification.kit.records import evolve
from gamification.members.model import Standing
from gamification.programmes.definitions import PostKind
from gamification.settlement.unit import Unit

ACT = "accepted"


class QuestionKeeper:
    """Watches posts and comments."""

    def __init__(self, repository: QuestionRepository, comments: CommentRepository, acts: Acts) -> None:
        self._repository = repository
        self._comments = comments
        self._acts = acts

    async def of_post(self, work: Unit, post: Post) -> tuple[Question, bool]:
        """The question that a post asks, and whether it was just made up from what there is. Raises: Conflict (POST_STATE)
        where it was never published."""
        found = (await self._repository.by_ids([post.id], work.tx)).get(post.id)
        if found is not None:
            return found, False
        if post.published_at is None:
            raise Conflict(f"This post is {post.state}.", code=ErrorCode.POST_STATE, path=["postId"])
        answers, first = await self._repository.answers_of(post.id, post.author_id, work.tx)
        question = Question(
            post.id,
            post.programme_id,
            post.space,
            post.author_id,
            post.published_at,
            post.counts,
            answers=answers,
            first=first,
        )
        return question, True

    async def post_kept(self, work: Unit, actor: Actor, before: Post | None, after: Post) -> None:
        """A question came, went or moved: what was accepted counts, or counts no more; of one that is gone the bounty comes
        back. Raises: Conflict (BOUNTY_OPEN) where its asker takes a question down that others answered for a bounty."""
        if after.kind is not PostKind.QUESTION or after.published_at is None:
            return
        was_seen = before is not None and before.counts
        moved = before is not None and before.space != after.space
        if was_seen == after.counts and not moved:
            return
        question, _ = await self.of_post(work, after)
        if after.state is PostState.DELETED and question.has_bounty and question.answers:
            raise Conflict(
                "It was answered for its bounty: accept an answer and end it, or wait until it ends.",
                code=ErrorCode.BOUNTY_OPEN,
                path=["postId"],
            )
        question = evolve(question, stands=after.counts, space=after.space)
        if question.accepted is not None:
            answer = await self._answer(work, question, question.accepted.comment_id)
            question = await self.settled(work, actor, question, answer)
        if question.has_bounty and after.state in (PostState.DELETED, PostState.REMOVED):
            question = await return_bounty(work, self._repository, question)
        await self._repository.save(question, work.tx)

    async def comment_kept(
        self, work: Unit, actor: Actor, post: Post, before: Comment | None, after: Comment
    ) -> None:
        """An answer came or went."""
        if post.kind is not PostKind.QUESTION or not after.is_answer or post.published_at is None:
            return
        was_seen = before is not None and before.counts
        if was_seen == after.counts:
            return
        question, is_new = await self.of_post(work, post)
        if not is_new and after.author_id != question.asker_id:
            question = await self._counted(work, question, after)
        if question.accepted is not None and question.accepted.comment_id == after.id:
            question = await self.settled(work, actor, question, after)
        await self._repository.save(question, work.tx)

    async def settled(self, work: Unit, actor: Actor, question: Question, answer: Comment | None) -> Question:
        """The question with its acceptance standing or not, as its answer and itself are seen; it counts for who answered
        while it stands."""
        accepted = question.accepted
        if accepted is None:
            return question
        stands = question.stands and answer is not None and answer.counts
        if stands == accepted.stands:
            return question
        if not stands or answer is None:
            await self.take_back(work, actor, accepted, "what was accepted is gone")
            return evolve(question, accepted=evolve(accepted, stands=False, activity_id=None))
        return await self.recorded(work, question, answer, accepted)

    async def recorded(
        self, work: Unit, question: Question, answer: Comment, accepted: Acceptance
    ) -> Question:
        """The question with an acceptance that stands, recorded as what another member did; not for one's own answer."""
        times, activity = question.acceptances + 1, None
        if answer.author_id != question.asker_id:
            programme_id = question.programme_id
            members = await work.stores.members.by_ids(programme_id, [answer.author_id], work.tx)
            member = members.get(answer.author_id)
            if member is not None and not member.is_gone and member.standing is not Standing.BANNED:
                seconds = max(0, int((answer.created_at - question.asked_at).total_seconds()))
                facts = {
                    "by": question.asker_id.hex(),
                    "space": question.space,
                    "post": question.id.hex(),
                    "seconds": seconds,
                }
                activity = await self._acts.record(work, member, ACT, answer.id, times, facts)
        standing = evolve(accepted, stands=True, activity_id=activity)
        return evolve(question, accepted=standing, acceptances=times)

    async def take_back(self, work: Unit, actor: Actor, accepted: Acceptance, reason: str) -> None:
        """Let an acceptance count no more."""
        if accepted.activity_id is not None:
            await self._acts.take_back(work, actor, accepted.activity_id, reason)

    async def _counted(self, work: Unit, question: Question, answer: Comment) -> Question:
        """The question with another's answer more, or less."""
        if answer.counts:
            came = FirstAnswer(answer.id, answer.created_at)
            first = min(question.first or came, came, key=lambda one: (one.at, one.comment_id))
            return evolve(question, answers=question.answers + 1, first=first)
        first_left = question.first
        if first_left is not None and first_left.comment_id == answer.id:
            first_left = await self._repository.first_of(question.id, question.asker_id, work.tx)
        return evolve(question, answers=question.answers - 1, first=first_left)

    async def _answer(self, work: Unit, question: Question, comment_id: bytes) -> Comment | None:
        found = await self._comments.by_ids(question.programme_id, [comment_id], work.tx)
        return found.get(comment_id)
