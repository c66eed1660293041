"""Amounts, counts and scores are whole numbers that a JSON number holds exactly."""

import math

from gamification.kit.errors import ErrorCode, InvalidInput

LONG_MAX = 2**53 - 1
"""The largest whole number that every JSON client holds exactly."""


def exact_long(value: object, name: str) -> int:
    """`value` as a whole number within ±LONG_MAX; a whole float counts. Raises: InvalidInput (NOT_EXACT)."""
    if type(value) is int and -LONG_MAX <= value <= LONG_MAX:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{name} must be a whole number, not {type(value).__name__}.", path=[name])
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInput(f"{name} must be finite.", code=ErrorCode.NOT_EXACT, path=[name])
        if not value.is_integer():
            raise InvalidInput(
                f"{name} must be whole, not {value}; round it with floor, ceil or round.",
                code=ErrorCode.NOT_EXACT,
                path=[name],
            )
        value = int(value)
    if abs(value) > LONG_MAX:
        raise InvalidInput(
            f"{name} is beyond ±{LONG_MAX} and can't be held exactly.",
            code=ErrorCode.NOT_EXACT,
            path=[name],
            limit=LONG_MAX,
        )
    return value
