"""Every act of moderation on posts and comments is logged, whichever way it came, and what was decided elsewhere closes the
case that waits for it."""

from functools import partial

from community.acting import as_kept, kept_name
from community.bells import Bells, feed_key, post_key, queue_key
from community.comments.model import Comment
from community.moderation.model import Case, CaseState, Decided, Decision, case_id
from community.moderation.repository import CaseRepository
from community.moderation.verdicts import Verdicts
from community.oversight.model import SYSTEM, Act, ActKind, Subject, SubjectKind
from community.oversight.service import Oversight
from community.posts.model import Post, PostState, TakenDown
from gamification.kit.actors import Actor, Role
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit

_TAKEN_DOWN = {PostState.HIDDEN: ActKind.HIDDEN, PostState.REMOVED: ActKind.REMOVED}
_DECISIONS = {ActKind.REMOVED: Decision.REMOVE, ActKind.RESTORED: Decision.KEEP}
_STAFF = (Role.MODERATOR, Role.OPERATOR)


class ModerationWatcher:
    """Hears of every change of posts and comments."""

    def __init__(self, oversight: Oversight, cases: CaseRepository, verdicts: Verdicts, bells: Bells) -> None:
        self._bells = bells
        self._oversight = oversight
        self._cases = cases
        self._verdicts = verdicts

    async def post_kept(self, work: Unit, actor: Actor, before: Post | None, after: Post) -> None:
        """Log what moderators did to a post, and say that it has changed."""
        self._ring(work, after.id, after.state)
        if after.state is PostState.PUBLISHED and (before is None or before.published_at is None):
            work.afterwards.append(partial(self._bells.ring, feed_key(after.programme_id)))
        if before is None:
            return
        kinds = _kinds(before, after)
        is_edited = before.written != after.written and before.state is PostState.PUBLISHED
        if is_edited and await _is_anothers(work, actor, after):
            kinds.append(ActKind.EDITED)
        acts = [
            _act(kind, Subject(SubjectKind.POST, after.id), after.author_id, after.space, after.taken_down)
            for kind in kinds
        ]
        await self._note(work, actor, acts, after.version)

    async def comment_kept(
        self, work: Unit, actor: Actor, post: Post, before: Comment | None, after: Comment
    ) -> None:
        """Log what moderators did to a comment, and say that its post has changed."""
        self._ring(work, post.id, PostState(after.state.value))
        if before is None:
            return
        kind = _state_kind(PostState(before.state.value), PostState(after.state.value))
        if kind is not None:
            subject = Subject(SubjectKind.COMMENT, after.id)
            acts = [_act(kind, subject, after.author_id, post.space, after.taken_down)]
            await self._note(work, actor, acts, after.version)

    def _ring(self, work: Unit, post_id: bytes, state: PostState) -> None:
        """Once committed, whoever watches looks again."""
        keys = [post_key(post_id)]
        if state is PostState.PENDING:
            keys.append(queue_key(work.space.catalogue.programme_id))
        work.afterwards.append(partial(self._bells.ring, *keys))

    async def _note(self, work: Unit, actor: Actor, acts: list[Act], version: int) -> None:
        if not acts:
            return
        by = await acting_as(work, actor)
        await self._oversight.note(work, by, *acts)
        for act in acts:
            if act.kind in _DECISIONS or act.kind is ActKind.MOVED:
                await self._follow(work, by, act, version)

    async def _follow(self, work: Unit, by: str, act: Act, version: int) -> None:
        """Let the case of the thing follow: decide what waits for a decision that was taken past the queue, and take it to
        where the thing is now."""
        programme_id = work.space.catalogue.programme_id
        found = case_id(programme_id, act.subject)
        case = (await self._cases.by_ids(programme_id, [found], work.tx)).get(found)
        if case is None:
            return
        if act.kind is ActKind.MOVED:
            await self._cases.save([evolve(case, space=act.space)], work.tx)
            return
        if case.state is CaseState.DECIDED:
            if act.kind is ActKind.RESTORED:
                await self._verdicts.overturned(work, case)
            return
        decision = _DECISIONS[act.kind]
        await self._verdicts.settle(work, case, decision)
        await self._cases.save([decided(case, decision, by, act.reason, work, version)], work.tx)


def decided(
    case: Case, decision: Decision, by: str, reason: str | None, work: Unit, version: int | None
) -> Case:
    """A case on which somebody has decided; `version`: of the thing as it is then."""
    now = work.space.now
    return evolve(
        case,
        state=CaseState.DECIDED,
        version=case.version + 1,
        decided=Decided(decision, now, by, reason),
        acted_at=case.acted_at or now,
        claimed_by=None,
        claimed_until=None,
        hidden=False,
        content_version=version,
    )


async def acting_as(work: Unit, actor: Actor) -> str:
    """How the log names the caller."""
    if actor.role is Role.SERVICE and actor.subject == SYSTEM:
        return SYSTEM
    return await kept_name(work, actor)


async def _is_anothers(work: Unit, actor: Actor, post: Post) -> bool:
    """Whether who acts did not write it; services act for authors."""
    if actor.role is Role.MEMBER:
        return (await as_kept(work, actor)).subject != post.author_id.hex()
    return actor.role in _STAFF


def _kinds(before: Post, after: Post) -> list[ActKind]:
    found: list[ActKind] = []
    kind = _state_kind(before.state, after.state)
    if kind is not None:
        found.append(kind)
    if before.locked != after.locked:
        found.append(ActKind.LOCKED if after.locked else ActKind.UNLOCKED)
    if before.space != after.space:
        found.append(ActKind.MOVED)
    elif after.state is PostState.PUBLISHED and (before.pinned_at is None) != (after.pinned_at is None):
        found.append(ActKind.PINNED if after.pinned_at is not None else ActKind.UNPINNED)
    return found


def _state_kind(before: PostState, after: PostState) -> ActKind | None:
    """What changing from the one state to the other is; None for what authors do themselves."""
    if before is after:
        return None
    if after in _TAKEN_DOWN:
        return _TAKEN_DOWN[after]
    if after is PostState.PUBLISHED and before in (PostState.PENDING, *_TAKEN_DOWN):
        return ActKind.RESTORED
    return None


def _act(kind: ActKind, subject: Subject, author_id: bytes, space: str, down: TakenDown | None) -> Act:
    told = down if down is not None and kind.is_adverse else None
    return Act(kind, subject, author_id, space, told.reason if told else None, told.rule if told else None)
