"""What a document must also satisfy: its expressions compile and its JSON Schemas are schemas."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions import Effect, Reward, Rule, Status
from gamification.programmes.document import SECTIONS, Document, Problem
from gamification.programmes.expressions import compile_expression
from gamification.programmes.properties import ENVELOPE, compile_schema

_ACTIVITY_FIELD = re.compile(r"\bactivity\.([A-Za-z_]\w*)")
_COUNTER_FIELD = re.compile(r"\bcounters\.([A-Za-z_]\w*)")


def check(document: Document) -> None:
    """Raises: Problem, naming the place of each expression or schema that cannot be taken."""
    # Expressions are looked at only once the schemas, which say what they may read, are known to be sound.
    problems = list(_schemas(document)) or [*_counters(document), *_rules(document), *_rewards(document)]
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
            continue
        if not _is_exact(activity_type.properties):
            yield place, f"whole numbers in a schema lie within ±{LONG_MAX}"


def _is_exact(value: object) -> bool:
    """Whether every whole number within can be stored."""
    if isinstance(value, dict):
        return all(_is_exact(item) for item in value.values())
    if isinstance(value, list):
        return all(_is_exact(item) for item in value)
    return not isinstance(value, int) or abs(value) <= LONG_MAX


def _counters(document: Document) -> Iterator[tuple[str, str]]:
    for counter in document.counters:
        if isinstance(counter.add, str) and counter.status is not Status.ARCHIVED:
            yield from _expression(document, counter.on, counter.add, f"counters.{counter.key}.add", ())


def _rules(document: Document) -> Iterator[tuple[str, str]]:
    for rule in document.rules:
        if rule.status is Status.ARCHIVED:
            continue  # it takes no effect, and what it reads may have changed since
        place = f"rules.{rule.key}"
        if rule.when is not None:
            yield from _expression(document, rule.on, rule.when, f"{place}.when", rule.counters)
        for index, effect in enumerate(rule.effects):
            for field, source in _sources(effect):
                yield from _expression(
                    document, rule.on, source, f"{place}.effects.{index}.{field}", rule.counters
                )
        yield from _drafts_of_rule(document, rule)


def _rewards(document: Document) -> Iterator[tuple[str, str]]:
    for task in document.tasks:
        if task.status is not Status.PUBLISHED:
            continue
        wanted: list[tuple[str, str]] = [("tasks", key) for key in task.requires]
        for reward in task.reward:
            wanted += _targets(reward)
        yield from _drafts(document, f"tasks.{task.key}", wanted)


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
    schemas = [known.properties for known in document.activity_types if known.key in set(types)]
    closed = [schema.get("properties", {}).keys() for schema in schemas if _is_closed(schema)]
    for name in _ACTIVITY_FIELD.findall(source):
        if (
            len(closed) == len(schemas)
            and name not in ENVELOPE
            and not any(name in known for known in closed)
        ):
            yield place, f"it reads activity.{name}, which no activity type of the rule has"


def _is_closed(schema: dict[str, Any]) -> bool:
    """Whether the schema's own properties are all there can be."""
    return schema.get("additionalProperties") is False and "patternProperties" not in schema


def _drafts_of_rule(document: Document, rule: Rule) -> Iterator[tuple[str, str]]:
    """A draft may be incomplete, but a published rule must be able to find its definitions published too."""
    if rule.status is not Status.PUBLISHED:
        return
    wanted: list[tuple[str, str]] = [("counters", key) for key in rule.counters]
    for effect in rule.effects:
        wanted += _targets(effect)
        if effect.advance:
            wanted.append(("tasks", effect.advance.task))
    yield from _drafts(document, f"rules.{rule.key}", wanted)


def _targets(part: Effect | Reward) -> list[tuple[str, str]]:
    """What an effect or reward gives to, as (section, key) pairs."""
    targets: list[tuple[str, str]] = []
    if part.points:
        targets.append(("units", part.points.unit))
        targets += [("leaderboards", board) for board in part.points.boards]
    if part.award:
        targets.append(("badges", part.award.badge))
    if part.score:
        targets.append(("leaderboards", part.score.board))
    return targets


def _drafts(document: Document, place: str, wanted: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """A problem for each of the wanted (section, key)s that is a draft."""
    drafts = {
        (section, definition.key)
        for section in SECTIONS
        for definition in document.section(section)
        if definition.status is Status.DRAFT
    }
    for section, key in wanted:
        if (section, key) in drafts:
            yield place, f"it is published, but {section}.{key} is still a draft"
