"""What a document must also satisfy: its expressions compile and its JSON Schemas are schemas."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from gamification.kit.errors import InvalidInput
from gamification.programmes.definitions import Effect, Rule
from gamification.programmes.document import Document, Problem
from gamification.programmes.expressions import compile_expression
from gamification.programmes.properties import ENVELOPE, compile_schema


_ACTIVITY_FIELD = re.compile(r"\bactivity\.([A-Za-z_]\w*)")
_COUNTER_FIELD = re.compile(r"\bcounters\.([A-Za-z_]\w*)")


def check(document: Document) -> None:
    """Raises: Problem, naming the place of each expression or schema that cannot be taken."""
    problems = [*_schemas(document), *_counters(document), *_rules(document)]
    if problems:
        raise Problem(problems)


def _schemas(document: Document) -> Iterator[tuple[str, str]]:
    for activity_type in document.activity_types:
        place = f"activity_types.{activity_type.key}.properties"
        if activity_type.properties.get("type") != "object":
            yield place, "a JSON Schema of `type: object` is needed"
            continue
        try:
            compile_schema(activity_type.properties)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            yield place, str(error).splitlines()[0]


def _counters(document: Document) -> Iterator[tuple[str, str]]:
    for counter in document.counters:
        if isinstance(counter.add, str):
            yield from _expression(document, counter.on, counter.add, f"counters.{counter.key}.add", ())


def _rules(document: Document) -> Iterator[tuple[str, str]]:
    for rule in document.rules:
        place = f"rules.{rule.key}"
        if rule.when is not None:
            yield from _expression(document, rule.on, rule.when, f"{place}.when", rule.counters)
        for index, effect in enumerate(rule.effects):
            for field, source in _sources(effect):
                yield from _expression(document, rule.on, source, f"{place}.effects.{index}.{field}", rule.counters)
        yield from _needs_subject(document, rule)


def _sources(effect: Effect) -> Iterator[tuple[str, str]]:
    """Every expression of an effect with its place in it."""
    candidates: list[tuple[str, Any]] = [("when", effect.when)]
    if effect.points:
        candidates.append(("points.amount", effect.points.amount))
    if effect.advance:
        candidates += [("advance.by", effect.advance.by), ("advance.value", effect.advance.value)]
    if effect.award:
        candidates += [("award.occurrence", effect.award.occurrence), ("award.level", effect.award.level)]
    if effect.score:
        candidates += [("score.value", effect.score.value), ("score.subscore", effect.score.subscore)]
    return ((field, source) for field, source in candidates if isinstance(source, str))


def _expression(
    document: Document, types: Iterable[str], source: str, place: str, counters: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    try:
        compile_expression(source, counters)
    except InvalidInput as error:
        yield place, f"{error.message} in `{source}`"
        return
    for name in _COUNTER_FIELD.findall(source):
        if name not in counters:
            yield place, f"it reads counters.{name}, which the rule does not list"
    closed = [
        activity_type.properties.get("properties", {}).keys()
        for activity_type in document.activity_types
        if activity_type.key in set(types) and activity_type.properties.get("additionalProperties") is False
    ]
    for name in _ACTIVITY_FIELD.findall(source):
        if closed and name not in ENVELOPE and not any(name in known for known in closed):
            yield place, f"it reads activity.{name}, which no activity type of the rule has"


def _needs_subject(document: Document, rule: Rule) -> Iterator[tuple[str, str]]:
    """A draft may be incomplete, but a published rule must be able to find its definitions published too."""
    if rule.status != "published":
        return
    statuses = {
        ("tasks", task.key): task.status for task in document.tasks
    } | {("badges", badge.key): badge.status for badge in document.badges} | {
        ("leaderboards", board.key): board.status for board in document.leaderboards
    } | {("units", unit.key): unit.status for unit in document.units} | {
        ("counters", counter.key): counter.status for counter in document.counters
    }
    wanted: list[tuple[str, str]] = [("counters", key) for key in rule.counters]
    for effect in rule.effects:
        if effect.points:
            wanted.append(("units", effect.points.unit))
            wanted += [("leaderboards", board) for board in effect.points.boards]
        if effect.advance:
            wanted.append(("tasks", effect.advance.task))
        if effect.award:
            wanted.append(("badges", effect.award.badge))
        if effect.score:
            wanted.append(("leaderboards", effect.score.board))
    for section, key in wanted:
        if statuses.get((section, key)) == "draft":
            yield f"rules.{rule.key}", f"it is published, but {section}.{key} is still a draft"
