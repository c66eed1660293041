"""Reacting to posts and comments, and seeing who did."""

from collections.abc import Sequence
from typing import Any

from community.comments.access import sees_text
from community.comments.model import CommentState
from community.comments.repository import CommentRepository
from community.posts.access import may_read
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.posts.work import PostWork
from community.reactions.model import Reaction, Target, TargetKind, reaction_id
from community.reactions.repository import ReactionRepository
from community.recording import Acts
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve, record
from gamification.members.model import Standing
from gamification.programmes.catalogue import Catalogue
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

ACT = "liked"


@record(frozen=True, slots=True)
class _Seen:
    """A thing that a member reacts to: its author, and the post that it is or hangs under."""

    author_id: bytes
    post: Post


class ReactionService:
    """Members react for themselves, services for any member; nobody to what they wrote."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: ReactionRepository,
        posts: PostRepository,
        comments: CommentRepository,
        work: PostWork,
        acts: Acts,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._comments = comments
        self._work = work
        self._acts = acts

    async def react(self, actor: Actor, member_id: bytes | None, target: Target, key: str | None) -> Reaction:
        """Be seen with that reaction to a thing, instead of any other, or with none; again is the same as once.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE, COMMENT_STATE).
        """

        async def body(work: Unit) -> Reaction:
            member, viewer = await self._work.author(work, actor, member_id)
            seen = await self._seen(work, viewer, target)
            if seen.author_id == member.id:
                raise InvalidInput("Nobody reacts to what they wrote.", path=["targetId"])
            if not viewer.rights[seen.post.space].reacts:
                raise Forbidden("This takes being in the space.")
            if key is not None and key not in work.space.catalogue.settings.community.reactions:
                raise InvalidInput(f"There is no reaction {key[:100]!r}.", path=["reaction"])
            before = await self._repository.find(target, member.id, work.tx)
            if before is None:
                before = Reaction(
                    reaction_id(target, member.id),
                    actor.programme_id,
                    target,
                    seen.post.id,
                    seen.author_id,
                    member.id,
                    None,
                    work.space.now,
                    0,
                )
            if before.key == key:
                return before
            after = evolve(
                before, key=key, at=work.space.now, times=before.times + 1, shadowed=viewer.limited
            )
            after = await self._settled(work, actor, seen, before, after)
            await self._repository.save(after, work.tx)
            if before.counted != after.counted:
                work.followup.news.append(("reaction", after.id))
            await self._repository.count(target, before.counted, after.counted, work.tx)
            return after

        return await self._settlement.run(actor.programme_id, body)

    async def of_viewer(self, viewer: Viewer, post_ids: Sequence[bytes]) -> dict[bytes, dict[bytes, str]]:
        """The viewer's own reactions to each of these posts and what is under it, by the thing's id."""
        if viewer.member is None:
            return {}
        return await self._repository.of_member(viewer.member.id, post_ids)

    async def page(
        self, viewer: Viewer, catalogue: Catalogue, target: Target, key: str | None, window: Window
    ) -> Page[Reaction]:
        """Who reacted to a thing that the viewer has been shown, latest first; with that reaction, or any."""
        keys: Sequence[str] = catalogue.settings.community.reactions if key is None else [key]
        shown: dict[str, Any] = {"shadowed": None}
        if viewer.member is not None:
            shown = {"$or": [shown, {"member_id": viewer.member.id}]}
        if viewer.hidden:
            shown["member_id"] = {"$nin": list(viewer.hidden)}
        return await self._repository.page(target.id, keys, shown, window)

    # -- within

    async def _settled(
        self,
        work: Unit,
        actor: Actor,
        seen: _Seen,
        before: Reaction,
        after: Reaction,
    ) -> Reaction:
        """What it counts as for the author: once while there is one, whichever it is."""
        if after.counted is None:
            if before.activity_id is not None:
                await self._acts.take_back(work, actor, before.activity_id, "the reaction was withdrawn")
            return evolve(after, activity_id=None)
        if before.counted is not None:
            return after
        return evolve(after, activity_id=await counts_as(self._acts, work, after, seen.post.space))

    async def _seen(self, work: Unit, viewer: Viewer, target: Target) -> _Seen:
        programme_id = viewer.actor.programme_id
        comment = None
        post_id = target.id
        if target.kind is TargetKind.COMMENT:
            comment = (await self._comments.by_ids(programme_id, [target.id], work.tx)).get(target.id)
            if comment is None:
                raise NotFound("There is no such comment.", path=["targetId"])
            post_id = comment.post_id
        post = (await self._posts.by_ids(programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound(f"There is no such {target.kind}.", path=["targetId"])
        if comment is not None and not sees_text(viewer, post, comment):
            raise NotFound("There is no such comment.", path=["targetId"])
        if post.state is not PostState.PUBLISHED:
            raise Conflict(f"This post is {post.state}.", code=ErrorCode.POST_STATE, path=["targetId"])
        if comment is not None and comment.state is not CommentState.PUBLISHED:
            raise Conflict(
                f"This comment is {comment.state}.", code=ErrorCode.COMMENT_STATE, path=["targetId"]
            )
        return _Seen(comment.author_id if comment is not None else post.author_id, post)


async def counts_as(acts: Acts, work: Unit, reaction: Reaction, space: str) -> bytes | None:
    """Record being reacted to as the author's activity; its id, or None where it counts nothing."""
    authors = await work.stores.members.by_ids(reaction.programme_id, [reaction.author_id], work.tx)
    author = authors.get(reaction.author_id)
    if author is None or author.is_gone or author.standing is Standing.BANNED:
        return None
    facts = {
        "by": reaction.member_id.hex(),
        "reaction": reaction.key,
        "space": space,
        "to": reaction.target.kind.value,
    }
    return await acts.record(work, author, ACT, reaction.id, reaction.times, facts)
