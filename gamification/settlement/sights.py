"""Whether a member sees a task, by the states that are at hand."""

from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.programmes.definitions import Task
from gamification.settlement.growth import climbing_of
from gamification.settlement.workspace import Workspace
from gamification.tasks.visibility import is_visible
from gamification.tiers.model import state_id


def sees(space: Workspace, member: Member, task: Task) -> bool:
    """Whether the task is there for the member now; their tiers must be loaded where it is for a tier
    (`Needs.climbers`)."""
    if task.key not in space.catalogue.gated_tasks:
        return True
    tiers: dict[str, str | None] = {}
    climbing = climbing_of(space.catalogue) if task.key in space.catalogue.tiered_tasks else None
    for ladder in climbing.ladders if climbing else ():
        state = space.tiers.get(state_id(space.catalogue.programme_id, ladder, member.id))
        tiers[ladder] = state.tier if state else None
    return is_visible(space.catalogue, task, member_facts(member), tiers)
