"""Members as they were a moment ago, in memory: what boards and lists show of them.

What this process changes it never reads from here: a member that is being written is left out until the transaction has
surely ended. Another process's change is seen after `fresh_s` seconds at the latest. Whoever reads applies permissions:
what is held here is the same for everyone.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from gamification.members.model import Member
from storage.batching import Batcher

SIZE_MAX = 50_000
_WRITING_S = 90.0
"""A transaction ends within MongoDB's limit of 60 s, or is aborted."""


class MemberCache:
    """`read` finds members of a programme by id. What is asked in one turn of the loop and not held is one read."""

    def __init__(
        self,
        read: Callable[[str, Sequence[bytes]], Awaitable[dict[bytes, Member]]],
        fresh_s: float,
        size_max: int = SIZE_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._batcher: Batcher[str, bytes, dict[bytes, Member]] = Batcher(self._read_and_hold)
        self._read = read
        self._fresh_s = fresh_s
        self._size_max = size_max
        self._clock = clock
        # Both in the order in which they end, so that the first are always the oldest.
        self._held: dict[bytes, tuple[float, Member]] = {}
        self._writing: dict[bytes, float] = {}
        self._ids: dict[tuple[str, str], bytes] = {}

    def held(self, programme_id: str, ids: Iterable[bytes]) -> dict[bytes, Member] | None:
        """These members, where every one of them is held; None where one isn't and `by_ids` must be asked."""
        now, rows, found = self._clock(), self._held, {}
        for member_id in ids:
            row = rows.get(member_id)
            if row is None or row[0] <= now or row[1].programme_id != programme_id:
                return None
            found[member_id] = row[1]
        return found

    def held_by_external_id(self, programme_id: str, external_id: str) -> Member | None:
        """The member of that name, where held."""
        member_id = self._ids.get((programme_id, external_id))
        found = self.held(programme_id, [member_id]) if member_id is not None else None
        return found[member_id] if found and member_id is not None else None

    async def by_ids(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Member]:
        """Members by id, held or read; those of other programmes are absent."""
        now, rows = self._clock(), self._held
        found: dict[bytes, Member] = {}
        missing: list[bytes] = []
        for member_id in ids:
            row = rows.get(member_id)
            if row is None or row[0] <= now:
                missing.append(member_id)
            elif row[1].programme_id == programme_id:
                found[member_id] = row[1]
        if missing:
            read = await self._batcher.ask(programme_id, missing)
            found |= {member_id: read[member_id] for member_id in missing if member_id in read}
        return found

    def hold(self, read_at: float, members: Iterable[Member]) -> None:
        """Keep what was read; `read_at` is when the reading began, by `clock`."""
        until = read_at + self._fresh_s
        if self._fresh_s <= 0:
            return
        for member in members:
            row = self._held.get(member.id)
            if member.id in self._writing or (row is not None and row[0] >= until):
                continue
            self._drop(member.id)
            self._held[member.id] = (until, member)
            if member.merged_into is None:  # else its external id finds another
                self._ids[(member.programme_id, member.external_id)] = member.id
        self._forget_old()

    def now(self) -> float:
        """The instant to give to `hold`."""
        return self._clock()

    def leave_out(self, member_id: bytes) -> None:
        """A transaction writes this member: from now on, until it has surely ended, it is read every time."""
        self._drop(member_id)
        self._writing.pop(member_id, None)
        self._writing[member_id] = self._clock() + _WRITING_S

    async def _read_and_hold(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Member]:
        read_at = self._clock()
        found = await self._read(programme_id, ids)
        self.hold(read_at, found.values())
        return found

    def _drop(self, member_id: bytes) -> None:
        row = self._held.pop(member_id, None)
        if row is not None:
            self._ids.pop((row[1].programme_id, row[1].external_id), None)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._held:
            oldest, (until, _) = next(iter(self._held.items()))
            if until > now and len(self._held) <= self._size_max:
                break
            self._drop(oldest)
        while self._writing:
            oldest, until = next(iter(self._writing.items()))
            if until > now:
                break
            del self._writing[oldest]
