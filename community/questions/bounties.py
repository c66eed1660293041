"""Bounties: askers set points aside, which go to whoever answers, or come back. Each use case is one transaction."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog

from community.comments.model import Comment, CommentOrder
from community.comments.repository import CommentRepository
from community.posts.access import is_author, may_read, require_state
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.questions.keeping import QuestionKeeper
from community.questions.model import Bounty, Question, bounty_id, hold_of
from community.questions.outcome import Outcome, outcome_of
from community.questions.paying import cause_of, return_bounty, settle
from community.questions.repository import QuestionRepository
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, DomainError, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.ledger.holds import HoldState
from gamification.members.model import Member, Standing
from gamification.programmes.definitions import BountyTerms, PostKind
from gamification.settlement.holding import authorise, give_up
from gamification.settlement.points import check_amount
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import Contention
from storage.paging import Window

log = structlog.get_logger()

SEEN_FOR = timedelta(days=1)
"""What is raised is offered for so long at least."""
_HELD_AFTER = timedelta(days=90)
"""A hold outlasts its bounty by this, so that no pause of the worker takes it from who answered."""
_BEST_MAX = 500
_PATIENCE_S = 2.0


class BountyService:
    """Askers offer for themselves, services for any member."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: QuestionRepository,
        posts: PostRepository,
        comments: CommentRepository,
        work: PostWork,
        keeper: QuestionKeeper,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._comments = comments
        self._work = work
        self._keeper = keeper

    async def offer(
        self,
        actor: Actor,
        member_id: bytes | None,
        post_id: bytes,
        amount: int,
        days: int | None,
        key: str,
    ) -> tuple[Bounty, bool]:
        """Set points aside for who answers one's question; and whether this was a replay.

        Raises: Forbidden, NotFound, InvalidInput, InsufficientPoints, Conflict (POST_STATE, ANSWER_SETTLED, BOUNTY_OPEN,
        BOUNTY_LIMIT), IdempotencyConflict.
        """
        check_amount(amount, least=1)

        async def body(work: Unit) -> dict[str, Any]:
            member, post, shadowed = await self._own(work, actor, member_id, post_id)
            terms = terms_of(work)
            check_terms(terms, amount, days)
            question = await self._current(work, post)
            if question.has_bounty:
                raise Conflict(
                    "There is a bounty already: raise it.", code=ErrorCode.BOUNTY_OPEN, path=["postId"]
                )
            if question.is_accepted:
                raise Conflict("An answer is accepted.", code=ErrorCode.ANSWER_SETTLED, path=["postId"])
            if await self._repository.open_of(member.id, work.tx) >= terms.open:
                raise Conflict(
                    f"At most {terms.open} bounties at a time.",
                    code=ErrorCode.BOUNTY_LIMIT,
                    path=["postId"],
                    limit=terms.open,
                )
            number = question.bounties + 1
            found, now = bounty_id(post.id, number), work.space.now
            bounty = Bounty(
                found,
                post.programme_id,
                post.id,
                member.id,
                terms.unit,
                amount,
                hold_of(found, 0),
                now,
                now + timedelta(days=days or terms.days),
                shadowed=shadowed,
            )
            await _hold(work, member, bounty)
            await self._repository.save_bounty(bounty, work.tx)
            changed = evolve(
                question, bounty_id=found, bounties=number, has_bounty=True, shows_bounty=not shadowed
            )
            await self._repository.save(changed, work.tx)
            return {"bounty": found}

        return await self._once(actor, key, "offerBounty", [member_id, post_id, amount, days], body)

    async def raise_by(
        self, actor: Actor, member_id: bytes | None, post_id: bytes, amount: int, key: str
    ) -> tuple[Bounty, bool]:
        """Offer so much more; it is offered for another day at least.

        Raises: Forbidden, NotFound, InvalidInput, InsufficientPoints, Conflict (POST_STATE, BOUNTY_OPEN where there is none),
        IdempotencyConflict.
        """
        check_amount(amount, least=1)

        async def body(work: Unit) -> dict[str, Any]:
            member, post, _ = await self._own(work, actor, member_id, post_id)
            terms = terms_of(work)
            question = await self._current(work, post)
            bounty = await self._open(work, question)
            if bounty.amount + amount > terms.most:
                raise InvalidInput(f"A bounty is of {terms.most} at most.", path=["amount"], limit=terms.most)
            held = await work.stores.holds.by_ids(bounty.programme_id, [bounty.hold_id], work.tx)
            if held[bounty.hold_id].state is HoldState.OPEN:
                await give_up(work, held[bounty.hold_id], cause_of(work, bounty))
            raised = evolve(
                bounty,
                amount=bounty.amount + amount,
                raises=bounty.raises + 1,
                hold_id=hold_of(bounty.id, bounty.raises + 1),
                ends_at=max(bounty.ends_at, work.space.now + SEEN_FOR),
            )
            await _hold(work, member, raised)
            await self._repository.save_bounty(raised, work.tx)
            await self._repository.save(question, work.tx)
            return {"bounty": bounty.id}

        return await self._once(actor, key, "raiseBounty", [member_id, post_id, amount], body)

    async def end(self, actor: Actor, member_id: bytes | None, post_id: bytes) -> Bounty:
        """End a bounty before its time: what is offered goes to the answer that is accepted, or comes back where nobody has
        answered. Ending what has ended is the same as once.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE, BOUNTY_OPEN).
        """

        async def body(work: Unit) -> bytes:
            _, post, _ = await self._own(work, actor, member_id, post_id)
            question = await self._current(work, post)
            if question.bounty_id is None:
                raise Conflict("There is no bounty.", code=ErrorCode.BOUNTY_OPEN, path=["postId"])
            if question.has_bounty:
                accepted = question.accepted
                is_due = accepted is not None and accepted.stands and accepted.member_id != question.asker_id
                if not is_due and question.answers:
                    raise Conflict(
                        "It was answered: accept an answer, or wait until the bounty ends.",
                        code=ErrorCode.BOUNTY_OPEN,
                        path=["postId"],
                    )
                changed = await self._settled(work, question)
                await self._repository.save(changed, work.tx)
            return question.bounty_id

        found = await self._settlement.run(actor.programme_id, body)
        return (await self._repository.bounties([found]))[found]

    async def settle_due(self, limit: int = 100) -> int:
        """Settle bounties that have ended; how many. The worker calls it until it gives 0."""
        done = 0
        for bounty in await self._repository.due(self._settlement.now(), limit):
            try:
                await self._settlement.run(bounty.programme_id, self._due(bounty), patience_s=_PATIENCE_S)
                done += 1
            except (Contention, DomainError) as error:
                log.warning(
                    "bounty.put_off", programme=bounty.programme_id, bounty=bounty.id.hex(), error=str(error)
                )
        return done

    async def settle_ended(self, work: Unit, question: Question) -> Question:
        """The question once its bounty is settled, where that has ended by now: time goes first."""
        if not question.has_bounty or question.bounty_id is None:
            return question
        bounty = (await self._repository.bounties([question.bounty_id], work.tx))[question.bounty_id]
        if bounty.ends_at > work.space.now:
            return question
        settled = await self._settled(work, question)
        await self._repository.save(settled, work.tx)
        return settled

    # -- within

    def _due(self, bounty: Bounty) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            (question,) = (await self._repository.by_ids([bounty.post_id], work.tx)).values()
            if question.has_bounty and question.bounty_id == bounty.id:
                await self.settle_ended(work, question)

        return body

    async def _settled(self, work: Unit, question: Question) -> Question:
        """The question once its open bounty went to whom it goes to."""
        bounty = await self._open(work, question)
        terms = work.space.catalogue.settings.community.questions.bounty
        if not question.stands or terms is None:
            return await return_bounty(work, self._repository, question)
        accepted, answers = await self._candidates(work, question, terms)
        authors = {one.author_id for one in (*answers, *([accepted] if accepted else []))}
        members = await work.stores.members.by_ids(question.programme_id, sorted(authors), work.tx)
        absent = authors - {key for key, member in members.items() if _is_here(member)}
        outcome: Outcome = outcome_of(bounty, terms, accepted, answers, absent)
        return await settle(work, self._repository, question, outcome, members)

    async def _candidates(
        self, work: Unit, question: Question, terms: BountyTerms
    ) -> tuple[Comment | None, list[Comment]]:
        """The accepted answer, and those with reactions enough, as this transaction finds them."""
        liked = {"state": "published", "shadowed": None, "reacted": {"$gte": terms.reactions}}
        page = await self._comments.page(question.id, None, liked, CommentOrder.BEST, Window(_BEST_MAX))
        wanted = [one.id for one in page.rows]
        kept = question.accepted
        if kept is not None and kept.stands:
            wanted.append(kept.comment_id)
        found = await self._comments.by_ids(question.programme_id, wanted, work.tx)
        seen = {key: one for key, one in found.items() if one.counts}
        accepted = seen.get(kept.comment_id) if kept is not None and kept.stands else None
        return accepted, [seen[one.id] for one in page.rows if one.id in seen]

    async def _own(
        self, work: Unit, actor: Actor, member_id: bytes | None, post_id: bytes
    ) -> tuple[Member, Post, bool]:
        """Who asks, their question, and whether others don't see what they do. Raises: Forbidden, NotFound, InvalidInput."""
        member, viewer = await self._work.acting(work, actor, member_id)
        post = (await self._posts.by_ids(actor.programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound("There is no such post.", path=["postId"])
        if post.kind is not PostKind.QUESTION:
            raise InvalidInput("This is not a question.", path=["postId"])
        if not is_author(viewer, post) or not viewer.rights[post.space].reacts:
            raise Forbidden("Only who asked offers points for an answer.")
        return member, post, viewer.limited or post.shadowed

    async def _current(self, work: Unit, post: Post) -> Question:
        require_state(post, PostState.PUBLISHED)
        question, _ = await self._keeper.of_post(work, post)
        return await self.settle_ended(work, question)

    async def _open(self, work: Unit, question: Question) -> Bounty:
        if not question.has_bounty or question.bounty_id is None:
            raise Conflict("There is no open bounty.", code=ErrorCode.BOUNTY_OPEN, path=["postId"])
        return (await self._repository.bounties([question.bounty_id], work.tx))[question.bounty_id]

    async def _once(
        self, actor: Actor, key: str, operation: str, stated: list[Any], body: Any
    ) -> tuple[Bounty, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, {"input": stated}, body)
        return (await self._repository.bounties([result["bounty"]]))[result["bounty"]], replayed


async def _hold(work: Unit, member: Member, bounty: Bounty) -> None:
    """Set a bounty's points aside."""
    until = bounty.ends_at + _HELD_AFTER
    reference = f"bounty:{bounty.post_id.hex()}"
    await authorise(
        work, member, bounty.unit, bounty.amount, until, reference, bounty.hold_id, cause_of(work, bounty)
    )


def terms_of(work: Unit) -> BountyTerms:
    """The programme's terms of bounties. Raises: InvalidInput where it has none."""
    terms = work.space.catalogue.settings.community.questions.bounty
    if terms is None:
        raise InvalidInput("There are no bounties here.", path=["postId"])
    return terms


def check_terms(terms: BountyTerms, amount: int, days: int | None) -> None:
    """Raises: InvalidInput where an offer is outside of the terms."""
    if not terms.least <= amount <= terms.most:
        limit = terms.least if amount < terms.least else terms.most
        raise InvalidInput(f"A bounty is of {terms.least} to {terms.most}.", path=["amount"], limit=limit)
    if days is not None and not 1 <= days <= terms.days:
        raise InvalidInput(f"A bounty is for 1 to {terms.days} days.", path=["days"], limit=terms.days)


def _is_here(member: Member) -> bool:
    return not member.is_gone and member.standing is not Standing.BANNED
