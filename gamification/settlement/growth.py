"""What is earned lifts tiers: noted as it is posted, applied where the member's state is at hand, else just before the
transaction is written. A programme without ladders does none of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import Transfer, TransferKind
from gamification.ledger.posting import wanted_of
from gamification.members.feed import FeedKind
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Ladder, TierRounding
from gamification.tiers.assessment import Assessed, Terms, appoint, assess, new_state
from gamification.tiers.measuring import add_to, day_of
from gamification.tiers.model import Growth, TierState, state_id
from gamification.tiers.multipliers import factor_of, multiplied

if TYPE_CHECKING:
    from gamification.settlement.unit import Unit
    from gamification.settlement.workspace import Workspace

GROWING = frozenset({TransferKind.EARNED, TransferKind.DEDUCTED, TransferKind.ADJUSTED})
"""The kinds that count for tiers: what comes by rules, rewards and hand, not what is spent, lapses or moves."""
PLACED = Cause(reason="placed by what was measured before")


@dataclass(frozen=True)
class Climbing:
    """What of a catalogue lifts tiers: (ladder, measure) by unit and by counter, and the units that tiers multiply."""

    ladders: dict[str, Ladder]
    units: dict[str, tuple[tuple[str, str], ...]]
    counters: dict[str, tuple[tuple[str, str], ...]]
    multiplying: frozenset[str]

    def concerns(self, unit: str) -> bool:
        """Whether posting that unit may need a member's tiers."""
        return unit in self.units or unit in self.multiplying


@lru_cache(maxsize=128)
def climbing_of(catalogue: Catalogue) -> Climbing | None:
    """None where no ladder takes effect."""
    ladders = {ladder.key: ladder for ladder in catalogue.document.ladders if published(ladder)}
    if not ladders:
        return None
    units: dict[str, tuple[tuple[str, str], ...]] = {}
    counters: dict[str, tuple[tuple[str, str], ...]] = {}
    for ladder in ladders.values():
        for measure in ladder.measures:
            fed, key = (units, measure.unit) if measure.unit else (counters, measure.counter)
            assert key is not None  # noqa: S101 - a measure is of one of the two
            fed[key] = (*fed.get(key, ()), (ladder.key, measure.key))
    multiplying = {unit for ladder in ladders.values() for tier in ladder.tiers for unit in tier.multipliers}
    return Climbing(ladders, units, counters, frozenset(multiplying))


def note_transfer(space: "Workspace", transfer: Transfer) -> None:
    """Let a transfer count for the member's tiers, where it does."""
    climbing = climbing_of(space.catalogue)
    if climbing is None or transfer.unit not in climbing.units:
        return
    # What is taken back counts in full, though the points be spent: nobody keeps a tier by spending first.
    amount = wanted_of(transfer) if transfer.kind is TransferKind.REVERSED else transfer.amount
    if not amount:
        return
    reversed_ = transfer.kind is TransferKind.REVERSED
    if not reversed_ and transfer.kind not in GROWING:
        return
    _grow(
        space,
        climbing,
        Growth(
            transfer.id,
            transfer.member_id,
            amount,
            transfer.occurred_at,
            transfer.cause,
            unit=transfer.unit,
            about=transfer.related or transfer.reverses,
            taken_back=reversed_,
        ),
    )


def note_counted(space: "Workspace", growth_of: bytes, member_id: bytes, counted: Iterable[Growth]) -> None:
    """Let what an activity added to counters count, or with `taken_back` what is taken off them."""
    climbing = climbing_of(space.catalogue)
    if climbing is None or not climbing.counters:
        return
    for index, growth in enumerate(counted):
        if growth.counter in climbing.counters and growth.amount:
            _grow(space, climbing, evolve(growth, id=derived_id("growth", growth_of, index)))


def factors(space: "Workspace", member_id: bytes) -> dict[str, tuple[Decimal, TierRounding, str]]:
    """By unit, what the tiers that the member holds now multiply, how it is rounded, and the tiers' names; of those
    that multiply something."""
    climbing = climbing_of(space.catalogue)
    if climbing is None or not climbing.multiplying:
        return {}
    held: list[tuple[Ladder, str | None]] = []
    for ladder in climbing.ladders.values():
        state = space.tiers.get(state_id(space.catalogue.programme_id, ladder.key, member_id))
        if state is not None:
            held.append((ladder, state.tier))
    found: dict[str, tuple[Decimal, TierRounding, str]] = {}
    for unit in climbing.multiplying:
        factor, rounding = factor_of(held, unit)
        if factor != 1:
            names = [
                f"{ladder.key}/{tier}" for ladder, tier in held if factor_of([(ladder, tier)], unit)[0] != 1
            ]
            found[unit] = (factor, rounding, ", ".join(names))
    return found


def multiply(
    found: dict[str, tuple[Decimal, TierRounding, str]], unit: str, amount: int, cause: Cause
) -> tuple[int, Cause]:
    """An amount that a rule gives, times what the member's tiers say, and the cause that says so."""
    if amount <= 0 or unit not in found:
        return amount, cause
    factor, rounding, names = found[unit]
    return multiplied(amount, factor, rounding), evolve(
        cause, tier=names, multiplier=format(factor.normalize(), "f")
    )


