"""How often each board has changed, as far as this process has heard: for who keeps something made from boards."""

from collections import Counter
from collections.abc import Iterable

from storage.doorbells import Doorbells

Marks = tuple[tuple[str, int], ...]
"""Boards, or whole programmes, and how often each had changed."""


class BoardChanges:
    """Counts the notices of boards. One that is lost with a connection counts as a change of everything."""

    def __init__(self, doorbells: Doorbells) -> None:
        self._doorbells = doorbells
        self._counts: Counter[str] = Counter()
        doorbells.overhear(self._on_notice, self._on_gap)
        self._gaps = 0

    @property
    def are_heard(self) -> bool:
        """Whether the process hears of changes at present."""
        return self._doorbells.connected.is_set()

    def marks(self, programme_id: str, boards: Iterable[str] | None) -> Marks:
        """How often these boards have changed; None is any board of the programme."""
        keys = [programme_id] if boards is None else [f"{programme_id}|{board}" for board in boards]
        return (("", self._gaps), *((key, self._counts[key]) for key in keys))

    def stand(self, marks: Marks) -> bool:
        """Whether nothing has changed since."""
        return all((self._counts[key] if key else self._gaps) == count for key, count in marks)

    def _on_notice(self, key: str) -> None:
        programme_id, _, rest = key.partition("|")
        board, _, period = rest.partition("|")
        if period:
            self._counts[programme_id] += 1
            self._counts[f"{programme_id}|{board}"] += 1

    def _on_gap(self) -> None:
        self._gaps += 1
