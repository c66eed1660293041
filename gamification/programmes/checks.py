"""What a document must also satisfy: its expressions compile and its JSON Schemas are schemas."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions import Effect, Status
from gamification.programmes.definitions.notifications import (
    NotificationKind,
    faults_of,
    placeholders_of,
    text_faults,
)
from gamification.programmes.document import Document, Problem
from gamification.programmes.drafts import drafts_needed
from gamification.programmes.expressions import compile_expression
from gamification.programmes.properties import ENVELOPE, Properties, compile_schema
from gamification.programmes.segment_expressions import compile_segment, counted_types

_ACTIVITY_FIELD = re.compile(r"\bactivity\.([A-Za-z_]\w*)")
_TIERS = re.compile(r"\bmember\.tiers\b")
_COUNTER_FIELD = re.compile(r"\bcounters\.([A-Za-z_]\w*)")


def check(document: Document) -> None:
    """Raises: Problem, naming the place of each expression or schema that cannot be taken."""
    # Expressions are looked at only once the schemas, which say what they may read, are known to be sound.
    problems = list(_schemas(document)) or [
        *_refunds(document),
        *_spends(document),
        *_units(document),
        *_counters(document),
        *_rules(document),
        *_on_members(document),
        *_check_ins(document),
        *_approvals(document),
        *_segments(document),
        *_campaigns(document),
        *_notifications(document),
        *drafts_needed(document),
    ]
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


def _refunds(document: Document) -> Iterator[tuple[str, str]]:
    """What a refund is by must be among the properties, where the schema says what there is."""
    for activity_type in document.activity_types:
        terms, schema = activity_type.refund, activity_type.properties
        if terms is None or not _is_closed(schema):
            continue
        for field, name in (("amount", terms.amount), ("lines", terms.lines)):
            if name is not None and name not in schema.get("properties", {}):
                yield f"activity_types.{activity_type.key}.refund.{field}", f"there is no property {name!r}"


def _spends(document: Document) -> Iterator[tuple[str, str]]:
    """What is paid must be a property, and a number, where the schema says what there is."""
    for activity_type in document.activity_types:
        if activity_type.spend is None or not _is_closed(activity_type.properties):
            continue
        stated = activity_type.properties.get("properties", {}).get(activity_type.spend)
        place = f"activity_types.{activity_type.key}.spend"
        if stated is None:
            yield place, f"there is no property {activity_type.spend!r}"
        elif isinstance(stated, dict) and stated.get("type", "number") not in ("number", "integer"):
            yield place, f"{activity_type.spend!r} is no number"


def _notifications(document: Document) -> Iterator[tuple[str, str]]:
    """Texts must be messages, of placeholders that their kind has."""
    for place, fault in faults_of(document.programme.notifications):
        yield f"programme.notifications.{place}", fault


def _units(document: Document) -> Iterator[tuple[str, str]]:
    for unit in document.units:
        pending = unit.pending
        if pending is not None and unit.status is not Status.ARCHIVED:
            place = f"units.{unit.key}.pending"
            if pending.when is not None:
                yield from _expression(document, pending.on, pending.when, f"{place}.when", ())


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


_ON_MEMBERS = {
    "leaderboards": "group",
    "tasks": "when",
    "goals": "group",
    "task_pools": "when",
    "spaces": "when",
    "screening": "when",
    "surveys": "when",
    "rewards": "when",
}
"""By section, the field that is decided by the member alone: in which group they are, or whether they are let in."""


def _on_members(document: Document) -> Iterator[tuple[str, str]]:
    for section, field in _ON_MEMBERS.items():
        for definition in document.section(section):
            source = getattr(definition, field)
            if source is not None and definition.status is not Status.ARCHIVED:
                yield from _of_member(source, f"{section}.{definition.key}.{field}")
    for goal in document.goals:
        if goal.group is not None and goal.status is not Status.ARCHIVED and _TIERS.search(goal.group):
            yield f"goals.{goal.key}.group", "teams are not by tier: tiers change with what members do"


def _of_member(source: str, place: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a condition on a member alone."""
    try:
        strange = compile_expression(source).uses - {"member"}
    except InvalidInput as error:
        yield place, f"{error.message} in `{source}`"
        return
    if strange:
        yield place, f"it reads `{min(strange)}`; it is decided by the member alone"


