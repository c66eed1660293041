"""What one definition says of another: each reference names a definition that is there, and one that fits."""

from collections.abc import Iterable, Iterator

from gamification.programmes.definitions import (
    AdvanceEffect,
    Badge,
    Leaderboard,
    Measure,
    Operator,
    Repeat,
    Reward,
    Rule,
    Status,
    Task,
    TaskCycle,
)
from gamification.programmes.document import SECTIONS, Document

_CHAIN_MAX = 50

Faults = Iterator[tuple[str, str]]
"""(place, message) pairs."""


def dangling(document: Document) -> Faults:
    """Every reference must name a definition of the document, and one that fits. What is archived takes no
    effect, and what it refers to may have changed since."""
    references = References(document)
    for counter in document.counters:
        yield from references.all_in("activity_types", counter.on, f"counters.{counter.key}.on")
    for rule in document.rules:
        if rule.status is not Status.ARCHIVED:
            yield from references.of_rule(rule)
    for task in document.tasks:
        yield from references.of_requirements(task)
        if task.status is not Status.ARCHIVED:
            yield from references.of_rewards(task.reward, f"tasks.{task.key}.reward")
    yield from _cycles(document)


class References:
    """The definitions of a document by section and key, and what is wrong with references to them."""

    def __init__(self, document: Document) -> None:
        self._keys = {section: {d.key: d for d in document.section(section)} for section in SECTIONS}

    def of_rule(self, rule: Rule) -> Faults:
        yield from self.all_in("activity_types", rule.on, f"rules.{rule.key}.on")
        yield from self.all_in("counters", rule.counters, f"rules.{rule.key}.counters")
        for index, effect in enumerate(rule.effects):
            place = f"rules.{rule.key}.effects.{index}"
            if effect.points:
                yield from self._points(effect.points.unit, effect.points.boards, place)
            elif effect.advance:
                yield from self._advance(effect.advance, place)
            elif effect.award:
                award = effect.award
                yield from self._badge(
                    award.badge, f"{place}.award", award.occurrence is not None, award.level
                )
            elif effect.score:
                yield from self.all_in("leaderboards", [effect.score.board], f"{place}.score.board")

    def of_requirements(self, task: Task) -> Faults:
        place = f"tasks.{task.key}.requires"
        yield from self.all_in("tasks", task.requires, place)
        for required in task.requires:
            other = self._keys["tasks"].get(required)
            # Only then a period of the one task belongs to exactly one of the other.
            once = isinstance(other, Task) and other.cycle is TaskCycle.ONCE
            if isinstance(other, Task) and not once and (other.cycle, other.zone) != (task.cycle, task.zone):
                yield place, f"{required!r} must be done once, or have the same cycle and zone"

    def of_rewards(self, rewards: Iterable[Reward], place: str) -> Faults:
        """The faults of what is given for something; `place` is where its list stands."""
        for index, reward in enumerate(rewards):
            here = f"{place}.{index}"
            if reward.points:
                yield from self._points(reward.points.unit, reward.points.boards, here)
            elif reward.award:
                yield from self._badge(reward.award.badge, f"{here}.award", None, reward.award.level)
            elif reward.score:
                yield from self.all_in("leaderboards", [reward.score.board], f"{here}.score.board")

    def all_in(self, section: str, keys: Iterable[str], place: str) -> Faults:
        """A fault for each key that the section lacks."""
        for key in keys:
            if key not in self._keys[section]:
                yield place, f"{key!r} is not among the {section.replace('_', ' ')}"

    def _points(self, unit: str, boards: Iterable[str], place: str) -> Faults:
        yield from self.all_in("units", [unit], f"{place}.points.unit")
        place = f"{place}.points.boards"
        for board in boards:
            yield from self.all_in("leaderboards", [board], place)
            found = self._keys["leaderboards"].get(board)
            if isinstance(found, Leaderboard) and found.operator is not Operator.INCREMENT:
                yield place, f"{board!r} has the operator {found.operator}; points feed increment boards only"

    def _advance(self, advance: AdvanceEffect, place: str) -> Faults:
        yield from self.all_in("tasks", [advance.task], f"{place}.advance.task")
        task = self._keys["tasks"].get(advance.task)
        distinct = isinstance(task, Task) and task.measure is Measure.DISTINCT
        if isinstance(task, Task) and distinct != (advance.value is not None):
            yield f"{place}.advance", "state `value` exactly for a task that counts distinct values"

    def _badge(self, badge: str, place: str, per_key: object, level: object) -> Faults:
        yield from self.all_in("badges", [badge], place)
        found = self._keys["badges"].get(badge)
        if not isinstance(found, Badge):
            return
        if per_key is not None and (found.repeat is Repeat.PER_KEY) != per_key:
            yield place, f"{badge!r} repeats {found.repeat}: state an occurrence exactly for per_key badges"
        if level is not None and not found.levels:
            yield place, f"{badge!r} has no levels"
        if isinstance(level, int) and found.levels and level not in {known.level for known in found.levels}:
            yield place, f"{badge!r} has no level {level}"


def _cycles(document: Document) -> Faults:
    """Take out, again and again, the tasks that require none of those still there; a circle is never taken out."""
    waiting = {task.key: {*task.requires} for task in document.tasks}
    for _ in range(_CHAIN_MAX):
        waiting = {key: needed & waiting.keys() for key, needed in waiting.items() if needed & waiting.keys()}
    if waiting:
        yield (
            f"tasks.{next(iter(waiting))}.requires",
            f"a task may not require itself, directly or through others, nor through more than {_CHAIN_MAX}",
        )
