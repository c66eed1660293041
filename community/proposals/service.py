"""Supporting proposals, and answering them. Each use case is one transaction."""

from datetime import timedelta

from community.posts.access import is_author, may_read, require_state
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.proposals.keeping import ProposalKeeper
from community.proposals.model import (
    OfficialAnswer,
    Proposal,
    ProposalState,
    Support,
    may_become,
    support_id,
)
from community.proposals.repository import ProposalRepository
from community.spaces.service import Viewer
from community.writing.limits import check_body
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import PostKind, ProposalTerms
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

BODY_MAX = 5_000
ANSWERS_MAX = 50


class ProposalService:
    """Members support for themselves, services for any member; moderators and operators answer for the club."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: ProposalRepository,
        posts: PostRepository,
        work: PostWork,
        keeper: ProposalKeeper,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._work = work
        self._keeper = keeper

    async def support(
        self, actor: Actor, member_id: bytes | None, post_id: bytes, *, supports: bool
    ) -> Proposal:
        """Support another's proposal, or no more; again is the same as once. That of a shadow-limited member is kept, and not
        counted.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE, PROPOSAL_STATE).
        """

        async def body(work: Unit) -> Proposal:
            member, viewer = await self._work.acting(work, actor, member_id)
            post = await self._post(work, viewer, post_id)
            if not viewer.rights[post.space].reacts:
                raise Forbidden("This takes being in the space.")
            if is_author(viewer, post):
                raise InvalidInput("Nobody supports their own proposal.", path=["postId"])
            proposal = await self._keeper.of_post(work, post)
            if not proposal.state.takes_support:
                raise _conflict(proposal)
            before = await self._repository.support(post.id, member.id, work.tx)
            if before is None:
                found = support_id(post.id, member.id)
                before = Support(
                    found,
                    post.programme_id,
                    post.id,
                    member.id,
                    supports=False,
                    counts=False,
                    at=work.space.now,
                    turn=proposal.turn,
                )
            is_seen = not (viewer.limited or post.shadowed)
            after = evolve(before, supports=supports, counts=supports if is_seen else before.counts)
            if after == before:
                return proposal
            await self._repository.save_supports([evolve(after, at=work.space.now)], work.tx)
            changed = evolve(proposal, support=proposal.support + after.counts - before.counts)
            changed = self._reached(work, changed)
            await self._repository.save(changed, work.tx)
            return changed

        return await self._settlement.run(actor.programme_id, body)

    async def answer(
        self, actor: Actor, post_id: bytes, version: int, state: ProposalState, text: str
    ) -> Proposal:
        """Answer for the club; `version` is the number of answers that were read. Raises: Forbidden, NotFound, InvalidInput,
        Conflict (STALE_VERSION, POST_STATE, PROPOSAL_STATE)."""
        actor.require(Permission.COMMUNITY_MODERATE)

        async def body(work: Unit) -> Proposal:
            viewer = await self._work.viewer(work, actor, None)
            post = await self._post(work, viewer, post_id)
            proposal = await self._keeper.of_post(work, post)
            if len(proposal.answers) != version:
                raise Conflict(
                    f"It has {len(proposal.answers)} answers by now, not {version}: read it again.",
                    code=ErrorCode.STALE_VERSION,
                    path=["version"],
                )
            if not may_become(proposal.state, state):
                raise _conflict(proposal)
            if len(proposal.answers) >= ANSWERS_MAX:
                raise InvalidInput(f"At most {ANSWERS_MAX} answers.", path=["postId"], limit=ANSWERS_MAX)
            written = await self._work.rendered(work, check_body(text, length_max=BODY_MAX))
            by = f"{actor.role}:{actor.subject}"
            said = OfficialAnswer(state, written.body, written.html, work.space.now, by)
            changed = evolve(proposal, state=state, answers=(*proposal.answers, said))
            changed = self._told(work, changed)
            await self._repository.save(changed, work.tx)
            return changed

        return await self._settlement.run(actor.programme_id, body)

    # -- within

    def _reached(self, work: Unit, proposal: Proposal) -> Proposal:
        """The proposal, which may have support enough now: then it stays so."""
        terms = terms_of(work.space.catalogue, proposal.space)
        if proposal.state is not ProposalState.GATHERING or proposal.support < terms.support:
            return proposal
        now = work.space.now
        reached = evolve(
            proposal,
            state=ProposalState.REACHED,
            threshold=terms.support,
            reached_at=now,
            due_at=now + timedelta(days=terms.answer_days),
        )
        return self._told(work, reached)

    def _told(self, work: Unit, proposal: Proposal) -> Proposal:
        """The proposal with something to tell its supporters; its author hears at once."""
        told = {"post": proposal.id, "state": proposal.state.value}
        work.space.tell(proposal.author_id, FeedKind.PROPOSAL_CHANGED, told)
        return evolve(proposal, turn=proposal.turn + 1, untold=True)

    async def _post(self, work: Unit, viewer: Viewer, post_id: bytes) -> Post:
        post = (await self._posts.by_ids(viewer.actor.programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound("There is no such post.", path=["postId"])
        if post.kind is not PostKind.PROPOSAL:
            raise InvalidInput("This is not a proposal.", path=["postId"])
        require_state(post, PostState.PUBLISHED)
        return post


def terms_of(catalogue: Catalogue, space: str) -> ProposalTerms:
    """What proposals in a space need: its own terms, or the programme's."""
    stated = catalogue.spaces[space].proposals if space in catalogue.spaces else None
    return stated or catalogue.settings.community.proposals


def _conflict(proposal: Proposal) -> Conflict:
    return Conflict(f"This proposal is {proposal.state}.", code=ErrorCode.PROPOSAL_STATE, path=["postId"])
