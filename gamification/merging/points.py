"""Moving points: with their lots and what is pending, by transfers in the hash chains of both accounts."""

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.numbers import LONG_MAX
from gamification.kit.records import evolve
from gamification.ledger.model import Account, Limit, LimitKind, Posting, TransferKind, account_id
from gamification.members.model import Member
from gamification.merging.model import MovedPoints
from gamification.merging.repository import MergeRepository
from gamification.settlement.needs import Needs
from gamification.settlement.unit import Unit


async def move_points(
    work: Unit, stored: MergeRepository, merged: Member, into: Member, cause: Cause
) -> list[MovedPoints]:
    """All that the merged account has and owes. What reversals take back of what it was given is taken from the survivor
    from then on. Its accounts stay, empty, with their history."""
    space = work.space
    mine = {"member_id": merged.id}
    accounts = await stored.ids("accounts", mine, work.tx)
    pendings = await stored.ids("pending_points", mine, work.tx)
    await work.load(Needs(accounts=set(accounts), pendings=set(pendings)))
    heirs = {account_id(into.programme_id, into.id, space.accounts[found].unit) for found in accounts}
    await work.load(Needs(accounts=heirs))
    moved = [
        one for found in accounts if (one := _move(work, space.accounts[found], into, cause)) is not None
    ]
    for found in pendings:
        pending = space.pendings[found]
        heir = account_id(into.programme_id, into.id, pending.unit)
        space.put_pending(evolve(pending, account_id=heir, member_id=into.id))
    return moved


def _move(work: Unit, account: Account, into: Member, cause: Cause) -> MovedPoints | None:
    """Empty one account into the survivor's."""
    space = work.space
    out_id, in_id = derived_id("merged", account.id, "out"), derived_id("merged", account.id, "in")
    limits = (Limit(LimitKind.OWED, account.owed),) if account.owed else ()
    gone = Posting(
        out_id,
        -account.active,
        TransferKind.MERGED,
        space.now,
        cause,
        pending=-account.pending,
        limits=limits,
        related=in_id,
    )
    left = space.put(account, gone, floor=-LONG_MAX)
    emptied = space.account(account.member_id, account.unit)
    space.put_account(evolve(emptied, owed=0, heir=into.id), [])
    if left is None:
        return None
    # With the lots that were taken, each as long as it lasts; a debt takes what is there, and is a debt beyond it.
    came = evolve(
        gone,
        id=in_id,
        amount=-left.amount,
        pending=-left.pending,
        lots=left.lots if left.amount < 0 else (),
        related=out_id,
    )
    space.put(space.account(into.id, account.unit), came, floor=-LONG_MAX)
    heir = space.account(into.id, account.unit)
    space.put_account(evolve(heir, owed=heir.owed + account.owed), [])
    return MovedPoints(account.unit, account.active, account.pending, account.owed, heir.active, heir.pending)
