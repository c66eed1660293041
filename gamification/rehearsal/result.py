"""What a rehearsal found. What is called `was` is what happened with the same activity. Money is whole, in the currency's smallest
part."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gamification.kit.records import record

SHOWN = 10
"""Members, places of a board."""
FAILURES_SHOWN = 20
PERIODS_SHOWN = 12
"""Of each board, the newest."""


@record(frozen=True, slots=True)
class UnitSum:
    """Points of a unit: `taken` is 0 or less."""

    unit: str
    given: int = 0
    taken: int = 0
    was_given: int = 0
    was_taken: int = 0


@record(frozen=True, slots=True)
class RewardSum:
    """Rewards of the catalogue; `failed`: those of which nothing was left. `cost` is None where the reward states none."""

    reward: str
    given: int = 0
    was_given: int = 0
    failed: int = 0
    cost: int | None = None
    was_cost: int = 0


@record(frozen=True, slots=True)
class CountSum:
    """Badges awarded, or tasks completed."""

    key: str
    count: int = 0
    was: int = 0


@record(frozen=True, slots=True)
class TierSum:
    """Changes from one tier of a ladder to another."""

    ladder: str
    before: str | None
    after: str | None
    count: int = 0
    was: int = 0


@record(frozen=True, slots=True)
class DaySum:
    """A day of the programme's calendar, as `2026-11-21`; only what there is any of."""

    day: str
    units: tuple[UnitSum, ...] = ()
    rewards: int = 0
    was_rewards: int = 0
    cost: int = 0
    was_cost: int = 0


@record(frozen=True, slots=True)
class Winner:
    """A place; `was`: the score that the member has, of a period all of which is played."""

    rank: int
    member_id: bytes
    score: int
    subscore: int
    was: int | None = None


@record(frozen=True, slots=True)
class BoardSum:
    """The first of a board's period, of `size` in all."""

    board: str
    period: str
    size: int
    winners: tuple[Winner, ...] = ()


@record(frozen=True, slots=True)
class MemberSum:
    """What one member has of a unit."""

    member_id: bytes
    unit: str
    points: int
    was: int


@record(frozen=True, slots=True)
class Failure:
    """An activity that could not be taken."""

    activity_id: bytes
    source: str
    source_id: str
    type: str
    rule: str | None
    code: str
    message: str


@record(frozen=True, slots=True)
class RuleSum:
    """How many activities a rule did something for."""

    rule: str
    activities: int = 0


@record(frozen=True, slots=True)
class Result:
    """`activities` were played in the time, of `members`; `left_out` could not be: their member is erased. `uncosted` rewards were
    given that state no cost. `changed`: members who would have other points than they got."""

    activities: int
    before: int
    left_out: int
    members: int
    units: tuple[UnitSum, ...] = ()
    days: tuple[DaySum, ...] = ()
    rewards: tuple[RewardSum, ...] = ()
    cost: int = 0
    was_cost: int = 0
    uncosted: int = 0
    badges: tuple[CountSum, ...] = ()
    tasks: tuple[CountSum, ...] = ()
    tiers: tuple[TierSum, ...] = ()
    boards: tuple[BoardSum, ...] = ()
    changed: int = 0
    gainers: tuple[MemberSum, ...] = ()
    losers: tuple[MemberSum, ...] = ()
    failed: int = 0
    failures: tuple[Failure, ...] = ()
    rules: tuple[RuleSum, ...] = ()


_PARTS: dict[str, type[Any]] = {
    "units": UnitSum,
    "rewards": RewardSum,
    "badges": CountSum,
    "tasks": CountSum,
    "tiers": TierSum,
    "gainers": MemberSum,
    "losers": MemberSum,
    "failures": Failure,
    "rules": RuleSum,
}


def result_document(result: Result) -> dict[str, Any]:
    """As plain data."""
    return asdict(result)


def result_from(row: Mapping[str, Any]) -> Result:
    """From plain data."""
    plain = dict(row)
    for name, kind in _PARTS.items():
        plain[name] = tuple(kind(**one) for one in row[name])
    plain["days"] = tuple(
        DaySum(**{**one, "units": tuple(UnitSum(**unit) for unit in one["units"])}) for one in row["days"]
    )
    plain["boards"] = tuple(
        BoardSum(**{**one, "winners": tuple(Winner(**place) for place in one["winners"])})
        for one in row["boards"]
    )
    return Result(**plain)
