"""The CDNOW purchase file as members and activity.

A header, then one purchase a line: customer, day (YYYYMMDD), number of CDs, dollars. Purchases have no id, so
the line number is theirs: the file may grow at its end, but lines must not move between two imports.
A purchase is dated noon UTC of its day, which is that same day in every zone from UTC-12 to UTC+11.

Source: Fader and Hardie, "Forecasting Repeat Sales at CDNOW" (2001), the data set's description.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from gamification.activity.model import NewActivity
from gamification.importers.model import ImportedMember, ImportReport, SourceUnreadable
from gamification.importers.ordering import ActivitySorter

SOURCE = "cdnow"
PURCHASE = "purchase.completed"
MALFORMED = "malformed"

_NOON = 12
_DAY = re.compile(r"[0-9]{8}")


class Purchase(NamedTuple):
    """A line of the file; `amount` in dollars, `line` counted from 1 with the header."""

    line: int
    customer: str
    at: datetime
    quantity: int
    amount: float


class PurchaseFile:
    """One purchase file.

    In memory are one entry a customer (`members`) or at most one run of the sorter (`activities`): the file is
    ordered by customer, and activity must come in order of time, then line. `report` counts for `activities`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.report = ImportReport()

    def members(self) -> Iterator[ImportedMember]:
        """A member a customer, in order of id, joined at the first purchase. Raises: SourceUnreadable."""
        joined: dict[str, datetime] = {}
        for purchase in self._purchases(ImportReport()):
            first = joined.get(purchase.customer)
            if first is None or purchase.at < first:
                joined[purchase.customer] = purchase.at
        for customer, at in sorted(joined.items()):
            yield ImportedMember(external_id=customer, display_name=f"Customer {customer}", joined_at=at)

    def activities(self) -> ActivitySorter:
        """All purchases in order, to iterate once or again; `len` is known. Raises: SourceUnreadable."""
        sorter = ActivitySorter()
        self.report = ImportReport()
        for purchase in self._purchases(self.report):
            activity = NewActivity(
                type=PURCHASE,
                source=SOURCE,
                source_id=f"line:{purchase.line}",
                member_external_id=purchase.customer,
                occurred_at=purchase.at,
                subject=None,
                properties={"amount": purchase.amount, "quantity": purchase.quantity},
            )
            sorter.add((int(purchase.at.timestamp() * 1000), 0, purchase.line, 0), activity)
        return sorter

    def _purchases(self, report: ImportReport) -> Iterator[Purchase]:
        name = self._path.name
        try:
            # newline=None takes the CRLF of the original and a plain LF alike.
            with self._path.open(encoding="ascii") as lines:
                header = next(lines, "").split()
                if len(header) != 4 or header[0].isdigit():
                    raise SourceUnreadable(
                        f"{self._path} has no header line of four columns (customer, date, number, dollars)."
                    )
                for number, line in enumerate(lines, start=2):
                    if not line.strip():
                        continue
                    report.read[name] += 1
                    purchase = _purchase(number, line)
                    if purchase is None:
                        report.skip(name, MALFORMED)
                    else:
                        yield purchase
        except UnicodeDecodeError as error:
            raise SourceUnreadable(f"{self._path} is not a text file of plain ASCII.") from error
        except OSError as error:
            raise SourceUnreadable(f"Can't read {self._path}: {error.strerror}.") from error


def _purchase(number: int, line: str) -> Purchase | None:
    """None where the line isn't four columns of the right kinds, with a finite amount of 0 or more."""
    columns = line.split()
    if len(columns) != 4 or not columns[0].isdigit() or not _DAY.fullmatch(columns[1]):
        return None
    day = columns[1]
    try:
        at = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), _NOON, tzinfo=UTC)
        quantity, amount = int(columns[2]), float(columns[3])
    except ValueError:
        return None
    if quantity < 0 or not isfinite(amount) or amount < 0:
        return None
    return Purchase(number, columns[0], at, quantity, amount)
