"""Accepting answers: the asker does, and who looks after the space."""

from datetime import timedelta
from typing import Any

from community.acting import kept_name
from community.comments.access import sees_text
from community.comments.model import Comment, CommentState
from community.comments.repository import CommentRepository
from community.posts.access import is_author, may_read, require_state
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.questions.bounties import BountyService
from community.questions.keeping import QuestionKeeper
from community.questions.model import Acceptance, Question
from community.questions.repository import QuestionRepository
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.programmes.definitions import PostKind
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


class QuestionService:
    """Askers act for themselves, services for any member."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: QuestionRepository,
        posts: PostRepository,
        comments: CommentRepository,
        work: PostWork,
        keeper: QuestionKeeper,
        bounties: BountyService,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._comments = comments
        self._work = work
        self._keeper = keeper
        self._bounties = bounties

    async def accept(self, actor: Actor, member_id: bytes | None, comment_id: bytes) -> Question:
        """Accept an answer instead of any other; again is the same as once. What a shadow-limited asker accepts is for their
        own eyes.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE, COMMENT_STATE, POST_LOCKED, ANSWER_SETTLED).
        """

        async def body(work: Unit) -> Question:
            viewer = await self._work.viewer(work, actor, member_id)
            post, answer = await self._answer(work, viewer, comment_id)
            _require_right(viewer, post, ["commentId"])
            if answer.state is not CommentState.PUBLISHED or answer.shadowed:
                raise Conflict("This answer is not shown.", code=ErrorCode.COMMENT_STATE, path=["commentId"])
            question = await self._current(work, post)
            if is_author(viewer, post) and (viewer.limited or post.shadowed):
                question = evolve(question, private_choice=answer.id, private_at=work.space.now)
                await self._repository.save(question, work.tx)
                return question
            question, known = _without_choice(question), question.accepted
            if known is not None and known.comment_id == answer.id:
                await self._repository.save(question, work.tx)
                return question
            since = self._require_open(work, viewer, post, question)
            if known is not None:
                await self._keeper.take_back(work, actor, known, "another answer was accepted")
            by = await kept_name(work, actor)
            accepted = Acceptance(answer.id, answer.author_id, work.space.now, since, by, stands=True)
            question = await self._keeper.recorded(work, question, answer, accepted)
            await self._repository.save(question, work.tx)
            if question.accepted is not None and question.accepted.activity_id is not None:
                told = {"post": post.id, "comment": answer.id}
                work.space.tell(answer.author_id, FeedKind.ANSWER_ACCEPTED, told)
            return question

        return await self._settlement.run(actor.programme_id, body)

    async def withdraw(self, actor: Actor, member_id: bytes | None, post_id: bytes) -> Question:
        """Have no answer accepted; again is the same as once. Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE,
        POST_LOCKED, ANSWER_SETTLED)."""

        async def body(work: Unit) -> Question:
            viewer = await self._work.viewer(work, actor, member_id)
            post = (await self._posts.by_ids(viewer.actor.programme_id, [post_id], work.tx)).get(post_id)
            if post is None or not may_read(viewer, post):
                raise NotFound("There is no such post.", path=["postId"])
            _require_right(viewer, post, ["postId"])
            question = await self._current(work, post)
            if is_author(viewer, post) and (viewer.limited or post.shadowed):
                question = _without_choice(question)
            elif question.accepted is not None:
                self._require_open(work, viewer, post, question)
                await self._keeper.take_back(work, actor, question.accepted, "the acceptance was withdrawn")
                question = evolve(_without_choice(question), accepted=None)
            else:
                question = _without_choice(question)
            await self._repository.save(question, work.tx)
            return question

        return await self._settlement.run(actor.programme_id, body)

    # -- within

    async def _answer(self, work: Unit, viewer: Viewer, comment_id: bytes) -> tuple[Post, Comment]:
        programme_id = viewer.actor.programme_id
        answer = (await self._comments.by_ids(programme_id, [comment_id], work.tx)).get(comment_id)
        posts: dict[bytes, Any] = {}
        if answer is not None:
            posts = await self._posts.by_ids(programme_id, [answer.post_id], work.tx)
        post = posts.get(answer.post_id) if answer is not None else None
        if answer is None or post is None or not sees_text(viewer, post, answer):
            raise NotFound("There is no such comment.", path=["commentId"])
        if not answer.is_answer:
            raise InvalidInput("This answers a comment, not the question.", path=["commentId"])
        return post, answer

    async def _current(self, work: Unit, post: Post) -> Question:
        """The question once what has ended by now is settled: time goes first."""
        require_state(post, PostState.PUBLISHED)
        question, _ = await self._keeper.of_post(work, post)
        return await self._bounties.settle_ended(work, question)

    def _require_open(self, work: Unit, viewer: Viewer, post: Post, question: Question) -> Any:
        """Since when an answer counts as accepted. Raises: Conflict where the asker may not change it any more."""
        now, known = work.space.now, question.accepted
        if known is None or not known.stands:
            return now
        if not viewer.rights[post.space].moderates:
            days = work.space.catalogue.settings.community.questions.change_days
            if now > known.since + timedelta(days=days):
                raise Conflict(
                    f"An acceptance can be changed for {days} days.",
                    code=ErrorCode.ANSWER_SETTLED,
                    path=["postId"],
                    limit=days,
                )
        return known.since


def _without_choice(question: Question) -> Question:
    return evolve(question, private_choice=None, private_at=None)


def _require_right(viewer: Viewer, post: Post, path: list[str]) -> None:
    if post.kind is not PostKind.QUESTION:
        raise InvalidInput("This is not a question.", path=path)
    rights = viewer.rights[post.space]
    if not rights.moderates and not (is_author(viewer, post) and rights.reacts):
        raise Forbidden("Its asker accepts an answer, and who looks after the space.")
    if post.locked and not rights.moderates:
        raise Conflict("This post is locked.", code=ErrorCode.POST_LOCKED, path=path)
