"""Activity sorted by time and then id, in bounded memory.

Dumps are ordered by id, and the ids of several files say nothing about each other, so everything is sorted
before the first activity is handed over: sorted runs go to one private temporary file and are merged from it.
"""

import heapq
import json
import os
import tempfile
import weakref
from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from typing import IO

from gamification.activity.model import NewActivity

SortKey = tuple[int, ...]
"""(milliseconds since 1970 UTC, rank of the file, id in the file, place among the activities of one row)."""

Entry = tuple[SortKey, NewActivity]

RUN_LENGTH = 50_000
BLOCK_LENGTH = 500


class ActivitySorter:
    """Takes activities in any order, gives them back in the order of their keys; `len` is known before that.

    At most one run of `run_length` activities, or one block of each run, is in memory. Equal keys keep the
    order in which they were added.
    """

    def __init__(self, run_length: int = RUN_LENGTH) -> None:
        self._run_length = run_length
        self._pending: list[Entry] = []
        self._runs: list[tuple[int, int]] = []
        self._spool: IO[bytes] | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key: SortKey, activity: NewActivity) -> None:
        """Take one more activity; not while iterating."""
        self._pending.append((key, activity))
        self._count += 1
        if len(self._pending) >= self._run_length:
            self._write_run()

    def __iter__(self) -> Iterator[NewActivity]:
        self._pending.sort(key=itemgetter(0))
        # Runs come in the order of arrival, the pending entries last: that keeps equal keys in order.
        spool = self._spool
        runs = [self._read_run(spool, start, end) for start, end in self._runs] if spool is not None else []
        for _, activity in heapq.merge(*runs, iter(self._pending), key=itemgetter(0)):
            yield activity

    def _write_run(self) -> None:
        if self._spool is None:
            self._spool = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the sorter)
            weakref.finalize(self, self._spool.close)
        self._pending.sort(key=itemgetter(0))
        start = self._spool.seek(0, os.SEEK_END)
        for at in range(0, len(self._pending), BLOCK_LENGTH):
            self._spool.write(_encode(self._pending[at : at + BLOCK_LENGTH]))
        self._runs.append((start, self._spool.tell()))
        self._pending = []

    def _read_run(self, spool: IO[bytes], start: int, end: int) -> Iterator[Entry]:
        position = start
        while position < end:
            # Every run reads from the same file, so each returns to its own place before a block.
            spool.seek(position)
            block = spool.readline()
            position = spool.tell()
            yield from _decode(block)


def _encode(entries: list[Entry]) -> bytes:
    """A block as one line of JSON; its fields are those of NewActivity, in their order."""
    block = [
        (
            key,
            a.type,
            a.source,
            a.source_id,
            a.member_external_id,
            a.occurred_at.isoformat(),
            a.subject,
            a.properties,
        )
        for key, a in entries
    ]
    return json.dumps(block).encode() + b"\n"


def _decode(block: bytes) -> Iterator[Entry]:
    for key, type_, source, source_id, member, occurred_at, subject, properties in json.loads(block):
        at = datetime.fromisoformat(occurred_at)
        yield tuple(key), NewActivity(type_, source, source_id, member, at, subject, properties)
