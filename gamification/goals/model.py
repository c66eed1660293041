"""What a member contributed to a goal, and what all of them, or a team, have reached in one period."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record

UNCOUNTED = ""
"""The period of a contribution that does not count, as out of the goal's times or without a team: kept, so that it need
not be judged again."""


@record(frozen=True, slots=True)
class GoalPeriod:
    """One period of a goal: of all members, or of one team. None bounds one that has no such end."""

    programme_id: str
    goal: str
    key: str
    team: str | None
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def id(self) -> bytes:
        return run_id(self.programme_id, self.goal, self.key, self.team)

    @property
    def doorbell(self) -> str:
        """What rings when a period of the goal, for that team, changes."""
        return f"goal:{self.programme_id}|{self.goal}|{self.team or ''}"


class RunState(StrEnum):
    """OPEN: it can be contributed to. FREEZING: it is over, and being put down who shares in what is split. CLOSING: what
    was reached is being given. CLOSED: all was."""

    OPEN = "open"
    FREEZING = "freezing"
    CLOSING = "closing"
    CLOSED = "closed"


@record(frozen=True, slots=True)
class Reached:
    """A milestone that was reached: `value` of `threshold` at that moment. What it gives is what the programme stated in
    `programme_version`."""

    milestone: str
    at: datetime
    value: int
    threshold: int
    programme_version: int


@record(frozen=True, slots=True)
class Run:
    """How far a period has come, as last added up. `total` is the sum of contributions, `contributors` are those who have
    any, `participants` those who have the goal's least. `version` is the definition's at that time. `turn` grows whenever
    there is something new to give to everyone; while `unpaid`, some may not have it yet."""

    id: bytes
    programme_id: str
    goal: str
    period: str
    team: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    total: int = 0
    contributors: int = 0
    participants: int = 0
    revision: int = 0
    version: int = 0
    reached: tuple[Reached, ...] = ()
    state: RunState = RunState.OPEN
    turn: int = 0
    unpaid: bool = False
    closed_at: datetime | None = None
    final: int | None = None
    """What it had come to when it closed."""


@record(frozen=True, slots=True)
class Payment:
    """What a member got for a milestone: the reward that each gets, or of what is split a `share`. `awards` are ids."""

    milestone: str
    at: datetime
    share: int | None = None
    transfers: tuple[bytes, ...] = ()
    awards: tuple[bytes, ...] = ()
    taken_back_at: datetime | None = None

    @property
    def stands(self) -> bool:
        return self.taken_back_at is None


@record(frozen=True, slots=True)
class GoalContribution:
    """What a member contributed in one period, of a team where the goal has teams. `turn` is the run's up to which it was
    looked at what is due for it, 0 again with each change; `weight` what it counts for where something is split, put down
    when the period closed."""

    id: bytes
    run_id: bytes
    programme_id: str
    goal: str
    period: str
    team: str | None
    member_id: bytes
    value: int = 0
    first: int = 0
    """The place of the first activity in the programme's order."""
    updated_at: datetime | None = None
    sequence: int = 0
    turn: int = 0
    weight: int | None = None
    payments: tuple[Payment, ...] = ()

    def standing(self, milestone: str, *, split: bool) -> Payment | None:
        """What was given for a milestone and not taken back."""
        return next(
            (
                one
                for one in self.payments
                if one.milestone == milestone and (one.share is not None) == split and one.stands
            ),
            None,
        )


@record(frozen=True, slots=True)
class Entry:
    """How much one transaction changed a run; it is added up later, and then gone."""

    id: bytes
    period: GoalPeriod
    by: int
    contributors: int
    participants: int


@lru_cache(maxsize=IDS_CACHED)
def run_id(programme_id: str, goal: str, period: str, team: str | None) -> bytes:
    """The id of that goal's period, of all members or one team."""
    return derived_id("goal run", programme_id, goal, period, team or "")


@lru_cache(maxsize=IDS_CACHED)
def contribution_id(run: bytes, member_id: bytes) -> bytes:
    """The id of a member's contribution in that period."""
    return derived_id("goal contribution", run, member_id)


def new_contribution(period: GoalPeriod, member_id: bytes) -> GoalContribution:
    """A contribution before any activity."""
    return GoalContribution(
        contribution_id(period.id, member_id),
        period.id,
        period.programme_id,
        period.goal,
        period.key,
        period.team,
        member_id,
    )


def new_run(period: GoalPeriod) -> Run:
    """A period that nobody contributed to."""
    return Run(
        period.id,
        period.programme_id,
        period.goal,
        period.key,
        period.team,
        period.starts_at,
        period.ends_at,
    )


def payment_id(contribution: GoalContribution, milestone: str, index: int, *, split: bool) -> bytes:
    """The id of a transfer that a milestone gives: derived from how often that was given before, so that none is given
    twice."""
    times = sum(
        one.milestone == milestone and (one.share is not None) == split for one in contribution.payments
    )
    kind = "split" if split else "reward"
    return derived_id("goal payment", contribution.id, milestone, kind, times, index)
