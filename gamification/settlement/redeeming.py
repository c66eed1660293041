"""Redeeming a reward within a unit of work: gates, price, issue; and what is paid, taken or given back later on.

Points of what waits for people or other systems are only set aside (`holding`), and spent once it is begun.
"""

from dataclasses import dataclass
from datetime import timedelta

from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, InsufficientPoints, InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.holds import HoldState
from gamification.ledger.model import TransferKind
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import CatalogueReward, Price
from gamification.rewards.fulfilment import check_step, refund_for, refunded_points
from gamification.rewards.gates import check_gate
from gamification.rewards.kinds import REGISTRY
from gamification.rewards.limits import caps_of, check, stock_of
from gamification.rewards.model import Paid, Redemption, RedemptionSource, RedemptionStatus, Step
from gamification.settlement.holding import authorise, capture, release
from gamification.settlement.issuing import advance, end, issue
from gamification.settlement.points import available_of, current
from gamification.settlement.shelves import load_issues
from gamification.settlement.taking_back import lapse, lots_of
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Given
from gamification.tiers.model import state_id

_AS_LONG_AS_IT_WAITS = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Order:
    """What is redeemed for whom. `price` is what it costs here; `sale` the flash sale that it is bought in."""

    member: Member
    reward: CatalogueReward
    redemption_id: bytes
    cause: Cause
    price: Price | None
    deliver_to: str | None = None
    sale: str | None = None


def find_reward(work: Unit, key: str) -> CatalogueReward:
    """A reward that can be redeemed. Raises: NotFound."""
    reward = work.space.catalogue.rewards.get(key)
    if reward is None or not published(reward):
        raise NotFound(f"There is no reward {key[:100]!r}.", path=["reward"])
    return reward


async def redeem(work: Unit, order: Order) -> Redemption:
    """Redeem it: all of it or nothing.

    Raises: InsufficientPoints, InvalidInput, Conflict (REWARD_NOT_OPEN, NOT_ELIGIBLE, OUT_OF_STOCK,
    REWARD_LIMIT_REACHED).
    """
    member, reward, space = order.member, order.reward, work.space
    in_sale = order.sale is not None
    if not in_sale and not (reward.redeemable and reward.is_open(space.now)):
        raise Conflict("It can't be redeemed now.", code=ErrorCode.REWARD_NOT_OPEN, path=["reward"])
    check_delivery(reward, order.deliver_to)
    await check_gates(work, member, reward)
    zone = space.catalogue.settings.time_zone
    caps = [] if in_sale else caps_of(member.programme_id, reward, member.id, space.now, zone)
    await load_issues(work, [(member.id, reward.key)], [bound.tally.id for bound in caps])
    stock = stock_of(member.programme_id, reward)
    check((bound, space.shelf.tally(bound)) for bound in (*([stock] if stock else []), *caps))
    paid = await _pay(work, order)
    source = RedemptionSource.FLASH_SALE if in_sale else RedemptionSource.REDEEMED
    return issue(
        space,
        member,
        reward,
        order.redemption_id,
        source,
        order.cause,
        caps=caps,
        paid=paid,
        sale=order.sale,
        deliver_to=order.deliver_to,
    )


def check_delivery(reward: CatalogueReward, deliver_to: str | None) -> None:
    """Goods that are delivered, and only those, need to know where. Raises: InvalidInput."""
    wanted = reward.goods is not None and reward.goods.delivery
    if wanted != (deliver_to is not None):
        raise InvalidInput("State deliverTo exactly for goods that are delivered.", path=["deliverTo"])


async def check_gates(work: Unit, member: Member, reward: CatalogueReward) -> None:
    """Raises: Conflict (NOT_ELIGIBLE)."""
    check_gate(reward, member_facts(member))
    gate = reward.tier
    if gate is None:
        return
    found = state_id(member.programme_id, gate.ladder, member.id)
    state = (await work.stores.tiers.states([found], work.tx)).get(found)
    ladder = work.space.catalogue.ladders[gate.ladder]
    # Who was never measured has the lowest tier, where it is everybody's.
    everybodys = None if ladder.tiers[0].requires else ladder.tiers[0].key
    if ladder.index(state.tier if state else everybodys) < ladder.index(gate.least):
        raise Conflict(
            f"It takes the tier {gate.least} or a higher one.", code=ErrorCode.NOT_ELIGIBLE, path=["reward"]
        )


