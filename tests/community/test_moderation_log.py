"""The log's chain: whoever changes, removes or reorders entries is found, and erasing words breaks nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from community.oversight.chain import GENESIS, breaks, entry_after
from community.oversight.model import Act, ActKind, LogEntry, Subject, SubjectKind
from gamification.kit.records import evolve

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def chain(length: int = 5) -> list[LogEntry]:
    """A log of so many entries, each with words."""
    entries: list[LogEntry] = []
    previous = GENESIS
    for number in range(1, length + 1):
        act = Act(
            ActKind.REMOVED, Subject(SubjectKind.POST, bytes([number])), b"ann", "square", f"reason {number}"
        )
        at = NOW + timedelta(minutes=number)
        entry = entry_after("club", number, previous, act, "moderator:kim", at, bytes([number]) * 16)
        previous = entry.hash
        entries.append(entry)
    return entries


def test_a_log_as_it_was_written_holds_and_so_it_does_without_words() -> None:
    entries = chain()
    assert breaks(entries) == []
    without = [evolve(one, salt=None, act=evolve(one.act, reason=None)) for one in entries]
    assert breaks(without) == []


TAMPERED: dict[str, Callable[[list[LogEntry]], list[LogEntry]]] = {
    "changed": lambda log: [*log[:2], evolve(log[2], by="moderator:lee"), *log[3:]],
    "other words": lambda log: [*log[:2], evolve(log[2], act=evolve(log[2].act, reason="x")), *log[3:]],
    "missing": lambda log: [*log[:2], *log[3:]],
    "reordered": lambda log: [log[1], log[0], *log[2:]],
    "rewritten": lambda log: [
        *[*log[:2], *chain(3)[2:], *log[3:]][:4],
        evolve(log[4], previous=b"\x00" * 32),
    ],
}


@pytest.mark.parametrize("way", TAMPERED)
def test_whatever_is_done_to_it_is_found(way: str) -> None:
    assert breaks(TAMPERED[way](chain())) != []
