"""What a verification found."""

from dataclasses import dataclass, field

DIFFERENCES_KEPT = 1000


@dataclass(slots=True)
class Report:
    """`counts`: how many of each kind were checked. `differences`: the first DIFFERENCES_KEPT, as sentences;
    `total`: how many there are in all."""

    counts: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    total: int = 0

    @property
    def ok(self) -> bool:
        return self.total == 0

    def count(self, kind: str, number: int = 1) -> None:
        """Note that so many of a kind were checked."""
        self.counts[kind] = self.counts.get(kind, 0) + number

    def differs(self, sentence: str) -> None:
        """Note a difference."""
        self.total += 1
        if len(self.differences) < DIFFERENCES_KEPT:
            self.differences.append(sentence)

    def compare(self, what: str, stored: object, computed: object) -> None:
        """Note a difference where the two are not equal."""
        if stored != computed:
            self.differs(f"{what}: stored {stored!r}, computed {computed!r}")
