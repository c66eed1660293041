"""What a member misses, and by when, to keep a tier and to rise. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gamification.kit.records import record
from gamification.programmes.definitions import Rise
from gamification.tiers.assessment import Terms, coming_drop
from gamification.tiers.measuring import figures, shrinking
from gamification.tiers.model import TierState
from gamification.tiers.qualification import alternatives, lowest

_INSTANT = timedelta(milliseconds=1)


@record(frozen=True, slots=True)
class Requirement:
    """`value` is what there will be of a measure at the forecast's instant if nothing comes; `missing` the rest."""

    measure: str
    required: int
    value: int

    @property
    def missing(self) -> int:
        return max(self.required - self.value, 0)


Way = tuple[Requirement, ...]
"""Requirements that together are enough."""


@record(frozen=True, slots=True)
class Goal:
    """A tier and the ways to have it, any of which is enough. `by`: until when (None: any time); `estimated`: the figures
    are a pyramid's last ones, and may be others at its next review."""

    tier: str
    by: datetime | None
    ways: tuple[Way, ...]
    estimated: bool

    @property
    def met(self) -> bool:
        """Whether nothing is missing for it."""
        return any(all(not requirement.missing for requirement in way) for way in self.ways)


@record(frozen=True, slots=True)
class Forecast:
    """`keep`: of the tier that is held, None where it can't be lost; `drops_to` and `drops_at` if nothing comes, grace
    included. `rise`: of the next higher one, None at the top and before a pyramid's first review."""

    ladder: str
    keep: Goal | None
    drops_to: str | None
    drops_at: datetime | None
    rise: Goal | None


def forecast(terms: Terms, state: TierState, now: datetime) -> Forecast:
    """What is missing as of now. `state` is assessed as of now."""
    drop = coming_drop(terms, state, now)
    return Forecast(
        ladder=terms.ladder.key,
        keep=_keep(terms, state, drop.looked_at if drop else state.until, now),
        drops_to=drop.after if drop else None,
        drops_at=drop.drops_at if drop else None,
        rise=_rise(terms, state, now),
    )


def _keep(terms: Terms, state: TierState, looked_at: datetime | None, now: datetime) -> Goal | None:
    held = terms.ladder.index(state.tier)
    if held <= lowest(terms.ladder):
        return None
    as_of = looked_at or now
    if looked_at is not None and state.until is not None:
        as_of = looked_at - _INSTANT
    return _goal(terms, state, held, looked_at, as_of, now)


def _rise(terms: Terms, state: TierState, now: datetime) -> Goal | None:
    index = terms.ladder.index(state.tier) + 1
    if index >= len(terms.ladder.tiers):
        return None
    by, as_of = next(iter(shrinking(terms.ladder, state.days, now, terms.time_zone)), None), now
    if terms.ladder.rise is Rise.REVIEW and state.until is not None:
        by, as_of = state.until, state.until - _INSTANT
    goal = _goal(terms, state, index, by, as_of, now)
    return goal if goal.ways else None


def _goal(
    terms: Terms, state: TierState, index: int, by: datetime | None, as_of: datetime, now: datetime
) -> Goal:
    values = figures(terms.ladder, state.days, as_of, terms.time_zone)
    ways = tuple(_way(needed, values) for needed in alternatives(terms.ladder, index, terms.cutoffs(now)))
    return Goal(
        terms.ladder.tiers[index].key,
        by,
        tuple(sorted(ways, key=lambda way: sum(r.missing for r in way))),
        estimated=terms.ladder.pyramid is not None,
    )


def _way(needed: Mapping[str, int], values: Mapping[str, int]) -> Way:
    return tuple(Requirement(measure, least, values.get(measure, 0)) for measure, least in needed.items())
