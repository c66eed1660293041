"""Group commit: what arrives while a transaction is under way shares the next one.

Each caller gets outcomes or an error of their own. Where a shared transaction fails, it is run again in halves, down
to each by itself: whoever made it fail is told so, and the others are recorded. Nothing is answered before the commit
is acknowledged.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from gamification.activity.model import ActivityOutcome, NewActivity
from gamification.activity.waiting import Key, Submission, Waiting
from storage.mongo import Contention, MongoUnavailable

log = structlog.get_logger()

GROUP_MAX = 250
"""Activities that share a transaction; one submission may have more."""

GROUPS_MAX = 3
"""Transactions of one programme under way at once in this process: one computes while another's database works."""

OVERLAP_FROM = 100
"""Activities that must wait for another transaction to be begun beside one under way; fewer wait and share."""

WAITING_MAX = 20_000
"""Activities that wait in this process; beyond it a caller is told to try again."""

SHARED_PATIENCE_S = 0.5
"""How long a shared transaction goes on meeting others on the same documents before it is halved."""

Run = Callable[[str, Sequence[Submission], float | None], Awaitable[list[list[ActivityOutcome]]]]
"""Records submissions of a programme in one transaction: outcomes for each, in order. The last argument is how many
seconds to go on where it conflicts, None for as long as any other."""


@dataclass(slots=True)
class _Lane:
    """What waits and what is under way for one programme."""

    waiting: Waiting = field(default_factory=Waiting)
    busy: set[Key] = field(default_factory=set)
    running: int = 0
    looking: bool = False


class Grouping:
    """Runs submissions in groups. A caller who is cancelled while waiting takes the submission back; once it is under
    way it goes on, for its neighbours' sake, and its outcome is kept like any other."""

    def __init__(self, run: Run, *, waiting_max: int = WAITING_MAX) -> None:
        self._run = run
        self._waiting_max = waiting_max
        self._lanes: dict[str, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(
        self,
        programme_id: str,
        caller: str,
        parts: Iterable[Sequence[NewActivity]],
        *,
        historic: bool,
        counts_subjects: bool,
        budgets: Callable[[str], Iterable[Hashable]] = lambda _: (),
    ) -> list[list[ActivityOutcome]]:
        """The outcomes of each part; parts touch nothing in common. `counts_subjects`: activities about one subject
        touch the same counters. `budgets`: what activities of a type use up together, whosever they are. Raises: Contention where too much waits; what recording raises."""
        loop = asyncio.get_running_loop()
        submissions = [
            Submission(
                caller,
                part,
                historic,
                loop.create_future(),
                _touched(part, counts_subjects=counts_subjects, budgets=budgets),
                _names(part),
            )
            for part in parts
        ]
        waiting = sum(lane.waiting.activities for lane in self._lanes.values())
        if waiting and waiting + sum(len(s.batch) for s in submissions) > self._waiting_max:
            raise Contention(f"{waiting} activities wait to be recorded; try again.")
        lane = self._lanes.setdefault(programme_id, _Lane())
        for submission in submissions:
            lane.waiting.add(submission)
        self._look_soon(programme_id, lane)
        if (
            len(submissions) == 1
        ):  # without a detour, so that whoever comes again at once is in time for the next group
            return [await submissions[0].answer]
        answers = await asyncio.gather(*(s.answer for s in submissions), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    def _look_soon(self, programme_id: str, lane: _Lane) -> None:
        """Look for the next group once all who are about to hand in have done so."""
        if not lane.looking:
            lane.looking = True
            asyncio.get_running_loop().call_soon(self._look, programme_id, lane)

    def _look(self, programme_id: str, lane: _Lane) -> None:
        lane.looking = False
        while lane.running == 0 or (lane.running < GROUPS_MAX and lane.waiting.activities >= OVERLAP_FROM):
            group = lane.waiting.take(GROUP_MAX, lane.busy)
            if not group:
                break
            lane.running += 1
            lane.busy.update(*(submission.held for submission in group))
            self._begin(self._work(programme_id, lane, group))
        if not lane.busy and not lane.waiting.activities:
            self._lanes.pop(programme_id, None)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        # In a context of its own: what the first caller has bound (request id, time limits) is not the others'.
        task = asyncio.get_running_loop().create_task(
            work, name="group-commit", context=contextvars.Context()
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, programme_id: str, lane: _Lane, group: Sequence[Submission]) -> None:
        try:
            await self._record(programme_id, lane, group)
        finally:
            lane.running -= 1
            self._look_soon(programme_id, lane)

    async def _record(self, programme_id: str, lane: _Lane, group: Sequence[Submission]) -> None:
        """Record a group, or where that fails its halves; a single one that others keep from its members waits for
        them beside the groups."""
        try:
            answers = await self._run(programme_id, group, SHARED_PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is its caller's
            if isinstance(error, Contention) and len(group) == 1:
                self._begin(self._insist(programme_id, lane, group[0]))
            elif isinstance(error, MongoUnavailable) or len(group) == 1:
                _finish(lane, group, error)
            else:
                log.warning("intake.halved", submissions=len(group), error=type(error).__name__)
                middle = len(group) // 2
                await self._record(programme_id, lane, group[:middle])
                await self._record(programme_id, lane, group[middle:])
        except BaseException as error:
            _finish(lane, group, error)
            raise
        else:
            _finish(lane, group, answers)

    async def _insist(self, programme_id: str, lane: _Lane, submission: Submission) -> None:
        """Go on for as long as any transaction does."""
        try:
            _finish(lane, [submission], await self._run(programme_id, [submission], None))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is its caller's
            _finish(lane, [submission], error)
        except BaseException as error:
            _finish(lane, [submission], error)
            raise
        finally:
            self._look_soon(programme_id, lane)


def _finish(
    lane: _Lane, group: Sequence[Submission], answers: list[list[ActivityOutcome]] | BaseException
) -> None:
    """Answer those who still wait, and let others at what the group touched."""
    for index, submission in enumerate(group):
        lane.busy -= submission.held
        if submission.answer.done():
            continue
        if isinstance(answers, list):
            submission.answer.set_result(answers[index])
        elif isinstance(answers, asyncio.CancelledError):
            submission.answer.cancel()
        else:
            submission.answer.set_exception(answers)


def _touched(
    batch: Sequence[NewActivity], *, counts_subjects: bool, budgets: Callable[[str], Iterable[Hashable]]
) -> frozenset[Hashable]:
    members = {new.member_external_id for new in batch}
    subjects = (
        {("subject", new.subject) for new in batch if new.subject is not None} if counts_subjects else set()
    )
    shared = {("budget", budget) for kind in {new.type for new in batch} for budget in budgets(kind)}
    return frozenset(members | subjects | shared)


def _names(batch: Sequence[NewActivity]) -> frozenset[Hashable]:
    return frozenset((new.source, new.source_id) for new in batch)
