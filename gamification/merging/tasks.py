"""Moving progress in tasks: what both did is counted together, and what that completes is completed."""

from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.merging import uniting
from gamification.merging.repository import MergeRepository
from gamification.settlement.completion import progress_in, recount, settle
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.unit import Unit
from gamification.tasks.model import progress_id

Counted = list[tuple[str, str]]
"""(task, period)s."""


def ground_of(found: bytes) -> str:
    """The ground on which a task's reward stands."""
    return f"task:{found.hex()}"


async def grounds_of_tasks(
    work: Unit, stored: MergeRepository, merged: Member, into: Member
) -> dict[str, str]:
    """The new names of what tasks gave."""
    rows = await stored.rows("task_progress", {"member_id": merged.id}, work.tx)
    return {
        ground_of(row["_id"]): ground_of(progress_id(into.programme_id, into.id, row["task"], row["period"]))
        for row in rows
    }


async def move_progress(
    work: Unit, stored: MergeRepository, merged: Member, into: Member
) -> tuple[Counted, dict[bytes, bytes]]:
    """Make the merged account's progress the survivor's: what is to be settled after, and the new ids by the old ones."""
    space = work.space
    ids = await stored.ids("task_progress", {"member_id": merged.id}, work.tx)
    await work.load(Needs(progress=set(ids)))
    found = [space.progress.pop(one) for one in ids]
    new_ids = {one.id: progress_id(into.programme_id, into.id, one.task, one.period) for one in found}
    await stored.delete("task_progress", ids, work.tx)
    await work.load(Needs(progress=set(new_ids.values())))
    for one in found:
        theirs = evolve(one, id=new_ids[one.id], member_id=into.id)
        known = space.progress.get(theirs.id)
        task = space.catalogue.tasks[one.task]
        space.put_progress(theirs if known is None else uniting.progress(known, theirs, task), None)
    return [(one.task, one.period) for one in found], new_ids


async def settle_tasks(work: Unit, into: Member, counted: Counted, cause: Cause) -> tuple[str, ...]:
    """Complete what only both together complete, and what that unlocks; the keys of those tasks."""
    space = work.space
    finder = NeedsFinder(space.catalogue)
    for key, period in counted:
        finder.add_task(into, space.now, space.catalogue.tasks[key], period)
    await work.load(finder.needs)
    await work.load_unlocked(finder.needs)
    before = {found for found, one in space.progress.items() if one.is_complete}
    for key, period in counted:
        task = space.catalogue.tasks[key]
        if task.parts:
            recount(space, into, task, period, cause, space.now)
        settle(space, into, task, progress_in(space, into, key, period), cause, space.now)
    return tuple(
        sorted(
            {
                one.task
                for found, one in space.progress.items()
                if one.is_complete and found not in before and one.member_id == into.id
            }
        )
    )
