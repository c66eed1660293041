"""Whom a tier lets in: members' tiers, read together, against the least that is asked for."""

from collections.abc import Iterable, Mapping, Sequence

from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Draw, TierGate
from gamification.settlement.unit import Unit
from gamification.tiers.model import state_id

Tiers = Mapping[tuple[bytes, str], str | None]
"""The tier that is held, by member and ladder."""


async def tiers_for(work: Unit, gates: Sequence[TierGate], member_ids: Iterable[bytes]) -> Tiers:
    """The tiers that these members hold on the ladders that the gates look at; none is read without a gate."""
    programme_id = work.space.catalogue.programme_id
    wanted = {
        state_id(programme_id, ladder, member_id)
        for ladder in {gate.ladder for gate in gates}
        for member_id in member_ids
    }
    if not wanted:
        return {}
    states = await work.stores.tiers.states(wanted, work.tx)
    return {(state.member_id, state.ladder): state.tier for state in states.values()}


def passes(catalogue: Catalogue, gate: TierGate, held: str | None) -> bool:
    """Whether a tier is the least one that is asked for, or higher."""
    ladder = catalogue.ladders.get(gate.ladder)
    return ladder is not None and held is not None and ladder.index(held) >= ladder.index(gate.least)


def free_draws(catalogue: Catalogue, draw: Draw, held: Mapping[str, str | None]) -> int:
    """How many draws a day take no ticket, for who holds these tiers by ladder."""
    by_tier = [one.free_daily for one in draw.free_by_tier if passes(catalogue, one, held.get(one.ladder))]
    return max([draw.free_daily, *by_tier])
