"""A unit of work over a stage: everything that it might read is at hand, and it never writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn, cast

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.programmes.definitions import CodeSource
from gamification.rehearsal.stage import Stage
from gamification.rewards.limits import stock_of
from gamification.rewards.model import Coupon, CouponState, packet_id
from gamification.settlement.growth import Climbing, climbing_of, put_tier, terms_of
from gamification.settlement.needs import Needs
from gamification.settlement.unit import Stores, Unit
from gamification.tiers.assessment import assess, new_state
from gamification.tiers.model import state_id
from storage.mongo import Tx

Grown = dict[tuple[str, str], dict[str, int]]
"""What a member earned of each ("unit", key), and counted by each ("counter", key), by day."""
_PLACED = Cause(reason="placed by what was measured before")


class MembersAtHand(MemberRepository):
    """Members who were read before."""

    def __init__(self, members: Mapping[bytes, Member]) -> None:
        self._at_hand = members

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Member]:
        return {found: self._at_hand[found] for found in ids if found in self._at_hand}


class StageUnit(Unit):
    """`codes`: how many imported codes are left, by reward; `grown` by member."""

    def __init__(
        self, stores: Stores, stage: Stage, members: Mapping[bytes, Member], codes: dict[str, int]
    ) -> None:
        super().__init__(replace(stores, members=MembersAtHand(members)), cast("Tx", None), stage)
        self.stage = stage
        self.codes = codes
        self.grown: dict[bytes, Grown] = {}

    async def load(self, needs: Needs) -> None:
        """Note what is asked for as known: what is not there yet, there is none of."""
        stage, catalogue = self.stage, self.stage.catalogue
        stage.loaded_caps |= needs.caps
        stage.goals.loaded |= needs.contributions
        stage.shelf.loaded |= needs.tallies
        for _, key in needs.issues:
            reward = catalogue.rewards[key]
            stock = stock_of(catalogue.programme_id, reward)
            if stock is not None:
                stage.shelf.loaded.add(stock.tally.id)
            if reward.red_packet is not None:
                stage.shelf.loaded.add(packet_id(catalogue.programme_id, key))
            if reward.coupon is not None and reward.coupon.codes.source is CodeSource.IMPORTED:
                self._lay_out_codes(key, len(needs.issues))

    def _lay_out_codes(self, reward: str, count: int) -> None:
        """Codes to be taken: as many as are left, and no more than could be asked for."""
        for number in range(min(self.codes.get(reward, 0), count)):
            found = derived_id("rehearsed code", reward, number)
            code = Coupon(found, self.stage.catalogue.programme_id, reward, "", CouponState.AVAILABLE)
            self.stage.shelf.coupons.setdefault(found, code)

    async def ready_tiers(self, member: Member, now: datetime) -> None:
        """Have the member's place on every ladder at hand, as it is now; who has none yet is placed by what they did so far."""
        stage, climbing = self.stage, climbing_of(self.stage.catalogue)
        if climbing is None:
            return
        programme_id = stage.catalogue.programme_id
        for ladder in climbing.ladders.values():
            terms = stage.tier_terms.get(ladder.key) or await terms_of(self, ladder)
            found = state_id(programme_id, ladder.key, member.id)
            state = stage.tiers.get(found)
            known = state.days.keys() if state is not None else ()
            lacking = [one for one in ladder.measures if one.key not in known]
            due = state is not None and state.look_at is not None and state.look_at <= now
            if state is not None and not lacking and not due and state.version == ladder.version:
                continue
            state = state or new_state(terms, programme_id, member.id, now)
            grown = self.grown.get(member.id, {})
            days = {
                one.key: dict(
                    grown.get(("unit", one.unit) if one.unit else ("counter", one.counter or ""), {})
                )
                for one in lacking
            }
            stage.tiers[found] = evolve(state, days={**state.days, **days})
            placed = _PLACED if any(days.values()) else None
            put_tier(stage, assess(terms, stage.tiers[found], now, placed))

    async def load_transfers(self, ids: Iterable[bytes]) -> None:
        """What may be taken back is at hand."""

    async def load_unlocked(self, needs: Needs, *, reversing: bool = False) -> None:
        """All of a member's progress is at hand."""

    async def load_collections(self, member_ids: Sequence[bytes]) -> None:
        """So are their collections."""

    def know_all(self, stored: Iterable[bytes]) -> None:
        """Nothing is stored."""

    async def flush(self) -> NoReturn:
        raise AssertionError("a rehearsal writes nothing")

    async def finish(self) -> NoReturn:
        raise AssertionError("a rehearsal writes nothing")


def measured_of(climbing: Climbing | None) -> set[tuple[str, str]]:
    """What the ladders of a catalogue measure members by."""
    if climbing is None:
        return set()
    return {("unit", key) for key in climbing.units} | {("counter", key) for key in climbing.counters}
