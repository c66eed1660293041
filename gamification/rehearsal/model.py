"""A rehearsal as it is asked for, and how far it is."""

from datetime import datetime, timedelta
from enum import StrEnum

from gamification.kit.records import record
from gamification.programmes.changes import Change

DAYS_MAX = 400
"""A rehearsal's time: a year and a bit."""
ACTIVITIES_MAX = 2_000_000
"""What is played of a programme's history at most; a state for each member and counter is held in memory."""
KEPT_FOR = timedelta(days=30)
KEPT_MAX = 20
"""Of a programme's finished rehearsals."""
OPEN_MAX = 3
"""Of a programme's rehearsals that are not finished."""
ATTEMPTS_MAX = 3
"""How often one is begun again that stopped with its process."""


class RehearsalStatus(StrEnum):
    """WAITING for a worker, RUNNING, then DONE, FAILED or CANCELLED."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RehearsalOrder(StrEnum):
    """HAPPENED: each activity as though it had come at once, in the order of time. RECORDED: in the order in which they came,
    when they came, however late."""

    HAPPENED = "happened"
    RECORDED = "recorded"


OPEN = (RehearsalStatus.WAITING, RehearsalStatus.RUNNING)


@record(frozen=True, slots=True)
class Span:
    """From an instant to before another."""

    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        return self.since <= at < self.until


@record(frozen=True, slots=True)
class Rehearsal:
    """`version`: the programme's that the draft would follow; `newest`: the last place in the programme's order that it looks at.
    `done` of `total` activities are played, those before the time included."""

    id: bytes
    programme_id: str
    version: int
    changes: tuple[Change, ...]
    span: Span
    order: RehearsalOrder
    newest: int
    asked_by: str
    asked_at: datetime
    status: RehearsalStatus = RehearsalStatus.WAITING
    attempts: int = 0
    began_at: datetime | None = None
    seen_at: datetime | None = None
    finished_at: datetime | None = None
    done: int = 0
    total: int | None = None
    problem: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def share(self) -> float:
        """How much of it is played, from 0 to 1."""
        if self.status is RehearsalStatus.DONE:
            return 1.0
        return self.done / self.total if self.total else 0.0

    @property
    def rest_seconds(self) -> int | None:
        """How long it will go on, if it goes on as it did; None where that can't be told yet."""
        if self.status is not RehearsalStatus.RUNNING or not self.done or not self.total:
            return None
        if self.began_at is None or self.seen_at is None:
            return None
        took = (self.seen_at - self.began_at).total_seconds()
        return max(round(took / self.done * (self.total - self.done)), 0)
