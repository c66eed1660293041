"""Kinds of points."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Definition


class Unit(Definition):
    """A kind of points. A balance is never taken below `floor`; lots lapse `expires_after` their earning,
    at the end of that day in the programme's zone."""

    floor: Annotated[int, Field(strict=True, ge=0, le=LONG_MAX)] = 0
    expires_after: Annotated[timedelta, Field(gt=timedelta())] | None = None