async def load_climbers(work: "Unit", member_ids: Iterable[bytes]) -> None:
    """Have these members' states on every ladder at hand, as they are now. Of whom there is none, or who was never
    measured by something, history is added up once."""
    space, climbing = work.space, climbing_of(work.space.catalogue)
    if climbing is None:
        return
    programme_id, zone = space.catalogue.programme_id, space.catalogue.settings.time_zone
    for ladder in climbing.ladders.values():
        members = {state_id(programme_id, ladder.key, member): member for member in member_ids}
        missing = members.keys() - space.tiers.keys()
        if not missing:
            continue
        terms = await terms_of(work, ladder)
        stored = await work.stores.tiers.states(missing, work.tx)
        work.know_all(stored)
        lacking: dict[tuple[str, ...], list[bytes]] = {}
        placed: set[bytes] = set()
        for found in sorted(missing):
            known = stored[found].days.keys() if found in stored else ()
            unmeasured = tuple(measure.key for measure in ladder.measures if measure.key not in known)
            if unmeasured:
                lacking.setdefault(unmeasured, []).append(members[found])
        for measures, those in lacking.items():
            days = await work.stores.tiers.measured(programme_id, ladder, measures, those, zone, work.tx)
            for member in those:
                found = state_id(programme_id, ladder.key, member)
                state = stored.get(found) or new_state(terms, programme_id, member, space.now)
                stored[found] = evolve(state, days={**state.days, **days[member]})
                if any(days[member].values()):
                    placed.add(found)
        for found, state in stored.items():
            space.tiers[found] = state
            if found in placed or _is_due(ladder, state, space):
                put_tier(space, assess(terms, state, space.now, PLACED if found in placed else None))


async def terms_of(work: "Unit", ladder: Ladder) -> Terms:
    """What the members of a ladder are assessed by."""
    space = work.space
    found = space.tier_terms.get(ladder.key)
    if found is None:
        programme_id = space.catalogue.programme_id
        rounds = await work.stores.tiers.rounds(programme_id, ladder.key, work.tx) if ladder.pyramid else {}
        found = Terms(ladder, space.catalogue.settings.time_zone, space.catalogue.version, rounds)
        space.tier_terms[ladder.key] = found
    return found


async def climb(work: "Unit") -> None:
    """Apply what could not be at once, and settle when each changed state is looked at next."""
    space, climbing = work.space, climbing_of(work.space.catalogue)
    if climbing is None:
        return
    waiting = list(space.growth.values())
    if waiting:
        await load_climbers(work, sorted({growth.member_id for growth in waiting}))
        known = {transfer.id: transfer for transfer in (*space.loaded_transfers, *space.transfers)}
        wanted = {growth.about for growth in waiting if growth.about is not None} - known.keys()
        known |= await work.stores.ledger.transfers(space.catalogue.programme_id, wanted, work.tx)
        space.growth.clear()
        for growth in waiting:
            about = known.get(growth.about) if growth.about is not None else None
            counts = about is None or about.kind in GROWING or about.kind is TransferKind.PENDING
            if counts:
                dated = evolve(growth, at=about.occurred_at, happened_at=growth.at) if about else growth
                _apply(space, climbing, dated)
    for found in sorted(space.changed & space.tiers.keys()):
        state = space.tiers[found]
        state, notice = appoint(space.tier_terms[state.ladder], state, space.now)
        space.tiers[found] = state
        if notice is not None:
            body = {
                "ladder": state.ladder,
                "tier": notice.tier,
                "after": notice.after,
                "drops_at": notice.drops_at,
            }
            space.tell(state.member_id, FeedKind.TIER_NOTICE, body)


def put_tier(space: "Workspace", assessed: Assessed) -> None:
    """Keep an assessed state with its changes, and tell the member of them."""
    space.put_tier(assessed.state, assessed.changes)
    for change in assessed.changes:
        space.tell(change.member_id, FeedKind.TIER_CHANGED, {"change": change.id})


def _grow(space: "Workspace", climbing: Climbing, growth: Growth) -> None:
    ladders = {ladder for ladder, _ in _fed(climbing, growth)}
    programme_id = space.catalogue.programme_id
    if growth.about is None and all(
        state_id(programme_id, ladder, growth.member_id) in space.tiers for ladder in ladders
    ):
        _apply(space, climbing, growth)
    else:
        space.put_growth(growth)


def _apply(space: "Workspace", climbing: Climbing, growth: Growth) -> None:
    """Add to every measure that it feeds, and assess."""
    day = day_of(growth.at, space.catalogue.settings.time_zone)
    at = space.now if growth.taken_back else growth.happened_at or growth.at
    for ladder, measure in _fed(climbing, growth):
        state = space.tiers[state_id(space.catalogue.programme_id, ladder, growth.member_id)]
        days = {**state.days, measure: add_to(state.days.get(measure, {}), day, growth.amount)}
        if not growth.taken_back:  # late activity lifts nobody before what had counted already
            at = max(state.grown_at or at, at)
            state = evolve(state, grown_at=at)
        assessed = assess(
            space.tier_terms[ladder],
            evolve(state, days=days),
            space.now,
            growth.cause,
            taken_back=growth.taken_back,
            happened_at=at,
        )
        put_tier(space, assessed)


def _fed(climbing: Climbing, growth: Growth) -> tuple[tuple[str, str], ...]:
    if growth.unit is not None:
        return climbing.units.get(growth.unit, ())
    return climbing.counters.get(growth.counter or "", ())


def _is_due(ladder: Ladder, state: TierState, space: "Workspace") -> bool:
    return state.version != ladder.version or (state.look_at is not None and state.look_at <= space.now)
