"""Every balance from its transfers."""

from collections.abc import Sequence

from gamification.ledger.chain import first_break
from gamification.ledger.model import Account, Transfer
from gamification.ledger.service import replay
from gamification.verification.report import Report


def check_account(account: Account, transfers: Sequence[Transfer], report: Report) -> None:
    """The account must be the sum of its transfers, numbered from 1 without a gap, and its lots its balance."""
    report.count("accounts")
    report.count("transfers", len(transfers))
    name = f"account {account.member_id.hex()} {account.unit}"
    broken = first_break(account, transfers)
    if broken is not None:
        report.differs(f"{name}: the chain breaks at entry {broken.entry}: {broken.reason}")
    report.count("chained transfers", sum(transfer.previous is not None for transfer in transfers))
    running = 0
    for expected, transfer in enumerate(transfers, start=1):
        running += transfer.amount
        if transfer.entry != expected:
            return  # the chain said so
        if transfer.balance_after != running:
            report.differs(
                f"{name}: after transfer {expected} stored {transfer.balance_after}, computed {running}"
            )
    computed = replay(account.unit, transfers)
    report.compare(f"{name} entries", account.entries, len(transfers))
    report.compare(
        f"{name} (active, spent, expired, lifetime, pending, held)",
        (
            account.active,
            account.spent,
            account.expired,
            account.lifetime,
            account.pending,
            account.held,
        ),
        (
            computed.active,
            computed.spent,
            computed.expired,
            computed.lifetime,
            computed.pending,
            computed.held,
        ),
    )
    # A balance below zero is a debt, and has no lots.
    report.compare(f"{name} lots", sum(lot.amount for lot in account.lots), max(account.active, 0))
    if any(lot.amount <= 0 for lot in account.lots):
        report.differs(f"{name}: a lot is not positive")
