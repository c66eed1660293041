"""Submissions that wait for their transaction, and which of them share the next one: no I/O, no clock.

Callers take turns, so that one who sends much does not hold up those who send little. What touches a member (or a
subject that is counted) of a transaction under way waits for its end, and so does what came after it about the same,
for two at once would only conflict. Two submissions that name the same activity never share a transaction: the second
finds the first one's outcome stored, as if it had come later.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gamification.activity.model import ActivityOutcome, NewActivity

_LOOK_AHEAD = 256
"""How many of one caller's submissions are looked at for one transaction."""

Key = Hashable


@dataclass(eq=False, slots=True)
class Submission:
    """Activities that one caller hands in together; `answer` gets their outcomes, in order, or an error.

    `keys` are what they touch, `names` what they are called.
    """

    caller: str
    batch: Sequence[NewActivity]
    historic: bool
    answer: "asyncio.Future[list[ActivityOutcome]]"
    keys: frozenset[Key] = field(default=frozenset())
    names: frozenset[Key] = field(default=frozenset())

    @property
    def held(self) -> frozenset[Key]:
        """What nobody else may touch or name while this one is under way."""
        return self.keys | self.names


class Waiting:
    """The submissions of one programme in order of arrival."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Submission]] = {}
        self.activities = 0
        """How many activities wait."""

    def add(self, submission: Submission) -> None:
        """Put it at the end of its caller's queue."""
        self._queues.setdefault(submission.caller, deque()).append(submission)
        self.activities += len(submission.batch)

    def take(self, limit: int, busy: Collection[Key]) -> list[Submission]:
        """Take out what shares the next transaction: at most `limit` activities, or one submission that is larger;
        nothing that is `busy`. Whoever gave up waiting is dropped."""
        blocked, names = set(busy), set[Key]()
        taken: list[Submission] = []
        room = limit
        turns = deque(
            (caller, iter(tuple(islice(queue, _LOOK_AHEAD)))) for caller, queue in self._queues.items()
        )
        while turns and room > 0:
            caller, ahead = turns.popleft()
            for submission in ahead:
                if submission.answer.done():
                    continue
                fits = len(submission.batch) <= room or not taken
                if fits and blocked.isdisjoint(submission.held) and names.isdisjoint(submission.names):
                    taken.append(submission)
                    names |= submission.names
                    room -= len(submission.batch)
                    turns.append((caller, ahead))
                    break
                blocked |= submission.held
        self._remove(taken)
        return taken

    def _remove(self, taken: Sequence[Submission]) -> None:
        """Drop those, and those who gave up; callers who were served go to the end of the turns."""
        gone = set(taken)
        served = {submission.caller for submission in taken}
        for caller in sorted(self._queues, key=lambda caller: caller in served):
            queue = self._queues.pop(caller)
            kept = deque(s for s in queue if s not in gone and not s.answer.done())
            if kept:
                self._queues[caller] = kept
        self.activities = sum(len(s.batch) for queue in self._queues.values() for s in queue)
