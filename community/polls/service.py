"""Beginning polls, voting in them, and closing them. Each use case is one transaction."""

from collections.abc import Sequence
from datetime import datetime

from community.polls.counting import check_choices, check_poll, recounted
from community.polls.model import Ballot, Poll, PollTerms, ballot_id
from community.polls.repository import PollRepository
from community.posts.access import is_author, may_read, require_state
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.posts.service import NewPost, PostService
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.programmes.definitions import PostKind
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


class PollService:
    """Members vote for themselves, services for any member."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: PollRepository,
        post_store: PostRepository,
        posts: PostService,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._post_store = post_store
        self._posts = posts

    async def create(
        self,
        actor: Actor,
        member_id: bytes | None,
        new: NewPost,
        options: Sequence[str],
        terms: PollTerms,
        key: str,
    ) -> tuple[Post, bool]:
        """Write a post that is a poll. Raises: as `PostService.create`."""
        if new.kind is not PostKind.POLL:
            raise InvalidInput("Only a post of the kind POLL is one.", path=["poll"])
        named = named_options(options)

        async def with_poll(work: Unit, post: Post) -> None:
            check_poll(terms, named, work.space.now)
            await self._repository.save(_new(post, terms, named), work.tx)

        return await self._posts.create(
            actor, member_id, evolve(new, options=named), key, with_poll, _stated(terms)
        )

    async def change(
        self, actor: Actor, member_id: bytes | None, post_id: bytes, options: Sequence[str], terms: PollTerms
    ) -> Post:
        """Put other options and terms into a draft or what is scheduled. Raises: Forbidden, NotFound, InvalidInput, Conflict
        (POST_STATE)."""
        named = named_options(options)

        async def changed(work: Unit, viewer: Viewer, post: Post) -> Post:
            if post.kind is not PostKind.POLL:
                raise InvalidInput("This is not a poll.", path=["postId"])
            if not is_author(viewer, post):
                raise Forbidden("Only its author states what is voted on.")
            require_state(post, PostState.DRAFT, PostState.SCHEDULED)
            check_poll(terms, named, post.publish_at or work.space.now)
            await self._repository.save(_new(post, terms, named), work.tx)
            if post.options == named:
                return post
            return evolve(post, options=named, version=post.version + 1)

        return await self._posts.change(actor, member_id, post_id, changed)

    async def vote(
        self, actor: Actor, member_id: bytes | None, post_id: bytes, choices: Sequence[int]
    ) -> Poll:
        """Vote so instead of any way before; with no choice, not at all; again is the same as once. What a shadow-limited
        member votes is kept, and not counted.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE, POLL_CLOSED, VOTE_FINAL).
        """

        async def body(work: Unit) -> Poll:
            member, viewer = await self._posts.acting(work, actor, member_id)
            post, poll = await self._found(work, viewer, post_id)
            require_state(post, PostState.PUBLISHED)
            if not viewer.rights[post.space].reacts:
                raise Forbidden("This takes being in the space.")
            # However often this runs: who votes is in time by the clock of this very attempt.
            now = self._settlement.now()
            _require_open(poll, now)
            check_choices(poll.terms, choices, len(poll.votes))
            chosen = tuple(choices)
            found = ballot_id(post.id, member.id)
            before = await self._repository.ballot(post.id, member.id, work.tx)
            if before is None:
                before = Ballot(found, poll.programme_id, post.id, member.id, (), now, ())
            is_seen = not (viewer.limited or post.shadowed)
            after = evolve(before, choices=chosen, counted=chosen if is_seen else before.counted)
            if after == before:
                return poll
            if before.choices not in ((), chosen) and not poll.terms.changeable:
                raise Conflict("Votes can't be changed here.", code=ErrorCode.VOTE_FINAL, path=["postId"])
            counted = recounted(poll, before.counted, after.counted)
            await self._repository.save_ballot(evolve(after, at=now), work.tx)
            if counted != poll:
                await self._repository.save(counted, work.tx)
            return counted

        return await self._settlement.run(actor.programme_id, body)

    async def close(self, actor: Actor, member_id: bytes | None, post_id: bytes) -> Poll:
        """Take no votes any more; again is the same as once. Its author, and who looks after the space. Raises: Forbidden,
        NotFound, InvalidInput, Conflict (POST_STATE)."""

        async def body(work: Unit) -> Poll:
            viewer = await self._posts.viewer(work, actor, member_id)
            post, poll = await self._found(work, viewer, post_id)
            rights = viewer.rights[post.space]
            if not rights.moderates and not (is_author(viewer, post) and rights.reacts):
                raise Forbidden("Its author closes a poll, and who looks after the space.")
            require_state(post, PostState.PUBLISHED)
            now = self._settlement.now()
            if poll.is_closed(now):
                return poll
            closed = evolve(poll, terms=evolve(poll.terms, closes_at=now))
            await self._repository.save(closed, work.tx)
            return closed

        return await self._settlement.run(actor.programme_id, body)

    # -- within

    async def _found(self, work: Unit, viewer: Viewer, post_id: bytes) -> tuple[Post, Poll]:
        post = (await self._post_store.by_ids(viewer.actor.programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound("There is no such post.", path=["postId"])
        poll = (await self._repository.by_ids([post_id], work.tx)).get(post_id)
        if poll is None:
            raise InvalidInput("This is not a poll.", path=["postId"])
        return post, poll


def named_options(options: Sequence[str]) -> tuple[str, ...]:
    """The options as they are kept."""
    return tuple(" ".join(one.split()) for one in options)


def _new(post: Post, terms: PollTerms, options: Sequence[str]) -> Poll:
    none = (0,) * len(options)
    return Poll(post.id, post.programme_id, post.author_id, terms, none, none)


def _stated(terms: PollTerms) -> list[object]:
    closes = terms.closes_at.isoformat() if terms.closes_at else None
    return [
        terms.kind.value,
        terms.least,
        terms.most,
        closes,
        terms.secret,
        terms.results.value,
        terms.changeable,
    ]


def _require_open(poll: Poll, now: datetime) -> None:
    if poll.is_closed(now):
        raise Conflict("This poll is closed.", code=ErrorCode.POLL_CLOSED, path=["postId"])
