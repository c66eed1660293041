"""An activity's properties: checked against the type's JSON Schema, and numbers given the schema's kind.

JSON does not tell 3 from 3.0, CEL does. What the schema calls `number` becomes a double and what it calls
`integer` an int, so an expression meets one kind whatever the sender wrote.
"""

import math
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import orjson

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.numbers import LONG_MAX

PROPERTIES_BYTES_MAX = 16 * 1024
_DEPTH_MAX = 16

ENVELOPE = ("type", "source", "id", "occurred_at", "subject")
"""Names of `activity` that are not the sender's: properties of these names are read as properties.x."""


def _refuse_remote(address: str) -> Any:
    raise ValueError(f"a schema may not refer to another document ({address})")


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A validator; never fetches. Raises: jsonschema_rs.ValidationError, ReferencingError or ValueError."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, retriever=_refuse_remote)


class Properties:
    """The properties of one activity type."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._validator = compile_schema(schema)
        self._normalise = _normaliser(schema)

    def accept(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties as stored and as rules see them. Raises: InvalidInput naming field and limit."""
        check_json(properties)
        if not self._validator.is_valid(properties):
            fault = next(iter(self._validator.iter_errors(properties)))
            path = ["properties", *(str(step) for step in fault.instance_path)]
            raise InvalidInput(
                f"{'.'.join(path)}: {fault.message}"[:500], code=ErrorCode.SCHEMA_MISMATCH, path=path
            )
        accepted: dict[str, Any] = self._normalise(properties) if self._normalise else properties
        return accepted


def check_json(value: dict[str, Any], name: str = "properties") -> None:
    """Refuse what JSON or the store can't hold exactly. Raises: InvalidInput (NOT_EXACT, TOO_LARGE)."""
    _check_numbers(value, name, 0)
    try:
        size = len(orjson.dumps(value))
    except TypeError as error:
        raise InvalidInput(f"{name}: {error}", path=[name]) from error
    if size > PROPERTIES_BYTES_MAX:
        raise InvalidInput(
            f"{name} are {size} bytes of JSON; at most {PROPERTIES_BYTES_MAX} are taken.",
            code=ErrorCode.TOO_LARGE,
            path=[name],
            limit=PROPERTIES_BYTES_MAX,
        )


def _check_numbers(value: Any, path: str, depth: int) -> None:
    if depth > _DEPTH_MAX:
        raise InvalidInput(
            f"{path} is nested deeper than {_DEPTH_MAX}.",
            code=ErrorCode.TOO_LARGE,
            path=path.split("."),
            limit=_DEPTH_MAX,
        )
    kind = type(value)
    if kind is float:
        if not math.isfinite(value):
            raise InvalidInput(f"{path} must be finite.", code=ErrorCode.NOT_EXACT, path=path.split("."))
    elif kind is int:
        if abs(value) > LONG_MAX:
            raise InvalidInput(
                f"{path} is beyond ±{LONG_MAX}.",
                code=ErrorCode.NOT_EXACT,
                path=path.split("."),
                limit=LONG_MAX,
            )
    elif kind is dict:
        for key, item in value.items():
            if "\x00" in key:
                raise InvalidInput(f"{path} has a name with a NUL character.", path=path.split("."))
            _check_numbers(item, f"{path}.{key}", depth + 1)
    elif kind is list:
        for index, item in enumerate(value):
            _check_numbers(item, f"{path}.{index}", depth + 1)


Normaliser = Callable[[Any], Any]


def _each(normalise: Normaliser, values: Any) -> Any:
    return [normalise(value) for value in values] if isinstance(values, list) else values


def _whole(value: float, path: str) -> int:
    """A whole number that JSON gave as 3.0 or 3e0. Raises: InvalidInput beyond what is held exactly."""
    if abs(value) > LONG_MAX:
        raise InvalidInput(
            f"{path} is beyond ±{LONG_MAX}.", code=ErrorCode.NOT_EXACT, path=path.split("."), limit=LONG_MAX
        )
    return int(value)


def _normaliser(schema: Any, path: str = "properties") -> Normaliser | None:
    """A function that gives numbers the kind their schema states; None where there is nothing to change."""
    if not isinstance(schema, dict):
        return None
    stated = schema.get("type")
    kinds = stated if isinstance(stated, list) else [stated]
    if "number" in kinds:
        return lambda value: float(value) if type(value) is int else value
    if "integer" in kinds:
        return lambda value: _whole(value, path) if type(value) is float else value
    if "array" in kinds:
        item = _normaliser(schema.get("items"), path)
        return None if item is None else lambda values: _each(item, values)
    fields = {
        name: found
        for name, part in schema.get("properties", {}).items()
        if (found := _normaliser(part, f"{path}.{name}"))
    }
    if not fields:
        return None

    def normalise(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: fields[name](item) if name in fields else item for name, item in value.items()}

    return normalise
