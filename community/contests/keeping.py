"""Keeping entries in step with their posts, and finishing contests: ranking them, then giving what is won."""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from community.contests.model import Entry, Run, RunState, run_id
from community.contests.ranking import prize_of, ranked
from community.contests.repository import ContestRepository
from community.posts.model import Post
from gamification.kit.actors import Actor
from gamification.kit.causes import Cause
from gamification.kit.errors import DomainError
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Contest, PostKind
from gamification.settlement.giving import Grounds, give_rewards
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.mongo import Contention

_WINNERS_A_PART = 50
_PATIENCE_S = 2.0
log = structlog.get_logger()


class ContestKeeper:
    """Watches posts."""

    def __init__(self, repository: ContestRepository) -> None:
        self._repository = repository

    async def post_kept(self, work: Unit, _: Actor, before: Post | None, after: Post) -> None:
        """A story came or went: it takes part while others see it where the contest is held."""
        if after.kind is not PostKind.STORY or before is None:
            return
        if before.counts == after.counts and before.space == after.space:
            return
        for entry in await self._repository.of_posts([after.id], work.tx):
            contest = work.space.catalogue.contests.get(entry.contest)
            seen = after.counts and contest is not None and contest.space == after.space
            await keep(work, self._repository, entry, evolve(entry, seen=seen))


async def keep(work: Unit, repository: ContestRepository, before: Entry, after: Entry) -> None:
    """Store a changed entry, and how many take part."""
    if before == after:
        return
    await repository.save_entries([after], work.tx)
    if before.stands != after.stands:
        found = run_id(after.programme_id, after.contest)
        run = (await repository.runs([found], work.tx))[found]
        by = 1 if after.stands else -1
        await repository.save_run(evolve(run, entries=run.entries + by), work.tx)


class ContestFinishing:
    """The worker's part. Each step is one transaction that says how far it has come."""

    def __init__(self, settlement: SettlementService, repository: ContestRepository) -> None:
        self._settlement = settlement
        self._repository = repository

    async def finish_due(self, limit: int = 20) -> int:
        """Do the next step of contests that have ended; how many steps. The worker calls it until it gives 0."""
        done = 0
        for run in await self._repository.due(self._settlement.now(), limit):
            try:
                await self._settlement.run(run.programme_id, self._step(run.id), patience_s=_PATIENCE_S)
                done += 1
            except (Contention, DomainError) as error:
                log.warning(
                    "contest.put_off", programme=run.programme_id, contest=run.contest, error=str(error)
                )
        return done

    def _step(self, found: bytes) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            run = (await self._repository.runs([found], work.tx))[found]
            contest = work.space.catalogue.contests[run.contest]
            if run.state is RunState.OPEN:
                await self._rank(work, run, contest)
            elif run.state is RunState.GIVING:
                await self._give(work, run)

        return body

    async def _rank(self, work: Unit, run: Run, contest: Contest) -> None:
        """Freeze who holds which rank; of a contest that was archived before, nobody."""
        now, version = work.space.now, work.space.catalogue.version
        if not published(contest):
            await self._repository.save_run(evolve(run, state=RunState.CANCELLED, finished_at=now), work.tx)
            return
        entries = await self._repository.all_of(run, work.tx)
        authors = {one.member_id for one in entries}
        members = await work.stores.members.by_ids(run.programme_id, sorted(authors), work.tx)
        absent = authors - {key for key, member in members.items() if _is_here(member)}
        ranks = ranked(contest, entries, absent)
        # All are written, so that a vote that comes at the same time meets this, and is too late.
        frozen = [evolve(one, rank=ranks.get(one.id), frozen=True) for one in entries]
        await self._repository.save_entries(frozen, work.tx)
        giving = evolve(run, state=RunState.GIVING, ranked_at=now, programme_version=version)
        await self._repository.save_run(giving, work.tx)

    async def _give(self, work: Unit, run: Run) -> None:
        """Give the next winners what they won, as the programme stated it when the contest was ranked."""
        catalogue = await self._settlement.programmes.catalogue(run.programme_id, run.programme_version)
        contest = catalogue.contests[run.contest]
        last = max((prize.ranks[1] for prize in contest.prizes if prize.ranks), default=0)
        won = await self._repository.winners(run, last, _WINNERS_A_PART, work.tx) if last else []
        members = await work.stores.members.by_ids(run.programme_id, [one.member_id for one in won], work.tx)
        due = [(one, prize_of(contest, one.rank)) for one in won]
        finder = NeedsFinder(work.space.catalogue)
        for entry, prize in due:
            if prize is not None:
                finder.add_rewards(members[entry.member_id], work.space.now, prize.reward, run.contest)
        await work.load(finder.needs)
        sequence = await work.next_sequence(len(won)) if won else 0
        for offset, (entry, prize) in enumerate(due):
            work.space.begin(sequence + offset)
            given = evolve(entry, given_at=work.space.now)
            member = members[entry.member_id]
            if prize is not None and _is_here(member):
                cause = Cause(contest=run.contest, rank=entry.rank, programme_version=run.programme_version)
                gift = give_rewards(
                    work.space,
                    member,
                    prize.reward,
                    Grounds(cause, f"contest:{entry.id.hex()}", run.contest, work.space.now),
                    partial(derived_id, "contest prize", entry.id),
                )
                given = evolve(given, transfers=gift.transfers, awards=gift.awards)
                told = {"contest": run.contest, "post": entry.post_id, "rank": entry.rank}
                work.space.tell(member.id, FeedKind.CONTEST_WON, told)
            await self._repository.save_entries([given], work.tx)
        if len(won) < _WINNERS_A_PART:
            done = evolve(run, state=RunState.FINISHED, finished_at=work.space.now)
            await self._repository.save_run(done, work.tx)


def _is_here(member: Member) -> bool:
    return not member.is_gone and member.standing is not Standing.BANNED
