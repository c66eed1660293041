"""Kinds of points: when they lapse, when they can be spent, how far down a balance may go, how much can be earned."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.kit.spans import check_day, span
from gamification.programmes.definitions.base import Definition, Expression, Key, Model
from gamification.programmes.definitions.caps import CapAmount, Caps


def _span_text(text: str) -> str:
    span(text)
    return text


SpanText = Annotated[str, AfterValidator(_span_text)]
"""An ISO 8601 duration by the calendar: `P1Y`, `P1M`, `P14D`, `PT36H`."""
Day = Annotated[str, AfterValidator(check_day)]
"""A day of every year, `06-30`, or of one, `2026-06-30`."""
Days = Annotated[tuple[Day, ...], Field(max_length=20)]
Cost = Annotated[
    Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")],
    Field(gt=0, le=1_000_000, max_digits=14, decimal_places=8),
]
"""Of the currency itself, such as 0.01 for a hundredth."""


class Rounding(StrEnum):
    """To the end of what an expiry is rounded up."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Expiry(Model):
    """When points lapse, by the programme's zone; exactly one of `after` their earning, at the end of the next of
    these `dates`, or `idle`: all of them so long after the last earning or spending."""

    after: SpanText | None = None
    round: Rounding = Rounding.DAY
    dates: Days = ()
    idle: SpanText | None = None

    @model_validator(mode="after")
    def _one(self) -> "Expiry":
        if sum([self.after is not None, bool(self.dates), self.idle is not None]) != 1:
            raise ValueError("an expiry is exactly one of after, dates, idle")
        return self


class Pending(Model):
    """Until when points that were earned can't be spent: `after` a period, from the next of these `dates`, or until an
    activity of the types `on`, about the same subject and for which `when` holds, arrives; without one `within` that
    time they are cancelled."""

    after: SpanText | None = None
    dates: Days = ()
    on: tuple[Key, ...] = ()
    when: Expression | None = None
    within: SpanText | None = None

    @model_validator(mode="after")
    def _one(self) -> "Pending":
        if sum([self.after is not None, bool(self.dates), bool(self.on)]) != 1:
            raise ValueError("what is pending is so exactly one of after, dates, on")
        if bool(self.on) != (self.within is not None):
            raise ValueError(
                "state `within` exactly with `on`: points that wait for an activity can't wait for good"
            )
        if self.when is not None and not self.on:
            raise ValueError("`when` is a condition on the activity of `on`")
        return self


class Gifts(Model):
    """Members may give a unit's points to each other: each at most so many on a `daily` count, by the programme's zone,
    and at most so many at a time."""

    daily: CapAmount
    most: CapAmount | None = None


class Unit(Definition):
    """A kind of points. What rules deduct, staff adjust and refunds take back never brings a balance below `floor`,
    which may be negative: a debt, paid first by whatever is earned later. What members spend stops at zero even then.

    `expires_after` is the older way to say `expiry: {after: …}` in days. `grace` is how long points that come back
    after their expiry can still be used; without it they lapse at once. `caps` bound what rules and
    rewards give; what is more is cut off. `gifts`
    lets members give them to each other. `cost`: what a point costs whoever runs the programme, in its currency, for reports.
    """

    floor: Annotated[int, Field(strict=True, ge=-LONG_MAX, le=LONG_MAX)] = 0
    expires_after: Annotated[timedelta, Field(gt=timedelta())] | None = None
    expiry: Expiry | None = None
    pending: Pending | None = None
    grace: SpanText | None = None
    caps: Caps = ()
    gifts: Gifts | None = None
    cost: Cost | None = None

    @model_validator(mode="after")
    def _one_expiry(self) -> "Unit":
        if self.expires_after is not None and self.expiry is not None:
            raise ValueError("state `expiry` or `expires_after`, not both")
        if any(cap.each is not None for cap in self.caps):
            raise ValueError("only a cap of a rule's effect is counted apart by `each`")
        return self

    @property
    def spending_floor(self) -> int:
        """What spending leaves at least: nobody spends what they don't have."""
        return max(self.floor, 0)
