"""Segments: members that are alike, and by what."""

from typing import Annotated

from pydantic import Field, model_validator

from gamification.programmes.definitions.base import Definition, Expression, Key, Model

Days = Annotated[int, Field(strict=True, ge=1, le=400)]


class Lifecycle(Model):
    """Where a member stands with the programme, by days. `new`: so long after the first purchase; `at_risk` and `silent`: so
    long after the last one; `returned`: so long after the first one that followed a silence. Where no activity type says what
    it pays, activity of any kind counts in the place of purchases."""

    new: Days = 30
    at_risk: Days = 60
    silent: Days = 90
    returned: Days = 30

    @model_validator(mode="after")
    def _in_order(self) -> "Lifecycle":
        if self.at_risk >= self.silent:
            raise ValueError("one is at risk before one is silent")
        return self


class SegmentSettings(Model):
    """What goes for all segments. `entered` and `left`: the types of activity that a member's coming and going is recorded as,
    with the `segment`; not recorded where they are not named. `rfm`: the days that recency, frequency and money are scored by."""

    entered: Key | None = None
    left: Key | None = None
    rfm: Days = 365
    lifecycle: Lifecycle = Field(default_factory=Lifecycle)


class Segment(Definition):
    """Members that are alike. With `when`, those of whom that is true, kept up as they act and every day; without it, those
    whom staff put in."""

    when: Expression | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is kept up by itself."""
        return self.when is not None
