"""What the conditions of segments may read, and how far they may look back."""

import re
from functools import lru_cache

from gamification.kit.errors import InvalidInput
from gamification.programmes.expressions import FUNCTIONS, Compiled, compile_expression

VARIABLES = (
    "member",
    "tiers",
    "rfm",
    "lifecycle",
    "lifetime",
    "since_purchase",
    "since_activity",
    "since_join",
    "churn_risk",
    "layer",
    "trust",
)
WINDOWED = ("spend", "purchases", "activities", "active_days", "count")
"""Functions of how many days one looks back; `count` takes a type of activity before them."""
DAYS_MAX = 400

_CALL = re.compile(rf"\b({'|'.join(WINDOWED)})\s*\(")
_BOUNDED = re.compile(rf"\b(?:{'|'.join(WINDOWED[:-1])})\s*\(\s*(\d+)\s*\)")
_COUNTED = re.compile(r"\bcount\s*\(\s*(?:\"([^\"]*)\"|'([^']*)')\s*,\s*(\d+)\s*\)")


@lru_cache(maxsize=1024)
def compile_segment(source: str) -> Compiled:
    """Compile a segment's condition. Raises: InvalidInput with the reason."""
    compiled = compile_expression(source, variables=VARIABLES, functions=(*FUNCTIONS, *WINDOWED))
    days = [int(found) for found in _BOUNDED.findall(source)]
    days += [int(found[2]) for found in _COUNTED.findall(source)]
    if len(days) < len(_CALL.findall(source)):
        raise InvalidInput(
            'how many days it looks back is stated as a number: `spend(90)`, `count("visit", 30)`'
        )
    if any(not 1 <= one <= DAYS_MAX for one in days):
        raise InvalidInput(f"it looks back 1 to {DAYS_MAX} days", limit=DAYS_MAX)
    return compiled


def counted_types(source: str) -> set[str]:
    """The types of activity that a condition counts."""
    return {double or single for double, single, _ in _COUNTED.findall(source)}
