"""A member's progress in one task and period."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from functools import lru_cache

from gamification.kit.causes import Cause
from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record
from gamification.leaderboards.model import Contribution


@record(frozen=True, slots=True)
class Progress:
    """`value` is the count, the sum, or the number of distinct values so far, whatever the goal.

    `distinct` maps a digest of each value to how many activities brought it. `goal`, `requires` and `version` are
    the task's as of completion, or before it as of the last change here; `completions` counts how often it was
    completed, which is more than once only where a reversal took a completion back. `transfers` and `scores` are
    what its reward gave, as applied, at `reward_sequence` in the programme's order.
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
    version: int = 0
    completions: int = 0
    completed_at: datetime | None = None
    claimed_at: datetime | None = None
    cause: Cause | None = None
    transfers: tuple[bytes, ...] = ()
    scores: tuple[Contribution, ...] = ()
    reward_sequence: int = 0
    updated_at: datetime | None = None
    sequence: int = 0

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None


@lru_cache(maxsize=IDS_CACHED)
def progress_id(programme_id: str, member_id: bytes, task: str, period: str) -> bytes:
    """The id of that member's progress in that task and period."""
    return derived_id("progress", programme_id, member_id, task, period)


def new_progress(programme_id: str, member_id: bytes, task: str, period: str) -> Progress:
    """Progress before any activity."""
    return Progress(progress_id(programme_id, member_id, task, period), programme_id, member_id, task, period)
