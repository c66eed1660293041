"""What members entered a contest with, whom they vote for, and how it ended."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions import Contest, Status

ENTRIES_MAX = 5_000
"""So many stories a contest takes in all: its ranking is one transaction."""


class ContestState(StrEnum):
    """COMING, OPEN for stories or votes, COUNTING once voting is over, FINISHED once its results are there and given.
    CANCELLED where it was archived before its end: nobody wins."""

    COMING = "coming"
    OPEN = "open"
    COUNTING = "counting"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    """OPEN; GIVING: it is ranked, and prizes are being given; FINISHED; CANCELLED."""

    OPEN = "open"
    GIVING = "giving"
    FINISHED = "finished"
    CANCELLED = "cancelled"


@record(frozen=True, slots=True)
class Run:
    """How far a contest has come, from its first entry on. `entries` counts those that stand; `programme_version` is whose
    prizes are given."""

    id: bytes
    programme_id: str
    contest: str
    ends_at: datetime
    state: RunState = RunState.OPEN
    entries: int = 0
    ranked_at: datetime | None = None
    finished_at: datetime | None = None
    programme_version: int | None = None


@record(frozen=True, slots=True)
class Disqualification:
    """Why a story was put out of a contest, since when, by whom."""

    at: datetime
    by: str
    reason: str


@record(frozen=True, slots=True)
class Entry:
    """A story in a contest. `seen`: others see its post. `rank` is given once the contest is ranked, to what stands and has
    votes enough; `frozen` says that it was looked at then. What it won is as applied."""

    id: bytes
    programme_id: str
    contest: str
    post_id: bytes
    member_id: bytes
    at: datetime
    seen: bool
    withdrawn: bool = False
    disqualified: Disqualification | None = None
    votes: int = 0
    rank: int | None = None
    given_at: datetime | None = None
    transfers: tuple[bytes, ...] = ()
    awards: tuple[bytes, ...] = ()
    frozen: bool = False

    @property
    def stands(self) -> bool:
        """Whether it takes part."""
        return self.seen and not self.withdrawn and self.disqualified is None


@record(frozen=True, slots=True)
class Ballot:
    """A member's votes in one contest: the posts. `counted` are those that count, which a shadow-limited member doesn't
    change."""

    id: bytes
    programme_id: str
    contest: str
    member_id: bytes
    chosen: tuple[bytes, ...]
    counted: tuple[bytes, ...]
    at: datetime


def run_id(programme_id: str, contest: str) -> bytes:
    """The id of a contest's run."""
    return derived_id("contest run", programme_id, contest)


def entry_id(programme_id: str, contest: str, post_id: bytes) -> bytes:
    """A story is in a contest once."""
    return derived_id("contest entry", programme_id, contest, post_id)


def ballot_id(programme_id: str, contest: str, member_id: bytes) -> bytes:
    """There can be one of a member in a contest."""
    return derived_id("contest ballot", programme_id, contest, member_id)


def state_of(contest: Contest, run: Run | None, now: datetime) -> ContestState:
    """Where a contest stands."""
    if run is not None and run.state in (RunState.FINISHED, RunState.CANCELLED):
        return ContestState(run.state.value)
    if contest.status is Status.ARCHIVED and (run is None or run.state is RunState.OPEN):
        return ContestState.CANCELLED
    if now < contest.entries_from:
        return ContestState.COMING
    if now < contest.votes_until:
        return ContestState.OPEN
    return ContestState.COUNTING if run is not None else ContestState.FINISHED


def takes_entries(contest: Contest, now: datetime) -> bool:
    """Whether stories are entered then."""
    return contest.status is Status.PUBLISHED and contest.entries_from <= now < contest.entries_until


def takes_votes(contest: Contest, now: datetime) -> bool:
    """Whether stories are voted for then."""
    return contest.status is Status.PUBLISHED and contest.votes_from <= now < contest.votes_until
