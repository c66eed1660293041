"""Ladders of tiers: what lifts a member, how long a tier is kept, and what it gives."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import Field, PlainSerializer, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.kit.spans import span
from gamification.programmes.definitions.base import Definition, Key, Model, Name
from gamification.programmes.definitions.units import SpanText

Figure = Annotated[int, Field(strict=True, ge=0, le=LONG_MAX)]
Threshold = Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]
Exact = Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")]
Factor = Annotated[Exact, Field(gt=0, le=100, max_digits=7, decimal_places=4)]
Percent = Annotated[Exact, Field(gt=0, le=100, max_digits=7, decimal_places=4)]


class TierCycle(StrEnum):
    """Calendar periods, by the programme's zone."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"

    @property
    def months(self) -> int:
        """How many months it has."""
        return {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}[self.value]


class TierMeasure(Model):
    """What is measured: what was earned of a `unit`, or what the member's activity added to a `counter`; in a `rolling`
    window of days, in the present period of a `cycle`, or since ever."""

    key: Key
    name: Name = Field(default_factory=dict)
    unit: Key | None = None
    counter: Key | None = None
    rolling: SpanText | None = None
    cycle: TierCycle | None = None

    @model_validator(mode="after")
    def _one(self) -> "TierMeasure":
        if (self.unit is None) == (self.counter is None):
            raise ValueError("a measure is of exactly one of unit, counter")
        if self.rolling is not None and self.cycle is not None:
            raise ValueError("state rolling or cycle, not both")
        if self.rolling is not None and (span(self.rolling).months or span(self.rolling).exact):
            raise ValueError("a rolling window has whole days, such as P365D")
        return self

    @property
    def rolling_days(self) -> int | None:
        """How many local days a rolling window has, today included."""
        return span(self.rolling).days if self.rolling is not None else None


class Match(StrEnum):
    """Whether a tier's conditions must hold ALL, or ANY of them."""

    ALL = "all"
    ANY = "any"


class TierBenefit(Model):
    """Something that a tier gives, for people and for other systems to read."""

    key: Key
    name: Name = Field(default_factory=dict)
    description: Name = Field(default_factory=dict)


class Tier(Model):
    """One step of a ladder. `requires`: by measure, how much at least; `share_percent`: in a pyramid, the share of
    members that it holds. One that states neither is everybody's. `target`: which percent of its members shall be
    active in a month, for reports. `multipliers`: by unit, what rules' points are
    multiplied by."""

    key: Key
    name: Name = Field(default_factory=dict)
    description: Name = Field(default_factory=dict)
    requires: Annotated[dict[Key, Threshold], Field(max_length=5)] = Field(default_factory=dict)
    match: Match = Match.ALL
    share_percent: Percent | None = None
    target: Percent | None = None
    multipliers: Annotated[dict[Key, Factor], Field(max_length=20)] = Field(default_factory=dict)
    benefits: Annotated[tuple[TierBenefit, ...], Field(max_length=50)] = ()


class Axis(Model):
    """One measure of a matrix: where its bands begin, from 0 upward."""

    measure: Key
    bands: Annotated[tuple[Figure, ...], Field(min_length=2, max_length=10)]

    @model_validator(mode="after")
    def _ascending(self) -> "Axis":
        if self.bands[0] != 0 or any(a >= b for a, b in pairwise(self.bands)):
            raise ValueError("bands begin at 0 and grow")
        return self


class Matrix(Model):
    """A tier for each pair of bands: `cells` has a row for each band of `rows`, with a tier for each of `columns`."""

    rows: Axis
    columns: Axis
    cells: tuple[tuple[Key, ...], ...]

    @model_validator(mode="after")
    def _complete(self) -> "Matrix":
        if len(self.cells) != len(self.rows.bands) or any(
            len(row) != len(self.columns.bands) for row in self.cells
        ):
            raise ValueError(
                "cells has a row for each band of rows, and in it a tier for each band of columns"
            )
        return self


class Keep(Model):
    """How long a tier is kept before it is looked at again: so long (`lasts`), or to the end of the present period of a
    `cycle`, or with `next` of the one after it."""

    lasts: SpanText | None = None
    cycle: TierCycle | None = None
    next: bool = False

    @model_validator(mode="after")
    def _one(self) -> "Keep":
        if (self.lasts is None) == (self.cycle is None):
            raise ValueError("keep is exactly one of lasts, cycle")
        if self.next and self.cycle is None:
            raise ValueError("next goes with a cycle")
        return self


