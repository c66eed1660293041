"""What is pending, what is held, and what is used of caps, from the transfers."""

from collections.abc import Iterable, Mapping, Sequence

from gamification.ledger.caps import CapUse, counted
from gamification.ledger.holds import Hold
from gamification.ledger.model import Account, Transfer
from gamification.ledger.pending import PendingPoints, PendingState
from gamification.verification.report import Report


class PointsCheck:
    """Adds up transfers as they come by, then compares."""

    def __init__(self) -> None:
        self._used: dict[bytes, int] = {}

    def add(self, transfers: Sequence[Transfer]) -> None:
        """Note what transfers count in caps."""
        for transfer in transfers:
            for cap in transfer.caps:
                self._used[cap] = self._used.get(cap, 0) + counted(transfer)

    def compare_caps(self, stored: Mapping[bytes, CapUse], report: Report) -> None:
        """What is used of each cap must be what its transfers make."""
        if stored:
            report.count("caps", len(stored))
        for found in stored.keys() | self._used.keys():
            use = stored.get(found)
            name = f"cap {use.key} {use.period} {found.hex()}" if use else f"cap {found.hex()}"
            report.compare(name, use.used if use else 0, self._used.get(found, 0))


def compare_waiting(
    accounts: Mapping[bytes, Account],
    pendings: Iterable[PendingPoints],
    holds: Iterable[Hold],
    report: Report,
) -> None:
    """What waits and what is held, one by one, must be what the accounts have of both."""
    pending: dict[bytes, int] = {}
    held: dict[bytes, int] = {}
    for one in pendings:
        report.count("pending points")
        if one.state is PendingState.WAITING:
            pending[one.account_id] = pending.get(one.account_id, 0) + one.amount
    for hold in holds:
        report.count("open holds")
        held[hold.account_id] = held.get(hold.account_id, 0) + hold.amount
    for found in accounts.keys() | pending.keys() | held.keys():
        account = accounts.get(found)
        name = f"account {account.member_id.hex()} {account.unit}" if account else f"account {found.hex()}"
        report.compare(
            f"{name} pending, one by one", account.pending if account else 0, pending.get(found, 0)
        )
        report.compare(f"{name} held, one by one", account.held if account else 0, held.get(found, 0))
