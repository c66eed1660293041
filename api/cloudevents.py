"""One CloudEvent to one activity; the `cloudevents` package checks what the specification asks of an envelope."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from cloudevents.core.bindings.http import CE_PREFIX
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.v1.event import CloudEvent

from gamification.activity.model import NewActivity
from gamification.kit.errors import InvalidInput

MEMBER = "member"
"""The extension attribute that names the member by their external id."""

_STATED = ("specversion", "id", "source", "type", "time", MEMBER)
_DATA = ("data", "data_base64")


def attributes_of(headers: Mapping[str, str], data: object) -> dict[str, Any]:
    """An event in binary mode as if it had been structured."""
    stated = {
        name[len(CE_PREFIX) :]: unquote(value)
        for name, value in headers.items()
        if name.startswith(CE_PREFIX)
    }
    return {**stated, "data": data}


def activity_of(envelope: object) -> NewActivity:
    """The activity that an event states. Raises: InvalidInput naming the attribute."""
    if not isinstance(envelope, dict):
        raise InvalidInput("An event is a JSON object.", path=[])
    # The package fills in an id and a time where there are none; a repeat could then not be told from a new event.
    for name in _STATED:
        if envelope.get(name) is None:
            raise InvalidInput(f"`{name}` must be stated.", path=[name])
    attributes = {name: value for name, value in envelope.items() if name not in _DATA and value is not None}
    attributes["time"] = _time(attributes["time"])
    data = _data(envelope)
    try:
        event = CloudEvent(attributes, data)
    except CloudEventValidationError as error:
        name, faults = next(iter(error.errors.items()))
        raise InvalidInput(f"`{name}`: {faults[0]}."[:300], path=[str(name)]) from error
    member = event.get_extension(MEMBER)
    if not isinstance(member, str):
        raise InvalidInput(f"`{MEMBER}` must be a string.", path=[MEMBER])
    return NewActivity(
        type=event.get_type(),
        source=event.get_source(),
        source_id=event.get_id(),
        member_external_id=member,
        occurred_at=attributes["time"],
        subject=event.get_subject(),
        properties=data,
    )


def _time(stated: object) -> datetime:
    if not isinstance(stated, str):
        raise InvalidInput("`time` must be a string.", path=["time"])
    try:
        time = datetime.fromisoformat(stated)
        if time.tzinfo is None:
            raise InvalidInput("`time` must state its offset, such as Z.", path=["time"])
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            "`time` must be a time such as 2026-01-31T12:00:00Z (RFC 3339).", path=["time"]
        ) from error


def _data(envelope: Mapping[str, Any]) -> dict[str, Any]:
    data = envelope.get("data")
    if data is None and envelope.get("data_base64") is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidInput("`data` must be a JSON object.", path=["data"])
    return data
