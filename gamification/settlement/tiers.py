"""Tiers set by hand, and what the worker does for all members: reviews, pyramids, placing on a new ladder."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.periods import local_midnight
from gamification.kit.records import evolve
from gamification.members.profile import check_text
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Ladder, TierCycle
from gamification.settlement.growth import load_climbers, put_tier, terms_of
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.tiers.assessment import appoint, assess, set_by_hand
from gamification.tiers.measuring import day_of, figures, first_of
from gamification.tiers.model import Round, TierState, round_id, state_id
from gamification.tiers.qualification import cutoffs_of
from storage.mongo import Contention

log = structlog.get_logger()

_REASON_LENGTH_MAX = 500
_PLACED_AT_ONCE = 200
_PATIENCE_S = 2.0
"""With what meets others on the same data; nobody waits for the worker, which comes again."""
_PAST_ROUNDS_MAX = 12
"""Periods that a pyramid catches up with after a pause."""


class TierKeeping:
    """`setMemberTier`, and the worker's rounds. All of it may run twice, and in several processes at once: whoever
    commits second finds it done."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def set_tier(
        self,
        actor: Actor,
        member_id: bytes,
        ladder_key: str,
        tier: str,
        until: datetime | None,
        reason: str,
        key: str,
    ) -> tuple[bytes, bool]:
        """Set a member's tier by hand, until an instant or until it is set again; the id of the state, and whether this
        was a replay. Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict."""
        actor.require(Permission.TIERS_SET)
        check_text(reason, "reason", _REASON_LENGTH_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            space = work.space
            ladder = space.catalogue.ladders.get(ladder_key)
            if ladder is None or not published(ladder):
                raise NotFound(f"There is no ladder {ladder_key!r}.", path=["ladder"])
            if ladder.index(tier) < 0:
                raise NotFound(f"The ladder has no tier {tier!r}.", path=["tier"])
            if until is not None and until <= space.now:
                raise InvalidInput("until must lie in the future.", path=["until"])
            member = await self._settlement.member(actor, member_id, work.tx)
            await load_climbers(work, [member.id])
            space.begin(await work.next_sequence())
            cause = Cause(
                actor=f"{actor.role}:{actor.subject}",
                reason=reason,
                programme_version=space.catalogue.version,
            )
            state = space.tiers[state_id(actor.programme_id, ladder_key, member.id)]
            put_tier(space, set_by_hand(await terms_of(work, ladder), state, tier, until, space.now, cause))
            return {"state": state.id}

        stated = [member_id, ladder_key, tier, until.isoformat() if until else None, reason]
        result, replayed = await self._settlement.run_once(
            actor, key, "setMemberTier", {"tier": stated}, body
        )
        return result["state"], replayed

    async def review(self, now: datetime, limit: int = 200, programmes: Sequence[str] | None = None) -> int:
        """Assess up to `limit` members whose time has come, of these programmes or of all; how many. The scheduler calls it
        until it gives 0."""
        await self._make_rounds(now, programmes)
        done = 0
        for state in await self._settlement.stores.tiers.due(now, limit, programmes):
            try:
                done += await self._settlement.run(state.programme_id, _review_of(state), now, _PATIENCE_S)
            except Contention:  # it is due still, and keeps no other waiting
                log.warning("tiers.put_off", programme=state.programme_id, ladder=state.ladder)
        return done

    async def place(self, limit: int = _PLACED_AT_ONCE, programmes: Sequence[str] | None = None) -> int:
        """Place members on ladders that were published or changed since, up to `limit` of each, of these programmes or of
        all; how many were looked at. A change of a ladder raises whom it raises, and lowers nobody at once."""
        done = 0
        for programme_id in programmes or await self._settlement.programmes.keys("ladders"):
            catalogue = await self._settlement.programmes.catalogue(programme_id)
            for ladder in catalogue.document.ladders:
                if not published(ladder):
                    continue
                try:
                    done += await self._place(catalogue, ladder, limit)
                except Contention:  # the next sweep goes on with it
                    log.warning("tiers.put_off", programme=programme_id, ladder=ladder.key)
        return done

    async def _place(self, catalogue: Catalogue, ladder: Ladder, limit: int) -> int:
        stores, programme_id = self._settlement.stores, catalogue.programme_id
        placement = derived_id("tier_placement", programme_id, ladder.key, ladder.version)
        known = await stores.tiers.placement(placement)
        if known is not None and known["done"]:
            return 0

        async def body(work: Unit) -> int:
            current = work.space.catalogue.ladders.get(ladder.key)
            if current is None or current.version != ladder.version or not published(current):
                return 0
            found = await stores.tiers.placement(placement, work.tx)
            if found is not None and found["done"]:
                return 0
            cursor = found["cursor"] if found else None
            members = await stores.members.ids_after(programme_id, cursor, limit, work.tx)
            work.space.begin(await work.next_sequence())
            await load_climbers(work, members)
            await stores.tiers.save_placement(
                placement,
                programme_id,
                members[-1] if members else cursor,
                done=len(members) < limit,
                tx=work.tx,
            )
            return len(members)

        return await self._settlement.run(programme_id, body, patience_s=_PATIENCE_S)

    async def _make_rounds(self, now: datetime, programmes: Sequence[str] | None) -> None:
        for programme_id in programmes or await self._settlement.programmes.keys("ladders"):
            catalogue = await self._settlement.programmes.catalogue(programme_id)
            for ladder in catalogue.document.ladders:
                cycle = ladder.keep.cycle if ladder.keep else None
                if ladder.pyramid is not None and cycle is not None and published(ladder):
                    await self._make_round(catalogue, ladder, cycle, now)

    async def _make_round(
        self, catalogue: Catalogue, ladder: Ladder, cycle: TierCycle, now: datetime
    ) -> None:
        """The rounds of periods that ended since the newest one; the first time only of the last that ended."""
        stores, zone = self._settlement.stores, catalogue.settings.time_zone
        known = await stores.tiers.rounds(catalogue.programme_id, ladder.key)
        first = first_of(cycle, day_of(now, zone))
        ended = local_midnight(first, zone)
        missing: list[datetime] = []
        while ended not in known and len(missing) < (_PAST_ROUNDS_MAX if known else 1):
            missing.append(ended)
            first = first_of(cycle, first - timedelta(days=1))
            ended = local_midnight(first, zone)
        for ended in reversed(missing):
            histogram: dict[int, int] = {}
            async for state in stores.tiers.stream(catalogue.programme_id, ladder.key):
                measured = figures(ladder, state.days, ended - timedelta(milliseconds=1), zone)
                figure = measured[ladder.pyramid or ""]
                histogram[figure] = histogram.get(figure, 0) + 1
            population = await stores.members.count(catalogue.programme_id, {"standing": {"$ne": "banned"}})
            await stores.tiers.add_round(
                Round(
                    round_id(catalogue.programme_id, ladder.key, ended),
                    catalogue.programme_id,
                    ladder.key,
                    ended,
                    ladder.version,
                    population,
                    cutoffs_of(ladder, histogram, population),
                )
            )


def _review_of(due: TierState) -> Any:
    async def body(work: Unit) -> int:
        space = work.space
        ladder = space.catalogue.ladders.get(due.ladder)
        stored = (await work.stores.tiers.states([due.id], work.tx)).get(due.id)
        if stored is None or stored.look_at is None or stored.look_at > space.now:
            return 0  # another worker was faster
        work.know_all([stored.id])
        if ladder is None or not published(ladder):
            await work.stores.tiers.save([evolve(stored, look_at=None)], {stored.id}, work.tx)
            return 1
        terms = await terms_of(work, ladder)
        assessed = assess(terms, stored, space.now)
        if not assessed.changes and appoint(terms, assessed.state, space.now)[0].look_at == stored.look_at:
            return 0  # a pyramid's figures are awaited
        space.begin(await work.next_sequence())
        put_tier(space, assessed)
        return 1

    return body
