"""Stocks, caps, red packets and coupons against the redemptions that count in them; what was paid against the ledger."""

from collections import Counter

from gamification.ledger.holds import HoldState
from gamification.ledger.model import Transfer, TransferKind
from gamification.rewards.model import (
    Coupon,
    CouponState,
    Paid,
    Redemption,
    coupon_id,
)
from gamification.settlement.issuing import tickets_id
from gamification.settlement.unit import Stores
from gamification.verification.replay import Expected
from gamification.verification.report import Report


async def check_rewards(stores: Stores, programme_id: str, expected: Expected, report: Report) -> None:
    """Nothing is issued beyond its stock, no code twice, nothing for points that were not spent, and nothing spent for
    nothing."""
    redemptions = {one.id: one async for one in stores.rewards.stream(programme_id)}
    if redemptions:
        report.count("redemptions", len(redemptions))
    _check_given(redemptions, expected, report)
    await _check_tallies(stores, programme_id, redemptions, report)
    await _check_packets(stores, redemptions, report)
    await _check_coupons(stores, programme_id, redemptions, report)
    await _check_paid(stores, programme_id, redemptions, report)
    await _check_tickets(stores, programme_id, redemptions, report)


def _check_given(redemptions: dict[bytes, Redemption], expected: Expected, report: Report) -> None:
    """What rules gave is there, on the activity that it was given for; without one nothing stands that could be taken
    back."""
    for found, ground in expected.given.items():
        report.count("rewards given by rules")
        stored = redemptions.get(found)
        report.compare(f"redemption {found.hex()} ground", stored.ground if stored else None, ground)
    for one in redemptions.values():
        by_rule = one.ground is not None and one.ground.startswith("activity:")
        if by_rule and one.stands and not one.kept and one.id not in expected.given:
            report.differs(f"redemption {one.id.hex()} stands, but no activity gives it")


async def _check_tallies(
    stores: Stores, programme_id: str, redemptions: dict[bytes, Redemption], report: Report
) -> None:
    counted = Counter(
        found for one in redemptions.values() for found in (one.stock, *one.caps) if found is not None
    )
    for one in redemptions.values():
        if one.charged is not None:
            counted[one.charged] += one.cost or 0
    for tally in await stores.rewards.tallies_of(programme_id):
        report.count("stocks and caps")
        name = f"{tally.scope} of reward {tally.reward} {tally.period}"
        report.compare(name, tally.taken, counted.pop(tally.id, 0))
        if tally.taken > tally.bound:
            report.differs(f"{name}: {tally.taken} were issued, {tally.bound} may be")
    for missing, count in counted.items():
        report.differs(f"tally {missing.hex()} is missing, in which {count} redemptions count")


async def _check_packets(stores: Stores, redemptions: dict[bytes, Redemption], report: Report) -> None:
    async for packet in stores.rewards.stream_packets({one.programme_id for one in redemptions.values()}):
        report.count("red packets")
        shares = [
            one.amount
            for one in redemptions.values()
            if one.reward == packet.reward and one.amount is not None and one.stock is not None
        ]
        report.compare(f"red packet {packet.reward}", packet.total, packet.left + sum(shares))


async def _check_coupons(
    stores: Stores, programme_id: str, redemptions: dict[bytes, Redemption], report: Report
) -> None:
    holders = {one.coupon: one for one in redemptions.values() if one.coupon is not None}
    async for coupon in stores.rewards.stream_coupons(programme_id):
        report.count("coupons")
        name = f"coupon {coupon.id.hex()}"
        report.compare(f"{name} id", coupon.id, coupon_id(programme_id, coupon.code))
        if coupon.used > coupon.uses_max:
            report.differs(f"{name}: used {coupon.used} times, {coupon.uses_max} may be")
        _check_holder(name, coupon, holders.pop(coupon.id, None), report)
    for redemption in holders.values():
        report.differs(f"coupon of redemption {redemption.id.hex()} is missing")


def _check_holder(name: str, coupon: Coupon, redemption: Redemption | None, report: Report) -> None:
    report.compare(f"{name} redemption", coupon.redemption, redemption.id if redemption else None)
    report.compare(f"{name} member", coupon.member_id, redemption.member_id if redemption else None)
    expected = CouponState.AVAILABLE
    if redemption is not None:
        expected = CouponState.ISSUED if redemption.stands else CouponState.VOID
    report.compare(f"{name} state", coupon.state, expected)


async def _check_paid(
    stores: Stores, programme_id: str, redemptions: dict[bytes, Redemption], report: Report
) -> None:
    paid = {one.id: one.paid for one in redemptions.values() if one.paid is not None}
    if not redemptions:
        return
    for_rewards: dict[bytes, Transfer] = {}
    async for transfers in stores.ledger.stream_by_account(programme_id):
        for transfer in transfers:
            if transfer.cause.reward is not None and transfer.kind in (
                TransferKind.SPENT,
                TransferKind.RETURNED,
            ):
                for_rewards[transfer.id] = transfer
    held = [one.transfer for one in paid.values() if one.transfer not in for_rewards]
    holds = await stores.holds.by_ids(programme_id, held)
    for redemption_id, one in paid.items():
        name = f"payment of redemption {redemption_id.hex()}"
        spent = for_rewards.pop(one.transfer, None)
        returned = for_rewards.pop(one.refund, None) if one.refund is not None else None
        if spent is not None:
            _check_spent(name, one, spent, returned, report)
        elif one.transfer in holds:
            hold = holds[one.transfer]
            report.compare(f"{name} amount", hold.amount, one.amount)
            report.compare(f"{name} hold", hold.state is HoldState.OPEN, one.hold)
            if not one.hold:
                report.compare(f"{name} refunded", one.refunded, one.amount)
        else:
            report.differs(f"{name}: its transfer is missing")
    for transfer in for_rewards.values():
        report.differs(f"transfer {transfer.id.hex()} for reward {transfer.cause.reward} has no redemption")


async def _check_tickets(
    stores: Stores, programme_id: str, redemptions: dict[bytes, Redemption], report: Report
) -> None:
    giving = {tickets_id(one.id): one for one in redemptions.values() if one.tickets is not None}
    brought = await stores.ledger.transfers(programme_id, list(giving)) if giving else {}
    for found, one in giving.items():
        amount = brought[found].amount if found in brought else 0
        report.compare(f"tickets of redemption {one.id.hex()}", amount, one.tickets)


def _check_spent(name: str, paid: Paid, spent: Transfer, returned: Transfer | None, report: Report) -> None:
    back = returned.amount + sum(limit.shortfall for limit in returned.limited_by) if returned else 0
    # What was set aside and not spent came back without a transfer of its own.
    released = paid.refunded if paid.refund is not None and returned is None else 0
    report.compare(f"{name} amount", -spent.amount, paid.amount - released)
    report.compare(f"{name} refunded", back, paid.refunded - released)