class Rise(StrEnum):
    """IMMEDIATE: as soon as a member qualifies; REVIEW: at the end of a period."""

    IMMEDIATE = "immediate"
    REVIEW = "review"


class TierRounding(StrEnum):
    """How a multiplied amount becomes whole."""

    DOWN = "down"
    HALF_UP = "half_up"
    UP = "up"


class Ladder(Definition):
    """Tiers from the lowest to the highest. A member qualifies for the highest whose conditions hold; in a pyramid, for
    the one of their place by the measure `pyramid` when a period ended; in a `matrix`, for that of their cell.

    Without `keep` a tier follows at once; with it, it drops only when it is looked at. `grace` is how long it is held
    after that, `notice` how long before a drop the member is told.
    """

    measures: Annotated[tuple[TierMeasure, ...], Field(min_length=1, max_length=5)]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=20)]
    pyramid: Key | None = None
    matrix: Matrix | None = None
    rise: Rise = Rise.IMMEDIATE
    keep: Keep | None = None
    grace: SpanText | None = None
    notice: SpanText | None = None
    rounding: TierRounding = TierRounding.HALF_UP

    @model_validator(mode="after")
    def _sound(self) -> "Ladder":
        fault = next(_faults(self), None)
        if fault is not None:
            raise ValueError(fault)
        return self

    def index(self, tier: str | None) -> int:
        """The place of a tier, from 0; −1 for none."""
        return next((place for place, known in enumerate(self.tiers) if known.key == tier), -1)


def _faults(ladder: Ladder) -> Iterator[str]:
    keys = [tier.key for tier in ladder.tiers]
    measures = {measure.key for measure in ladder.measures}
    if len(set(keys)) < len(keys) or len(measures) < len(ladder.measures):
        yield "tiers and measures have keys of their own"
    for tier in ladder.tiers:
        for unknown in tier.requires.keys() - measures:
            yield f"tier {tier.key!r} requires {unknown!r}, which is not among the measures"
        if tier.requires and (ladder.pyramid or ladder.matrix):
            yield f"tier {tier.key!r} has conditions of its own, beside a pyramid or matrix"
        if tier.share_percent is not None and not ladder.pyramid:
            yield f"tier {tier.key!r} has a share, but the ladder is no pyramid"
    if ladder.pyramid and ladder.matrix:
        yield "a ladder is a pyramid or a matrix, not both"
    cycle = ladder.keep.cycle if ladder.keep else None
    if (ladder.pyramid or ladder.rise is Rise.REVIEW) and cycle is None:
        yield "state keep.cycle: a pyramid, and rising at a review, need periods that end"
    yield from _pyramid_faults(ladder, measures)
    yield from _matrix_faults(ladder, measures)
    if not ladder.pyramid and not ladder.matrix and any(not tier.requires for tier in ladder.tiers[1:]):
        yield "only the lowest tier may be without conditions"


def _pyramid_faults(ladder: Ladder, measures: set[str]) -> Iterator[str]:
    if not ladder.pyramid:
        return
    if ladder.pyramid not in measures:
        yield f"the pyramid goes by {ladder.pyramid!r}, which is not among the measures"
    if any(tier.share_percent is None for tier in ladder.tiers[1:]):
        yield "every tier of a pyramid but the lowest has a share_percent"
    if sum(tier.share_percent or 0 for tier in ladder.tiers) > 100:
        yield "the shares add up to more than 100 percent"


def _matrix_faults(ladder: Ladder, measures: set[str]) -> Iterator[str]:
    matrix = ladder.matrix
    if matrix is None:
        return
    for axis in (matrix.rows, matrix.columns):
        if axis.measure not in measures:
            yield f"the matrix goes by {axis.measure!r}, which is not among the measures"
    cells = [[ladder.index(cell) for cell in row] for row in matrix.cells]
    if any(cell < 0 for row in cells for cell in row):
        yield "the cells of a matrix name tiers of the ladder"
    for lines in (cells, list(zip(*cells, strict=True))):
        if any(a > b for line in lines for a, b in pairwise(line)):
            yield "in a matrix more of a measure never means a lower tier"
