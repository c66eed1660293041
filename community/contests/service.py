"""Entering contests, voting in them, and putting stories out. Each use case is one transaction."""

from datetime import datetime

from community.contests.keeping import keep
from community.contests.model import (
    ENTRIES_MAX,
    Ballot,
    Disqualification,
    Entry,
    Run,
    RunState,
    ballot_id,
    entry_id,
    run_id,
    takes_entries,
    takes_votes,
)
from community.contests.repository import ContestRepository
from community.oversight.model import Act, ActKind, Subject, SubjectKind, name_of
from community.oversight.service import Oversight
from community.posts.access import is_author, may_read, require_state
from community.posts.model import Post, PostState
from community.posts.repository import PostRepository
from community.posts.work import PostWork, check_reason
from community.spaces.service import Viewer
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, Forbidden, InvalidInput, NotFound
from gamification.kit.records import evolve
from gamification.programmes.definitions import Contest, PostKind, Status
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


class ContestService:
    """Members enter and vote for themselves, services for any member; who looks after the space disqualifies."""

    def __init__(
        self,
        settlement: SettlementService,
        repository: ContestRepository,
        posts: PostRepository,
        work: PostWork,
        oversight: Oversight,
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._posts = posts
        self._work = work
        self._oversight = oversight

    async def enter(
        self, actor: Actor, member_id: bytes | None, key: str, post_id: bytes, *, enters: bool
    ) -> Entry:
        """Be in a contest with one's story, or no more; again is the same as once. That of a shadow-limited member is seen by
        themselves alone.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (POST_STATE, CONTEST_STATE, CONTEST_LIMIT).
        """

        async def body(work: Unit) -> Entry:
            member, viewer = await self._work.acting(work, actor, member_id)
            contest = contest_of(work, viewer, key)
            post = await self._post(work, viewer, post_id)
            if not is_author(viewer, post) or not viewer.rights[contest.space].reacts:
                raise Forbidden("Only its author enters a story.")
            # What was entered is taken out wherever it stands: else nothing could be entered in its stead.
            if enters:
                _require_story(contest, post)
            now = self._settlement.now()
            if not takes_entries(contest, now):
                raise _conflict("Stories are not entered now.")
            run = await self._run(work, contest)
            found = entry_id(actor.programme_id, key, post.id)
            own = {
                one.id: one for one in await self._repository.own(actor.programme_id, key, member.id, work.tx)
            }
            before = own.get(found)
            if before is None:
                before = Entry(
                    found, post.programme_id, key, post.id, member.id, now, post.counts, withdrawn=True
                )
            if before.withdrawn != enters:
                return before
            others = sum(not one.withdrawn for one in own.values() if one.id != found)
            if enters and (others >= contest.entries or run.entries >= ENTRIES_MAX):
                raise Conflict(
                    "No more stories can be entered.",
                    code=ErrorCode.CONTEST_LIMIT,
                    path=["contest"],
                    limit=contest.entries,
                )
            # The run is written too, so that two of a member's entries at once meet.
            await self._repository.save_run(run, work.tx)
            after = evolve(before, withdrawn=not enters, seen=post.counts)
            await keep(work, self._repository, before, after)
            return after

        return await self._settlement.run(actor.programme_id, body)

    async def vote(
        self, actor: Actor, member_id: bytes | None, key: str, post_id: bytes, *, votes: bool
    ) -> Entry:
        """Vote for another's story, or no more; again is the same as once. What a shadow-limited member votes is kept, and not
        counted.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (CONTEST_STATE, CONTEST_LIMIT).
        """

        async def body(work: Unit) -> Entry:
            member, viewer = await self._work.acting(work, actor, member_id)
            contest = contest_of(work, viewer, key)
            before = await self._repository.ballot(actor.programme_id, key, member.id, work.tx)
            # A vote is taken back also where its story is gone: else the member could not vote for another instead.
            is_known = not votes and before is not None and post_id in before.chosen
            if not is_known:
                await self._post(work, viewer, post_id)
            entry = await self._entry(work, actor, key, post_id)
            if not viewer.rights[contest.space].reacts:
                raise Forbidden("This takes being in the space.")
            if entry.member_id == member.id:
                raise InvalidInput("Nobody votes for their own story.", path=["postId"])
            # However often this runs: who votes is in time by the clock of this very attempt.
            now = self._settlement.now()
            if not takes_votes(contest, now):
                raise _conflict("Stories are not voted for now.")
            if entry.frozen or (votes and not entry.stands):
                raise _conflict("This story takes no part.")
            if before is None:
                found = ballot_id(actor.programme_id, key, member.id)
                before = Ballot(found, actor.programme_id, key, member.id, (), (), now)
            chosen = _with(before.chosen, post_id, present=votes)
            if len(chosen) > contest.votes:
                raise Conflict(
                    f"Each member has {contest.votes} votes.",
                    code=ErrorCode.CONTEST_LIMIT,
                    path=["contest"],
                    limit=contest.votes,
                )
            counted = before.counted
            if not viewer.limited:
                counted = _with(counted, post_id, present=votes)
            after = evolve(before, chosen=chosen, counted=counted)
            if after == before:
                return entry
            await self._repository.save_ballot(evolve(after, at=now), work.tx)
            by = (post_id in after.counted) - (post_id in before.counted)
            changed = evolve(entry, votes=entry.votes + by)
            await keep(work, self._repository, entry, changed)
            return changed

        return await self._settlement.run(actor.programme_id, body)

    async def disqualify(
        self, actor: Actor, key: str, post_id: bytes, reason: str, *, disqualified: bool
    ) -> Entry:
        """Put a story out of a contest, or let it in again, before the contest is ranked; again is the same as once. It is
        logged, and its author is told why.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (CONTEST_STATE).
        """
        check_reason(reason)

        async def body(work: Unit) -> Entry:
            viewer = await self._work.viewer(work, actor, None)
            contest = contest_of(work, viewer, key)
            if not viewer.rights[contest.space].moderates:
                raise Forbidden("This is for those who look after the space.")
            await self._post(work, viewer, post_id)
            entry = await self._entry(work, actor, key, post_id)
            run = await self._run(work, contest)
            if run.state is not RunState.OPEN:
                raise _conflict("Its results are there; they stay as they are.")
            if (entry.disqualified is not None) == disqualified:
                return entry
            by = name_of(actor, viewer.member.id if viewer.member is not None else None)
            out = Disqualification(work.space.now, by, reason) if disqualified else None
            return await self._decided(work, by, contest, entry, out, reason)

        return await self._settlement.run(actor.programme_id, body)

    async def readmit(self, work: Unit, by: str, key: str, post_id: bytes, since: datetime) -> None:
        """Let a story in again that was put out then, and not again since, in a transaction that is open already. Results
        stay as they are."""
        contest = work.space.catalogue.contests[key]
        programme_id = work.space.catalogue.programme_id
        found = entry_id(programme_id, key, post_id)
        entry = (await self._repository.entries([found], work.tx))[found]
        is_same = entry.disqualified is not None and entry.disqualified.at == since
        if is_same and (await self._run(work, contest)).state is RunState.OPEN:
            await self._decided(work, by, contest, entry, None, None)

    # -- within

    async def _decided(
        self,
        work: Unit,
        by: str,
        contest: Contest,
        entry: Entry,
        out: Disqualification | None,
        reason: str | None,
    ) -> Entry:
        """The story put out, or in again, as the log says."""
        changed = evolve(entry, disqualified=out)
        await keep(work, self._repository, entry, changed)
        kind = ActKind.DISQUALIFIED if out is not None else ActKind.READMITTED
        subject, details = Subject(SubjectKind.POST, entry.post_id), {"contest": contest.key}
        act = Act(kind, subject, entry.member_id, contest.space, reason, details=details)
        await self._oversight.note(work, by, act)
        return changed

    async def _run(self, work: Unit, contest: Contest) -> Run:
        programme_id = work.space.catalogue.programme_id
        found = run_id(programme_id, contest.key)
        run = (await self._repository.runs([found], work.tx)).get(found)
        return run or Run(found, programme_id, contest.key, contest.votes_until)

    async def _post(self, work: Unit, viewer: Viewer, post_id: bytes) -> Post:
        post = (await self._posts.by_ids(viewer.actor.programme_id, [post_id], work.tx)).get(post_id)
        if post is None or not may_read(viewer, post):
            raise NotFound("There is no such post.", path=["postId"])
        return post

    async def _entry(self, work: Unit, actor: Actor, key: str, post_id: bytes) -> Entry:
        found = entry_id(actor.programme_id, key, post_id)
        entry = (await self._repository.entries([found], work.tx)).get(found)
        if entry is None:
            raise NotFound("This story is not in the contest.", path=["postId"])
        return entry


def contest_of(work: Unit, viewer: Viewer, key: str) -> Contest:
    """The contest of that key. Raises: NotFound where it is not there for the viewer."""
    contest = work.space.catalogue.contests.get(key)
    if contest is None or not sees(viewer, contest):
        raise NotFound("There is no such contest.", path=["contest"])
    return contest


def sees(viewer: Viewer, contest: Contest) -> bool:
    """Whether a contest is there for the viewer: who reads its space; a draft for those who define it."""
    if contest.status is Status.DRAFT and not viewer.actor.can(Permission.PROGRAMME_READ_DRAFTS):
        return False
    return contest.space in viewer.readable


def _require_story(contest: Contest, post: Post) -> None:
    if post.kind is not PostKind.STORY or post.space != contest.space:
        raise InvalidInput("Only stories of the contest's space are entered.", path=["postId"])
    require_state(post, PostState.PUBLISHED)


def _with(posts: tuple[bytes, ...], post: bytes, *, present: bool) -> tuple[bytes, ...]:
    others = tuple(one for one in posts if one != post)
    return (*others, post) if present and post not in posts else posts if present else others


def _conflict(message: str) -> Conflict:
    return Conflict(message, code=ErrorCode.CONTEST_STATE, path=["contest"])
