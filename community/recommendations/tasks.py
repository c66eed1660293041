"""Tasks: what is open to the member and not done, what is nearly so, and what helps them to their next tier."""

from collections.abc import Mapping, Sequence

from community.recommendations.model import Code, Kind
from community.recommendations.sources import Offer, Person
from community.recommendations.wording import Reason
from community.spaces.service import as_member
from gamification.kit.records import record
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Task
from gamification.tasks.model import Progress
from gamification.tasks.progress import is_open, is_satisfied, requirement_of
from gamification.tasks.service import TaskService
from gamification.tiers.forecast import Forecast
from gamification.tiers.service import TierService

NEARLY = 0.5
"""From half on a task is nearly done."""
WITHIN_REACH = 0.2
"""A tier of which no more than a fifth is missing is within reach, or one that the task alone would bring."""


@record(frozen=True, slots=True)
class Rise:
    """What of a unit is missing to a tier, of how much."""

    unit: str
    tier: str
    missing: int
    required: int


class TaskSource:
    """Of the programme's tasks all are looked at: by the same as the member's own list of them."""

    kind = Kind.TASK

    def __init__(self, tasks: TaskService, tiers: TierService) -> None:
        self._tasks = tasks
        self._tiers = tiers

    async def offers(self, person: Person, items: Sequence[str]) -> Mapping[str, Offer]:
        """Those that the member could go on with, or claim, now."""
        actor = as_member(person.member)
        current = await self._tasks.current(actor, person.member, person.now)
        complete = {task.key for task, progress in current if progress.is_complete}
        able = [one for one in current if _is_doable(person, *one, complete)]
        limited = [
            task.key for task, progress in able if task.finishers is not None and not progress.is_complete
        ]
        places = await self._tasks.places_left(actor, limited, person.now) if limited else {}
        rises = await self._rises(person, [task for task, _ in able])
        return {
            task.key: _offer(person, task, progress, rises)
            for task, progress in able
            if places.get(task.key, 1) > 0
        }

    async def names(self, person: Person, items: Sequence[str]) -> Mapping[str, str]:
        """Of those that are there for the member."""
        hidden = await self._tasks.hidden_from(as_member(person.member))
        tasks = person.catalogue.tasks
        return {
            key: person.label(tasks[key])
            for key in items
            if key in tasks and published(tasks[key]) and key not in hidden
        }

    async def _rises(self, person: Person, tasks: Sequence[Task]) -> list[Rise]:
        """What is missing to the member's next tiers, of units that these tasks give; read where there may be any."""
        units = {part.points.unit for task in tasks for part in task.reward if part.points is not None}
        found: list[Rise] = []
        for ladder in person.catalogue.document.ladders:
            measures = {one.key: one.unit for one in ladder.measures if one.unit in units}
            if not published(ladder) or not measures:
                continue
            forecast = await self._tiers.forecast(as_member(person.member), person.member, ladder.key)
            names = {tier.key: person.tier_label(tier) for tier in ladder.tiers}
            found += _missing(forecast, measures, names)
        return found


def _missing(
    forecast: Forecast | None, measures: Mapping[str, str | None], names: Mapping[str, str]
) -> list[Rise]:
    if forecast is None or forecast.rise is None or forecast.rise.estimated:
        return []
    found = []
    for way in forecast.rise.ways:
        lacking = [one for one in way if one.missing]
        # Where several things are missing, no one of them brings the tier.
        if len(lacking) == 1 and (unit := measures.get(lacking[0].measure)) is not None:
            found.append(Rise(unit, names[forecast.rise.tier], lacking[0].missing, lacking[0].required))
    return found


def _is_doable(person: Person, task: Task, progress: Progress, complete: set[str]) -> bool:
    if progress.is_complete:
        return progress.is_claimable(person.now)
    zone = person.catalogue.settings.time_zone
    if not is_open(task, person.now, person.member.time_zone, zone):
        return False
    group = requirement_of(task.prerequisites)
    return set(task.requires) <= complete and (group is None or is_satisfied(group, complete.__contains__))


def _offer(person: Person, task: Task, progress: Progress, rises: Sequence[Rise]) -> Offer:
    plain = Reason(Code.OPEN, {})
    if progress.is_complete:
        return Offer(task, Reason(Code.CLAIMABLE, {}), 1.0, plain)
    done = min(progress.value / task.goal, 1.0)
    left = task.goal - progress.value
    if done >= NEARLY and left > 0:
        return Offer(task, Reason(Code.NEARLY_DONE, {"left": left}), done, plain)
    for part in task.reward:
        for rise in rises:
            if part.points is None or part.points.unit != rise.unit:
                continue
            amount = part.points.amount
            if rise.missing <= max(amount, rise.required * WITHIN_REACH):
                unit = person.label(person.catalogue.units[rise.unit])
                values = {"missing": rise.missing, "unit": unit, "tier": rise.tier, "amount": amount}
                return Offer(task, Reason(Code.TIER_WITHIN_REACH, values), 0.6, plain)
    if progress.value > 0 and left > 0:
        begun = Reason(Code.BEGUN, {"value": progress.value, "goal": task.goal})
        return Offer(task, begun, done * 0.5, plain)
    return Offer(task, plain=plain)
