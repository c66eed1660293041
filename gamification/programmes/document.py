"""The whole programme as one document, and the checks that span definitions."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, ValidationError

from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import (
    ActivityType,
    Badge,
    Counter,
    Definition,
    Leaderboard,
    Measure,
    Operator,
    Repeat,
    Rule,
    Settings,
    Task,
    Unit,
    _Model,
)

SECTIONS: dict[str, type[Definition]] = {
    "units": Unit,
    "activity_types": ActivityType,
    "counters": Counter,
    "rules": Rule,
    "tasks": Task,
    "badges": Badge,
    "leaderboards": Leaderboard,
}
"""The document's lists of definitions, by their name in the file."""

_DEFINITIONS_MAX = 2000
_UNITS_MAX = 50


class Document(_Model):
    """A programme file. Order within a section is kept: rules are evaluated in it."""

    programme: Settings
    units: Annotated[tuple[Unit, ...], Field(max_length=_UNITS_MAX)] = ()
    activity_types: Annotated[tuple[ActivityType, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    counters: Annotated[tuple[Counter, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    rules: Annotated[tuple[Rule, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    tasks: Annotated[tuple[Task, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    badges: Annotated[tuple[Badge, ...], Field(max_length=_DEFINITIONS_MAX)] = ()
    leaderboards: Annotated[tuple[Leaderboard, ...], Field(max_length=_DEFINITIONS_MAX)] = ()

    def section(self, name: str) -> tuple[Definition, ...]:
        """The definitions of one section, in file order."""
        definitions: tuple[Definition, ...] = getattr(self, name)
        return definitions


def section_limit(name: str) -> int:
    """How many definitions a section may hold."""
    return _UNITS_MAX if name == "units" else _DEFINITIONS_MAX


class Problem(InvalidInput):
    """Every fault found in a document at once: `problems` holds (place, message) pairs, `path` the first place."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        place, message = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{place}: {message}{more}", path=place.split("."))
        self.problems = problems


def parse(data: object) -> Document:
    """The document that plain data states, its references checked. Raises: Problem, naming every place."""
    if not isinstance(data, dict):
        raise Problem([("document", "a programme file is a mapping with `programme:` and its sections")])
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        raise Problem([(_place(data, fault["loc"]), fault["msg"]) for fault in error.errors()]) from error
    problems = list(_duplicates(document)) + list(_dangling(document))
    if problems:
        raise Problem(problems)
    return document


def _place(data: dict[str, Any], location: tuple[int | str, ...]) -> str:
    """A pydantic location with list indexes replaced by the definition's key where it states one."""
    parts: list[str] = []
    node: Any = data
    for step in location:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
        named = isinstance(step, int) and len(parts) == 1 and isinstance(node, dict) and node.get("key")
        parts.append(str(named or step))
    return ".".join(parts) or "document"


def _duplicates(document: Document) -> Iterator[tuple[str, str]]:
    for section in SECTIONS:
        seen: set[str] = set()
        for definition in document.section(section):
            if definition.key in seen:
                yield f"{section}.{definition.key}", "the key is stated twice"
            seen.add(definition.key)


def _dangling(document: Document) -> Iterator[tuple[str, str]]:
    """Every reference must name a definition of the document, and one that fits."""
    keys = {section: {d.key: d for d in document.section(section)} for section in SECTIONS}

    def missing(section: str, key: str, place: str) -> Iterator[tuple[str, str]]:
        if key not in keys[section]:
            yield place, f"{key!r} is not among the {section.replace('_', ' ')}"

    def increments(board: str, place: str) -> Iterator[tuple[str, str]]:
        yield from missing("leaderboards", board, place)
        found = keys["leaderboards"].get(board)
        if isinstance(found, Leaderboard) and found.operator is not Operator.INCREMENT:
            yield place, f"{board!r} has the operator {found.operator}; points feed increment boards only"

    def badge_fits(badge: str, place: str, per_key: bool | None, level: object) -> Iterator[tuple[str, str]]:
        yield from missing("badges", badge, place)
        found = keys["badges"].get(badge)
        if not isinstance(found, Badge):
            return
        if per_key is not None and (found.repeat is Repeat.PER_KEY) != per_key:
            yield place, f"{badge!r} repeats {found.repeat}: state an occurrence exactly for per_key badges"
        if level is not None and not found.levels:
            yield place, f"{badge!r} has no levels"
        if isinstance(level, int) and found.levels and level not in {known.level for known in found.levels}:
            yield place, f"{badge!r} has no level {level}"

    for counter in document.counters:
        for type_key in counter.on:
            yield from missing("activity_types", type_key, f"counters.{counter.key}.on")
    for rule in document.rules:
        for type_key in rule.on:
            yield from missing("activity_types", type_key, f"rules.{rule.key}.on")
        for counter_key in rule.counters:
            yield from missing("counters", counter_key, f"rules.{rule.key}.counters")
        for index, effect in enumerate(rule.effects):
            place = f"rules.{rule.key}.effects.{index}"
            if effect.points:
                yield from missing("units", effect.points.unit, f"{place}.points.unit")
                for board in effect.points.boards:
                    yield from increments(board, f"{place}.points.boards")
            elif effect.advance:
                yield from missing("tasks", effect.advance.task, f"{place}.advance.task")
                task = keys["tasks"].get(effect.advance.task)
                distinct = isinstance(task, Task) and task.measure is Measure.DISTINCT
                if isinstance(task, Task) and distinct != (effect.advance.value is not None):
                    yield f"{place}.advance", "state `value` exactly for a task that counts distinct values"
            elif effect.award:
                award = effect.award
                yield from badge_fits(
                    award.badge, f"{place}.award", award.occurrence is not None, award.level
                )
            elif effect.score:
                yield from missing("leaderboards", effect.score.board, f"{place}.score.board")
    for task in document.tasks:
        for required in task.requires:
            yield from missing("tasks", required, f"tasks.{task.key}.requires")
            other = keys["tasks"].get(required)
            # Only then one period of the one task belongs to exactly one of the other.
            if isinstance(other, Task) and (other.cycle, other.zone) != (task.cycle, task.zone):
                yield f"tasks.{task.key}.requires", f"{required!r} must have the same cycle and zone"
        for index, reward in enumerate(task.reward):
            place = f"tasks.{task.key}.reward.{index}"
            if reward.points:
                yield from missing("units", reward.points.unit, f"{place}.points.unit")
                for board in reward.points.boards:
                    yield from increments(board, f"{place}.points.boards")
            elif reward.award:
                yield from badge_fits(reward.award.badge, f"{place}.award", None, reward.award.level)
            elif reward.score:
                yield from missing("leaderboards", reward.score.board, f"{place}.score.board")
    yield from _cycles(document)


def _cycles(document: Document) -> Iterator[tuple[str, str]]:
    requires = {task.key: task.requires for task in document.tasks}
    done: set[str] = set()

    def circular(key: str, above: tuple[str, ...]) -> bool:
        if key in above:
            return True
        if key in done or key not in requires:
            return False
        found = any(circular(required, (*above, key)) for required in requires[key])
        done.add(key)
        return found

    for key in requires:
        if circular(key, ()):
            yield f"tasks.{key}.requires", "a task may not require itself, directly or through others"
            return