async def _pay(work: Unit, order: Order) -> Paid | None:
    """Spend the price, or for what waits set it aside. Begins the operation. Raises: InsufficientPoints, NotFound."""
    price, member, space = order.price, order.member, work.space
    if price is None:
        space.begin(await work.next_sequence())
        return None
    if REGISTRY[order.reward.kind].waits:
        hold_id = derived_id("redemption hold", order.redemption_id)
        until = space.now + _AS_LONG_AS_IT_WAITS
        reference = f"reward:{order.reward.key}"
        await authorise(work, member, price.unit, price.amount, until, reference, hold_id, order.cause)
        return Paid(price.unit, price.amount, hold_id, hold=True)
    account = await current(work, member, price.unit)
    available = available_of(work, account)
    if available < price.amount:
        raise InsufficientPoints(
            f"It costs {price.amount} {price.unit}, {available} can be spent.",
            available=available,
            requested=price.amount,
        )
    transfer = derived_id("redeemed", order.redemption_id)
    space.post(
        member,
        price.unit,
        -price.amount,
        transfer,
        order.cause,
        space.now,
        Given(),
        kind=TransferKind.SPENT,
    )
    return Paid(price.unit, price.amount, transfer)


async def step_on(work: Unit, member: Member, redemption: Redemption, step: Step, cause: Cause) -> Redemption:
    """Go on to another status; what was loaded for it is in the workspace. Raises: Conflict (REDEMPTION_STATE,
    REWARD_USED)."""
    check_step(redemption, step.status)
    space = work.space
    redemption = await _captured_by_hand(work, redemption)
    if step.status in (RedemptionStatus.FAILED, RedemptionStatus.CANCELLED):
        if redemption.coupon is not None and REGISTRY["coupon"].is_used(space.shelf, redemption):
            raise Conflict(
                "The coupon has been used: roll that back first.",
                code=ErrorCode.REWARD_USED,
                path=["redemption"],
            )
        refund = refund_for(redemption, step.status)
        back = refunded_points(redemption.paid.amount, refund) if redemption.paid else 0
        redemption = await _refund(work, member, redemption, back, cause)
        return end(space, redemption, step, refund)
    if redemption.paid is not None and redemption.paid.hold:
        redemption = await _settle_hold(work, redemption, redemption.paid.amount, cause)
    else:
        space.begin(await work.next_sequence())
    return advance(space, redemption, step)


async def _captured_by_hand(work: Unit, redemption: Redemption) -> Redemption:
    """The redemption as paid, where services or staff have captured its hold themselves: what they captured."""
    paid = redemption.paid
    if paid is None or not paid.hold:
        return redemption
    hold = (await work.stores.holds.by_ids(redemption.programme_id, [paid.transfer], work.tx))[paid.transfer]
    if hold.state is not HoldState.CAPTURED or hold.transfer is None:
        return redemption
    await work.load_transfers([hold.transfer])
    spent = evolve(paid, amount=hold.captured, transfer=hold.transfer, hold=False)
    return evolve(redemption, paid=spent)


async def _refund(work: Unit, member: Member, redemption: Redemption, back: int, cause: Cause) -> Redemption:
    """Give so many of the points back, with their old expiry. Begins an operation."""
    paid, space = redemption.paid, work.space
    if paid is None:
        space.begin(await work.next_sequence())
        return redemption
    if paid.hold:
        redemption = await _settle_hold(work, redemption, paid.amount - back, cause)
        assert redemption.paid is not None  # noqa: S101 - what was held is paid or released
        return evolve(redemption, paid=evolve(redemption.paid, refunded=back, refund=paid.transfer))
    await current(work, member, paid.unit)
    if not back:
        return redemption
    spent = next(one for one in space.loaded_transfers if one.id == paid.transfer)
    refund = derived_id("refunded", redemption.id)
    space.post(
        member,
        paid.unit,
        back,
        refund,
        cause,
        space.now,
        Given(),
        kind=TransferKind.RETURNED,
        lots=lots_of(space, spent),
        related=paid.transfer,
    )
    lapse(space, member.id, paid.unit)
    return evolve(redemption, paid=evolve(paid, refunded=back, refund=refund))


async def _settle_hold(work: Unit, redemption: Redemption, spent: int, cause: Cause) -> Redemption:
    """Spend so much of what was set aside, and release the rest. Begins an operation."""
    paid = redemption.paid
    assert paid is not None  # noqa: S101 - only what was paid is held
    hold = (await work.stores.holds.by_ids(redemption.programme_id, [paid.transfer], work.tx))[paid.transfer]
    if spent:
        # Refused where somebody released the hold by hand: then it can only be cancelled, or fail, with all points back.
        hold = await capture(work, hold, spent, cause)
    elif hold.state is HoldState.OPEN:
        hold = await release(work, hold, cause)
    transfer = hold.transfer or paid.transfer
    return evolve(redemption, paid=evolve(paid, transfer=transfer, hold=False))
