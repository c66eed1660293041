"""Putting down who takes part in a round, some members at a time: their tickets are taken, their codes made."""

import os

from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import Account, TransferKind, account_id
from gamification.lottery.drawing import chances_of, entrants_digest
from gamification.lottery.model import Entrant, Round, RoundState, entrant_id
from gamification.lottery.published import chances, entrant_code
from gamification.members.feed import FeedKind
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Draw
from gamification.settlement.gates import passes, tiers_for
from gamification.settlement.needs import Needs
from gamification.settlement.prizes import cause_in
from gamification.settlement.taking_back import lapse
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Given
from storage.paging import Window

_SALT_BYTES = 16
_JOINED = [("joined_at", 1), ("_id", 1)]


async def put_down_part(work: Unit, found: Round, draw: Draw, members_a_part: int) -> Round:
    """Put down the next members, in the order in which they joined; after the last of them, publish the hash of all.
    `draw` is as it was when the round opened."""
    if found.state is RoundState.OPEN and not published(work.space.catalogue.draws[found.draw]):
        return found  # archived before its close: no ticket is taken
    after = (found.joined, found.last) if found.last is not None else None
    page = await work.stores.members.page(found.programme_id, {}, _JOINED, Window(members_a_part, after))
    entrants = await _entrants(work, found, draw, page.rows) if page.rows else []
    await work.stores.lottery.add_entrants(entrants, work.tx)
    changed = evolve(
        found,
        state=RoundState.CLOSING,
        entrants=found.entrants + len(entrants),
        chances=found.chances + sum(one.chances for one in entrants),
    )
    if page.rows:
        changed = evolve(changed, joined=page.rows[-1].joined_at, last=page.rows[-1].id)
    if not page.has_next:
        everyone = await work.stores.lottery.entrants(found.id, work.tx)
        changed = evolve(
            changed,
            state=RoundState.CLOSED,
            entrants_hash=entrants_digest(chances(everyone)),
            closed_at=work.space.now,
        )
    await work.stores.lottery.save_round(changed, work.tx)
    return changed


async def _entrants(work: Unit, found: Round, draw: Draw, members: list[Member]) -> list[Entrant]:
    """Those of these members who hold tickets, with their tickets taken."""
    assert draw.ticket is not None  # noqa: S101 - a scheduled draw has one
    unit = draw.ticket.unit
    ids = {account_id(found.programme_id, member.id, unit): member for member in members}
    await work.load(Needs(accounts=set(ids)))
    held = [one for one in ids if one in work.space.accounts and work.space.accounts[one].active > 0]
    if not held:
        return []
    later = await work.stores.ledger.received_since(held, found.closes_at, work.tx)
    gates = [draw.tier] if draw.tier is not None else []
    tiers = await tiers_for(work, gates, [ids[one].id for one in held])
    sequence = await work.next_sequence(len(held))
    entrants: list[Entrant] = []
    for offset, one in enumerate(held):
        work.space.begin(sequence + offset)
        if ids[one].standing is Standing.BANNED:
            continue
        if draw.tier and not passes(
            work.space.catalogue, draw.tier, tiers.get((ids[one].id, draw.tier.ladder))
        ):
            continue
        lapse(work.space, ids[one].id, unit)
        account = work.space.accounts[one]
        entrant = _enter(work, found, draw, ids[one], account, later.get(one, 0))
        if entrant is not None:
            entrants.append(entrant)
    return entrants


def _enter(
    work: Unit, found: Round, draw: Draw, member: Member, account: Account, later: int
) -> Entrant | None:
    """Take a member's tickets; None where they hold none. What came after the close is not among them."""
    space = work.space
    floor = space.catalogue.units[account.unit].spending_floor
    count, amount = chances_of(draw, max(account.active - floor - later, 0))
    if count == 0:
        return None
    given = Given()
    transfer_id = derived_id("draw_entry", found.id, member.id)
    space.post(
        member,
        account.unit,
        -amount,
        transfer_id,
        cause_in(found),
        space.now,
        given,
        kind=TransferKind.SPENT,
    )
    salt = os.urandom(_SALT_BYTES).hex()
    entrant = Entrant(
        entrant_id(found.id, member.id),
        found.programme_id,
        found.id,
        found.draw,
        found.key,
        member.id,
        entrant_code(found.programme_id, found.draw, found.key, member.id, salt),
        salt,
        count,
        given.transfers[0],
        space.now,
        space.sequence,
    )
    space.tell(member.id, FeedKind.DRAW_ENTERED, {"entrant": entrant.id})
    return entrant
