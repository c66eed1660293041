"""Contests: the survivor's stories are those of both. Of votes each member has so many, and none for themselves: the survivor's
go first. Where a contest is ranked already nothing of its votes changes, for its ranks hang on them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from community.contests.model import Ballot, RunState, ballot_id, entry_id, run_id
from community.contests.repository import BALLOTS, ContestRepository
from community.merging.repository import MergingRepository
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step
from storage.mongo import Tx


def united(kept: Ballot, other: Ballot, own: Collection[bytes], most: int) -> Ballot:
    """Both as one ballot, of at most so many votes, without those for `own` stories."""

    def both(first: Iterable[bytes], second: Iterable[bytes]) -> tuple[bytes, ...]:
        return tuple(post for post in dict.fromkeys((*first, *second)) if post not in own)[:most]

    return evolve(
        kept,
        chosen=both(kept.chosen, other.chosen),
        counted=both(kept.counted, other.counted),
        at=max(kept.at, other.at),
    )


def moving_contests(stored: MergingRepository, contests: ContestRepository) -> Step:
    """Stories that were entered, and votes."""
    voting = _Voting(stored, contests)

    async def step(pair: Pair) -> Mapping[str, int]:
        tx = pair.work.tx
        entered = await contests.of_member(pair.merged.id, tx)
        await contests.save_entries([evolve(one, member_id=pair.into.id) for one in entered], tx)
        cast = {one.contest: one for one in await contests.cast_by(pair.merged.id, tx)}
        for key in sorted({*cast, *(one.contest for one in entered)}):
            await voting.unite(pair, key, cast.get(key))
        return {}

    return step


class _Voting:
    def __init__(self, stored: MergingRepository, contests: ContestRepository) -> None:
        self._stored = stored
        self._contests = contests

    async def unite(self, pair: Pair, key: str, other: Ballot | None) -> None:
        """Make one ballot of both's in one contest, in which all stories are the survivor's already."""
        programme_id, into, tx = pair.into.programme_id, pair.into.id, pair.work.tx
        found = run_id(programme_id, key)
        run = (await self._contests.runs([found], tx)).get(found)
        kept = await self._contests.ballot(programme_id, key, into, tx)
        is_ranked = run is not None and run.state is not RunState.OPEN
        if is_ranked and (kept is not None or other is None):
            return
        cast = [one for one in (kept, other) if one is not None]
        if not cast:
            return
        after = evolve(cast[0], id=ballot_id(programme_id, key, into), member_id=into)
        if not is_ranked:
            own = {one.post_id for one in await self._contests.own(programme_id, key, into, tx)}
            contest = pair.work.space.catalogue.contests.get(key)
            most = contest.votes if contest is not None else sum(len(one.chosen) for one in cast)
            after = united(after, cast[-1], own, most)
            await self._count(cast, after, tx)
        if other is not None:
            await self._stored.delete(BALLOTS, [other.id], tx)
        await self._contests.save_ballot(after, tx)

    async def _count(self, before: list[Ballot], after: Ballot, tx: Tx) -> None:
        changes: Counter[bytes] = Counter(after.counted)
        for one in before:
            changes.subtract(one.counted)
        ids = [entry_id(after.programme_id, after.contest, post) for post, by in changes.items() if by]
        entries = (await self._contests.entries(ids, tx)).values()
        changed = [evolve(one, votes=one.votes + changes[one.post_id]) for one in entries]
        await self._contests.save_entries(changed, tx)
