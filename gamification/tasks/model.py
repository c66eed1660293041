"""A member's progress in one task and period."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from functools import lru_cache

from gamification.kit.causes import Cause
from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record
from gamification.leaderboards.model import Contribution


@record(frozen=True, slots=True)
class Requirement:
    """`least` of these tasks and groups must be complete."""

    least: int
    tasks: tuple[str, ...] = ()
    groups: tuple["Requirement", ...] = ()

    def every_key(self) -> Iterator[str]:
        """The key of every task in it."""
        yield from self.tasks
        for group in self.groups:
            yield from group.every_key()


@record(frozen=True, slots=True)
class Places:
    """How many places of a task for the first finishers are taken in a period. None is given twice."""

    id: bytes
    programme_id: str
    task: str
    period: str
    taken: int = 0


@record(frozen=True, slots=True)
class Progress:
    """`value` is the count, the sum, or the number of distinct values so far, whatever the goal.

    `distinct` maps a digest of each value to how many activities brought it. `goal`, `requires`, `group` and `version`
    are the task's as of completion, or before it as of the last change here; `completions` counts how often it was
    completed, which is more than once only where a reversal took a completion back. `transfers` and `scores` are
    what its reward gave, as applied, at `reward_sequence` in the programme's order. A reward that is not claimed before
    `claim_by` lapses: `lapsed_at` is that instant, once the member was told; `due_at` is when to tell them next. Of a task for the first finishers `place` is the member's
    number, which stays theirs whatever becomes of the completion; who `missed` came too late for a reward.
    """

    id: bytes
    programme_id: str
    member_id: bytes
    task: str
    period: str
    value: int = 0
    distinct: Mapping[str, int] = field(default_factory=dict)
    goal: int = 0
    requires: tuple[str, ...] = ()
    group: Requirement | None = None
    version: int = 0
    completions: int = 0
    completed_at: datetime | None = None
    claimed_at: datetime | None = None
    claim_by: datetime | None = None
    lapsed_at: datetime | None = None
    due_at: datetime | None = None
    place: int | None = None
    missed: bool = False
    cause: Cause | None = None
    transfers: tuple[bytes, ...] = ()
    scores: tuple[Contribution, ...] = ()
    reward_sequence: int = 0
    updated_at: datetime | None = None
    sequence: int = 0
    former_places: tuple[int, ...] = ()
    """Places beside `place` of accounts that were merged into the member's: nobody else is given them."""

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None

    @property
    def awaits(self) -> tuple[str, ...]:
        """The keys of the tasks by which it was completed, beside its own count."""
        return (*self.requires, *self.group.every_key()) if self.group else self.requires

    def is_claimable(self, now: datetime) -> bool:
        """Whether its reward waits to be claimed."""
        waits = self.completed_at is not None and self.claimed_at is None and not self.missed
        return waits and (self.claim_by is None or now < self.claim_by)


@lru_cache(maxsize=IDS_CACHED)
def progress_id(programme_id: str, member_id: bytes, task: str, period: str) -> bytes:
    """The id of that member's progress in that task and period."""
    return derived_id("progress", programme_id, member_id, task, period)


def places_in(programme_id: str, task: str, period: str) -> Places:
    """The places of a task's period, before the first is taken."""
    return Places(derived_id("task places", programme_id, task, period), programme_id, task, period)


def new_progress(programme_id: str, member_id: bytes, task: str, period: str) -> Progress:
    """Progress before any activity."""
    return Progress(progress_id(programme_id, member_id, task, period), programme_id, member_id, task, period)
