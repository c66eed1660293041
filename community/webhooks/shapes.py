"""What an event type's data holds: fields that are stated once, checked by JSON Schema and rendered by the same words."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from gamification.kit.records import record

IdOf = Callable[[str, bytes | str], str]
"""The global id of an object, by its type and its id within."""

TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "integer"}
FLAG: Mapping[str, Any] = {"type": "boolean"}
INSTANT: Mapping[str, Any] = {"type": "string", "format": "date-time"}
DAY: Mapping[str, Any] = {"type": "string", "format": "date"}
ID: Mapping[str, Any] = {"type": "string", "minLength": 1}


@record(frozen=True, slots=True)
class Field:
    """One field. `node` is the GraphQL type that a global id is of; `shape` its JSON Schema, or the fields below it."""

    name: str
    description: str
    shape: "Mapping[str, Any] | tuple[Field, ...]"
    node: str | None = None
    optional: bool = False


@record(frozen=True, slots=True)
class EventType:
    """A type of event: `name` is `noun.what_happened`. Its data holds the member where `of_member`, and the fields."""

    name: str
    description: str
    fields: tuple[Field, ...]
    of_member: bool = True


def text(name: str, description: str, *, optional: bool = False) -> Field:
    """A key, a state, or another short text."""
    return Field(name, description, TEXT, optional=optional)


def number(name: str, description: str, *, optional: bool = False) -> Field:
    """A whole number."""
    return Field(name, description, NUMBER, optional=optional)


def flag(name: str, description: str, *, optional: bool = False) -> Field:
    """True or false."""
    return Field(name, description, FLAG, optional=optional)


def instant(name: str, description: str, *, optional: bool = False) -> Field:
    """A point in time, RFC 3339 in UTC."""
    return Field(name, description, INSTANT, optional=optional)


def day(name: str, description: str) -> Field:
    """A day, as 2026-11-21."""
    return Field(name, description, DAY)


def node(name: str, of: str, description: str, *, optional: bool = False) -> Field:
    """A global id, for `node(id:)`."""
    return Field(name, description, ID, of, optional)


def group(name: str, description: str, *fields: Field, optional: bool = False) -> Field:
    """Fields below a field."""
    return Field(name, description, fields, optional=optional)


MEMBER = group(
    "member",
    "Whose it is.",
    node("id", "Member", "The member."),
    Field(
        "externalId",
        "How your systems know the member; null once they are erased.",
        {"type": ["string", "null"]},
    ),
)
SEQUENCE = number(
    "sequence", "Counts what happened to this member, from 1: the higher one is the later.", optional=True
)


def schema_of(stated: EventType) -> dict[str, Any]:
    """The JSON Schema of a whole payload. Readers must bear fields that are added later, so it allows them."""
    fields = ((MEMBER, SEQUENCE) if stated.of_member else ()) + stated.fields
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": stated.name,
        "description": stated.description,
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": stated.name},
            "timestamp": {**INSTANT, "description": "When it happened, RFC 3339 in UTC."},
            "data": _object(fields),
        },
    }


def _object(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [field.name for field in fields if not field.optional],
        "properties": {field.name: _schema(field) for field in fields},
    }


def _schema(field: Field) -> dict[str, Any]:
    shape = _object(field.shape) if isinstance(field.shape, tuple) else dict(field.shape)
    return {**shape, "description": field.description}


def rendered(fields: tuple[Field, ...], stated: Mapping[str, Any], id_of: IdOf) -> dict[str, Any]:
    """The data as JSON holds it: what is None is left out, ids are global ones, instants are texts."""
    found: dict[str, Any] = {}
    for field in fields:
        value = stated.get(field.name)
        if value is None:
            continue
        if isinstance(field.shape, tuple):
            below = rendered(field.shape, value, id_of)
            if below or not field.optional:
                found[field.name] = below
        elif field.node is not None:
            found[field.name] = id_of(field.node, value)
        elif isinstance(value, datetime):
            found[field.name] = iso(value)
        elif isinstance(value, date):
            found[field.name] = value.isoformat()
        else:
            found[field.name] = value
    return found


def iso(at: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"
