"""Filling a workspace's shelf with what rewards are taken from, and writing back what changed of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gamification.ledger.model import account_id
from gamification.programmes.definitions import CodeSource
from gamification.rewards.limits import stock_of
from gamification.rewards.model import Redemption, packet_id
from gamification.settlement.issuing import take_back_given, tickets_id
from gamification.settlement.needs import Needs

if TYPE_CHECKING:
    from gamification.settlement.unit import Unit

Issue = tuple[bytes, str]
"""A member's id and the key of a reward that may be issued to them."""


async def load_issues(work: "Unit", issues: Sequence[Issue], tallies: Iterable[bytes] = ()) -> None:
    """Read what issuing these rewards takes from, and these tallies beside."""
    catalogue, shelf = work.space.catalogue, work.space.shelf
    programme_id = catalogue.programme_id
    wanted, packets, flags = set(tallies), set[bytes](), set[str]()
    codes: Counter[str] = Counter()
    for _, key in issues:
        reward = catalogue.rewards[key]
        stock = stock_of(programme_id, reward)
        if stock is not None:
            wanted.add(stock.tally.id)
        if reward.red_packet is not None:
            packets.add(packet_id(programme_id, key))
        if reward.privilege is not None:
            flags.add(reward.privilege.flag)
        if reward.coupon is not None and reward.coupon.codes.source is CodeSource.IMPORTED:
            codes[key] += 1
    await _load(work, wanted, packets)
    tickets = [
        (member, reward.ticket.unit) for member, key in issues if (reward := catalogue.rewards[key]).ticket
    ]
    if tickets:
        await work.load(Needs(accounts={account_id(programme_id, *one) for one in tickets}))
    if flags:
        of_flags = await work.stores.rewards.of_flags({member for member, _ in issues}, flags, work.tx)
        _fill(work, of_flags)
    for key, count in codes.items():
        for coupon in await work.stores.rewards.free_codes(programme_id, key, count, work.tx):
            work.know_all([coupon.id])
            shelf.coupons.setdefault(coupon.id, coupon)


async def load_redemptions(work: "Unit", ids: Iterable[bytes]) -> None:
    """Read redemptions with all that taking them back touches."""
    found = await work.stores.rewards.by_ids(set(ids) - work.space.shelf.redemptions.keys(), work.tx)
    await _load_parts(work, list(found.values()))


async def load_given(work: "Unit", grounds: Iterable[tuple[bytes, str]]) -> None:
    """Read what members were given on these grounds, (member, ground) pairs, with all that taking it back touches.
    Asks nothing where the programme has no rewards."""
    wanted = set(grounds)
    if wanted and work.space.catalogue.document.rewards:
        await _load_parts(work, await work.stores.rewards.given_on(wanted, work.tx))


async def take_back_lost(work: "Unit") -> None:
    """Take back what was given on grounds that are gone."""
    lost, work.space.shelf.lost = work.space.shelf.lost, []
    await load_given(work, {(one.member_id, one.ground) for one in lost})
    for one in lost:
        take_back_given(work.space, one)


async def save_shelf(work: "Unit", changed: set[bytes], known: set[bytes]) -> None:
    """Write what changed; it is known from now on."""
    shelf = work.space.shelf
    await work.stores.rewards.save(
        [one for one in shelf.redemptions.values() if one.id in changed],
        [one for one in shelf.tallies.values() if one.id in changed],
        [one for one in shelf.packets.values() if one.id in changed],
        [one for one in shelf.coupons.values() if one.id in changed],
        known,
        work.tx,
    )
    for states in (shelf.redemptions, shelf.tallies, shelf.packets, shelf.coupons):
        work.know_all(states.keys() & changed)


async def _load_parts(work: "Unit", redemptions: Sequence[Redemption]) -> None:
    tallies = {
        found for one in redemptions for found in (one.stock, one.charged, *one.caps) if found is not None
    }
    packets = {packet_id(one.programme_id, one.reward) for one in redemptions if one.kind == "red_packet"}
    await _load(work, tallies, packets)
    coupons = {one.coupon for one in redemptions if one.coupon is not None}
    if coupons:
        for coupon in (await work.stores.rewards.coupons(coupons, work.tx)).values():
            work.know_all([coupon.id])
            work.space.shelf.coupons.setdefault(coupon.id, coupon)
    _fill(work, redemptions)
    await work.load_transfers(one.paid.transfer for one in redemptions if one.paid is not None)
    await work.load_transfers(tickets_id(one.id) for one in redemptions if one.tickets is not None)


async def _load(work: "Unit", tallies: set[bytes], packets: set[bytes]) -> None:
    shelf = work.space.shelf
    missing, sums = tallies - shelf.loaded, packets - shelf.loaded
    if missing:
        found = await work.stores.rewards.tallies(missing, work.tx)
        shelf.tallies |= found
        work.know_all(found)
    if sums:
        known = await work.stores.rewards.packets(sums, work.tx)
        shelf.packets |= known
        work.know_all(known)
    shelf.loaded |= missing | sums


def _fill(work: "Unit", redemptions: Iterable[Redemption]) -> None:
    for one in redemptions:
        work.know_all([one.id])
        work.space.shelf.redemptions.setdefault(one.id, one)
