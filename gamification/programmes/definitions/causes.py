"""Good causes that members give points to."""

from typing import Annotated

from pydantic import Field

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Definition, Key

_Amount = Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]


class GoodCause(Definition):
    """Takes a unit's points until `cap` is raised, where there is one; at least `least` at a time."""

    unit: Key
    cap: _Amount | None = None
    least: _Amount = 1