def _check_ins(document: Document) -> Iterator[tuple[str, str]]:
    schemas = {known.key: known.properties for known in document.activity_types}
    for check_in in document.check_ins:
        if check_in.status is not Status.PUBLISHED:
            continue
        place = f"check_ins.{check_in.key}"
        try:
            Properties(schemas[check_in.activity]).accept({"check_in": check_in.key, "day": "2026-11-21"})
        except InvalidInput as error:
            yield f"{place}.activity", f"a check-in can't be recorded as one: {error.message}"


def _approvals(document: Document) -> Iterator[tuple[str, str]]:
    schemas = {known.key: known.properties for known in document.activity_types}
    for task in document.tasks:
        if task.approval is None or task.status is not Status.PUBLISHED:
            continue
        try:
            Properties(schemas[task.approval.activity]).accept({"task": task.key, "period": "2026-11-21"})
        except InvalidInput as error:
            yield (
                f"tasks.{task.key}.approval.activity",
                f"an approval can't be recorded as one: {error.message}",
            )


def _segments(document: Document) -> Iterator[tuple[str, str]]:
    known = {one.key for one in document.activity_types}
    for segment in document.segments:
        if segment.when is None or segment.status is Status.ARCHIVED:
            continue
        place = f"segments.{segment.key}.when"
        try:
            compile_segment(segment.when)
        except InvalidInput as error:
            yield place, f"{error.message} in `{segment.when}`"
            continue
        for missing in sorted(counted_types(segment.when) - known):
            yield place, f"there is no activity type {missing!r}"
    stated = document.programme.segments
    schemas = {one.key: one.properties for one in document.activity_types}
    for field, key in (("entered", stated.entered), ("left", stated.left)):
        if key is None or key not in schemas:
            continue  # that it is missing is told with the references
        try:
            Properties(schemas[key]).accept({"segment": "any"})
        except InvalidInput as error:
            yield f"programme.segments.{field}", f"it can't be recorded as one: {error.message}"


def _campaigns(document: Document) -> Iterator[tuple[str, str]]:
    for campaign in document.campaigns:
        if campaign.audience.when is not None and campaign.status is not Status.ARCHIVED:
            yield from _of_member(campaign.audience.when, f"campaigns.{campaign.key}.audience.when")
    known = placeholders_of(NotificationKind.CAMPAIGN)
    for campaign in document.campaigns:
        for stage in ("warm_up", "starts", "after"):
            said = getattr(campaign.texts, stage)
            for part, texts in (("title", said.title), ("body", said.body)) if said is not None else ():
                for locale, text in texts.items():
                    for fault in text_faults(text, known):
                        yield f"campaigns.{campaign.key}.texts.{stage}.{part}.{locale}", fault
    reached = document.programme.campaigns.reached
    schemas = {one.key: one.properties for one in document.activity_types}
    if reached is not None and reached in schemas:
        try:
            Properties(schemas[reached]).accept({"campaign": "any", "occurrence": "once", "variant": ""})
        except InvalidInput as error:
            yield "programme.campaigns.reached", f"it can't be recorded as one: {error.message}"
    for budget in document.budgets:
        if budget.key.startswith("campaign."):
            yield (
                f"budgets.{budget.key}.key",
                "keys that begin with `campaign.` are those of campaigns' own budgets",
            )


def _sources(effect: Effect) -> Iterator[tuple[str, str]]:
    """Every expression of an effect with its place in it."""
    candidates: list[tuple[str, Any]] = [("when", effect.when)]
    if effect.points:
        candidates.append(("points.amount", effect.points.amount))
    if effect.advance:
        candidates += [("advance.by", effect.advance.by), ("advance.value", effect.advance.value)]
    if effect.contribute:
        candidates.append(("contribute.by", effect.contribute.by))
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
