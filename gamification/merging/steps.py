"""What those who build upon this domain do as two accounts become one: in the merge's transaction, while the two are two yet;
and again in the worker's sweep, for what was being written at that very moment."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from gamification.activity.repository import ActivityRepository
from gamification.activity.reversal import ReversalService
from gamification.kit.actors import system_actor
from gamification.members.model import Member
from gamification.merging.model import MergeBlock, MergeBlocked
from gamification.settlement.unit import Unit

TAKEN_BACK_MAX = 100
"""So many activities are taken back at most, as of reactions of both to one thing: it is one transaction."""
REASON = "two accounts of one person were merged"


@dataclass(slots=True)
class Pair:
    """The account that is to go, and the one that is left, with what steps need."""

    work: Unit
    merged: Member
    into: Member
    reversal: ReversalService
    activities: ActivityRepository
    left: int | None
    """So many activities may still be taken back; None for as many as there are."""

    async def take_back(self, activity_id: bytes | None) -> None:
        """Take back what one person can't have earned: from themselves, or twice. Again is the same as once. Raises:
        MergeBlocked where it is too much."""
        if activity_id is None:
            return
        programme_id = self.into.programme_id
        found = (await self.activities.by_ids(programme_id, [activity_id], self.work.tx)).get(activity_id)
        if found is None or found.reversal is not None:
            return
        members = await self.work.stores.members.by_ids(programme_id, [found.member_id], self.work.tx)
        if members[found.member_id].erased_at is not None:
            return
        if self.left is not None:
            if not self.left:
                raise MergeBlocked([MergeBlock.COMMUNITY])
            self.left -= 1
        await self.reversal.reverse_within(self.work, system_actor(programme_id), found, REASON)
        # What the next one, or the merge, reads must be there, and no score is folded twice.
        await self.work.flush()
        self.work.space.stale.clear()


Step = Callable[[Pair], Awaitable[Mapping[str, int]]]
"""Makes what the merged account has the survivor's; how many of what, for the merge to say. Where nothing is left it does
nothing."""


@dataclass(frozen=True, slots=True)
class Steps:
    """`bounded`: the (collection, field)s of which the merged account may have DOCUMENTS_MAX documents each."""

    bounded: Sequence[tuple[str, str]] = ()
    steps: Sequence[Step] = ()

    async def run(self, pair: Pair) -> dict[str, int]:
        """Do all of it; how many of what."""
        counts: dict[str, int] = {}
        for step in self.steps:
            counts |= await step(pair)
        return counts


NOTHING_MORE = Steps()
