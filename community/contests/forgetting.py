"""What erasing a member does to contests, in a part of the erasure."""

from community.contests.keeping import keep
from community.contests.repository import ContestRepository
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit


async def forget_entries(repository: ContestRepository, work: Unit, member_id: bytes) -> None:
    """Let a member's stories take part in no contest any more."""
    for entry in await repository.of_member(member_id, work.tx):
        disqualified = entry.disqualified
        if disqualified is not None:
            disqualified = evolve(disqualified, reason="")
        await keep(work, repository, entry, evolve(entry, seen=False, disqualified=disqualified))
