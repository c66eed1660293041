"""What every importer hands over, and how it accounts for what it left out."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from gamification.kit.errors import InvalidInput


class SourceUnreadable(InvalidInput):
    """A source file is missing, is not the expected format, or is refused as unsafe; the message names it."""


@dataclass(frozen=True, slots=True)
class ImportedMember:
    """A member as the source knows them; `joined_at` is UTC. None means that the source doesn't say."""

    external_id: str
    display_name: str
    joined_at: datetime
    locale: str | None = None
    time_zone: str | None = None
    avatar_url: str | None = None


@dataclass(slots=True)
class ImportReport:
    """Rows read by file, and by (file, reason) the activities that could not be made of them."""

    read: Counter[str] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def skip(self, file: str, reason: str) -> None:
        """Count one activity that could not be made of a row of `file`."""
        self.skipped[file, reason] += 1

    def as_dict(self) -> dict[str, dict[str, int] | dict[str, dict[str, int]]]:
        """The report as plain data, for JSON: {"read": {file: n}, "skipped": {file: {reason: n}}}."""
        skipped: dict[str, dict[str, int]] = {}
        for (file, reason), count in sorted(self.skipped.items()):
            skipped.setdefault(file, {})[reason] = count
        return {"read": dict(self.read), "skipped": skipped}
