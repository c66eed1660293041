"""What members set aside for others: a hold's points, given to whom they turn out to be for. For whoever spends points in two
steps, inside the caller's transaction."""

from collections.abc import Sequence

from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.holds import Hold, HoldState
from gamification.ledger.model import Lot, Posting, TransferKind, account_id
from gamification.ledger.policies import expiry_of
from gamification.members.model import Member
from gamification.settlement.holding import free, split_lots
from gamification.settlement.needs import Needs
from gamification.settlement.taking_back import lapse
from gamification.settlement.unit import Unit


async def hand_over(
    work: Unit, hold: Hold, parts: Sequence[tuple[Member, int]], cause: Cause
) -> tuple[Hold, list[bytes]]:
    """Give each member so much of an open hold, and the rest back to whose it was: the hold afterwards, and the ids of what
    each received. Points keep their expiry; those that lapsed while they were set aside are dated as if newly earned.

    Raises: Conflict (HOLD_NOT_OPEN), also where its time is over.
    """
    space, unit = work.space, work.space.catalogue.units[hold.unit]
    if hold.state is not HoldState.OPEN or hold.expires_at <= space.now:
        raise Conflict("The hold is not open any more.", code=ErrorCode.HOLD_NOT_OPEN)
    total = sum(amount for _, amount in parts)
    receivers = {account_id(hold.programme_id, member.id, hold.unit) for member, _ in parts}
    await work.load(Needs(accounts=receivers))
    left = await free(work, hold, total, cause)
    given_ids, received_ids = [], []
    for index, (member, amount) in enumerate(parts):
        given, received = (
            derived_id("hold given", hold.id, index),
            derived_id("hold received", hold.id, index),
        )
        lots, left = split_lots(left, amount)
        account = space.account(hold.member_id, hold.unit)
        taken = Posting(given, -amount, TransferKind.GIVEN, space.now, cause, lots=lots, related=received)
        # What was set aside is there to be given, whatever has been taken from the rest meanwhile.
        space.put(account, taken, floor=account.active - amount)
        dated = expiry_of(unit, space.now, space.catalogue.settings.time_zone)
        alive = tuple(
            lot if lot.expires_at is None or lot.expires_at > space.now else Lot(dated, lot.amount)
            for lot in lots
        )
        space.put(
            space.account(member.id, hold.unit),
            Posting(received, amount, TransferKind.RECEIVED, space.now, cause, lots=alive, related=given),
        )
        given_ids.append(given)
        received_ids.append(received)
    lapse(space, hold.member_id, hold.unit)
    settled = evolve(
        hold,
        state=HoldState.CAPTURED,
        captured=total,
        settled_at=space.now,
        transfer=given_ids[0] if given_ids else None,
    )
    await work.stores.holds.settle(settled, work.tx)
    return settled, received_ids
