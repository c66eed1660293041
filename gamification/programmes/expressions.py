"""CEL expressions of a programme: compiled once, refused with their place, evaluated without side effects.

Source: Common Expression Language, https://cel.dev; the functions below round and compare numbers, which the
standard leaves out. Integers and doubles do not mix in CEL, so a property's JSON Schema decides which of the
two it arrives as.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import cel

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.numbers import LONG_MAX

VARIABLES = ("activity", "properties", "member", "subject", "campaigns", "counters")


def _whole(rounding: Callable[[float], int]) -> Callable[[float], float]:
    """Round what can be held exactly; the rest passes through and is refused where the value is used."""
    return lambda value: rounding(value) if abs(value) <= LONG_MAX else value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "round": _whole(lambda value: math.floor(value) + (value - math.floor(value) >= 0.5)),
    "abs": abs,
    "min": min,
    "max": max,
}
"""What expressions may call beyond the standard. `round` takes halves upward."""

_STANDARD = frozenset(
    [
        "size",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "has",
        "all",
        "exists",
        "exists_one",
        "map",
        "filter",
        "int",
        "uint",
        "double",
        "string",
        "bytes",
        "timestamp",
        "duration",
        "type",
        "dyn",
        "getFullYear",
        "getMonth",
        "getDate",
        "getDayOfMonth",
        "getDayOfYear",
        "getDayOfWeek",
        "getHours",
        "getMinutes",
        "getSeconds",
        "getMilliseconds",
    ]
)
"""What the evaluator has of the standard. It lacks `bool` and the time zones of `getHours` and its like, which it
would only find out when an activity arrives."""
_ZONED = re.compile(r"\.(get[A-Z]\w+)\(\s*[^)\s]")


class ExpressionFailed(InvalidInput):
    """An expression met a value it cannot work with, for instance a property that the activity lacks."""

    default_code = ErrorCode.RULE_FAILED


@dataclass(frozen=True, slots=True)
class Compiled:
    """One expression, ready to run; `uses` are the variables it reads."""

    source: str
    program: cel.Program
    uses: frozenset[str]

    def evaluate(self, context: cel.Context, place: str) -> Any:
        """The value in that context. Raises: ExpressionFailed naming `place`."""
        try:
            return self.program.execute(context)
        except InvalidInput:
            raise
        except KeyError as error:
            raise ExpressionFailed(f"{place}: there is no {error} in `{self.source}`.") from error
        except Exception as error:  # the evaluator raises many kinds; all mean that this input does not fit
            raise ExpressionFailed(f"{place}: {error} in `{self.source}`.") from error

    def holds(self, context: cel.Context, place: str) -> bool:
        """The value of a condition. Raises: ExpressionFailed when it is not a boolean."""
        value = self.evaluate(context, place)
        if not isinstance(value, bool):
            raise ExpressionFailed(
                f"{place}: a condition must be true or false, `{self.source}` is {value!r}."
            )
        return value


def compile_expression(
    source: str,
    counters: Collection[str] = (),
    variables: Collection[str] = VARIABLES,
    functions: Collection[str] = FUNCTIONS.keys(),
) -> Compiled:
    """Compile, and check that it reads known variables and calls known functions only.

    Raises: InvalidInput with the reason and, for a syntax error, line and column.
    """
    try:
        program = cel.compile(source)
    except ValueError as error:
        raise InvalidInput(_syntax(str(error))) from error
    used = program.references()
    called = {name for name in used["functions"] if name.isidentifier() and not name.startswith("_")}
    unknown = sorted(called - set(functions) - _STANDARD)
    if unknown:
        raise InvalidInput(f"there is no function {unknown[0]!r}")
    zoned = _ZONED.search(source)
    if zoned and zoned[1] in _STANDARD:
        raise InvalidInput(f"{zoned[1]} takes no time zone here; it reads UTC")
    read = frozenset(used["variables"])
    if not any(macro in source for macro in (".all(", ".exists(", ".exists_one(", ".map(", ".filter(")):
        strange = sorted(read - set(variables))
        if strange:
            raise InvalidInput(f"there is no variable {strange[0]!r}; there are {', '.join(variables)}")
    if "counters" in read and not counters:
        raise InvalidInput("it reads `counters`, but the rule lists none")
    return Compiled(source, program, read & set(variables))


def context_of(variables: Mapping[str, Any]) -> cel.Context:
    """A context with the functions above and these variables."""
    return cel.Context(variables=dict(variables), functions=FUNCTIONS)


def _syntax(message: str) -> str:
    """The parser's first finding on one line: `line 1, column 4: …`."""
    for line in message.splitlines():
        _, found, rest = line.partition("<input>:")
        if found:
            number, column, reason = rest.split(":", 2)
            return f"line {number}, column {column}: {reason.strip()}"
    return message.splitlines()[0]
