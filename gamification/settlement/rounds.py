"""The rounds of draws: committing to a seed, fixing the odds, putting down the entrants, drawing, giving, revealing.

Each step is stored before the next begins, and each is a transaction that changes its round: so of two processes at the
same step one conflicts, runs again and finds it done. Whoever dies leaves a step that another takes up.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, NotFound
from gamification.kit.periods import Cycle, Period, period_at
from gamification.kit.records import evolve
from gamification.lottery.drawing import terms_document, terms_of
from gamification.lottery.model import Round, RoundState, round_id
from gamification.lottery.odds import odds_document, odds_of
from gamification.lottery.randomness import SEED_BYTES, canonical, digest
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Draw, DrawKind
from gamification.settlement.closing import SURELY_SETTLED
from gamification.settlement.round_drawing import draw_round, give_part
from gamification.settlement.round_entrants import put_down_part
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

MEMBERS_A_PART = 500
WINNERS_A_PART = 200
BEACON_LENGTH_MAX = 200
Step = Callable[[Unit, Round], Awaitable[Round]]


class RoundService:
    """Called by the scheduler, in as many processes as there are, and by the first who draws on a day."""

    def __init__(
        self,
        settlement: SettlementService,
        members_a_part: int = MEMBERS_A_PART,
        winners_a_part: int = WINNERS_A_PART,
    ) -> None:
        self._settlement = settlement
        self._members_a_part = members_a_part
        self._winners_a_part = winners_a_part

    async def run_due(self) -> int:
        """Do what is due in all programmes; how many steps."""
        keys = await self._settlement.programmes.keys("draws")
        return sum([await self.run_in(key) for key in keys])

    async def run_in(self, programme_id: str) -> int:
        """Do what is due in a programme; how many steps. One without draws costs nothing."""
        catalogue = await self._settlement.programmes.catalogue(programme_id)
        if not catalogue.document.draws:
            return 0
        done = await self._commit(catalogue)
        for found in await self._settlement.stores.lottery.open_rounds(programme_id):
            done += await self._advance(found)
        return done

    async def is_open_today(self, programme_id: str, key: str) -> bool:
        """Whether today's round of an instant draw is open, or can't be: then there is nothing to open."""
        catalogue = await self._settlement.programmes.catalogue(programme_id)
        draw = catalogue.draws.get(key)
        if draw is None or draw.kind is not DrawKind.INSTANT or not published(draw):
            return True
        found = await self._today(catalogue, key)
        return found is not None and found.state is not RoundState.COMMITTED

    async def open_today(self, programme_id: str, key: str) -> None:
        """Open today's round of an instant draw that takes effect; where nothing was committed to, do that first."""
        catalogue = await self._settlement.programmes.catalogue(programme_id)
        found = await self._today(catalogue, key)
        if found is None:
            await self._commit(catalogue, key)
            found = await self._today(catalogue, key)
        if found is not None and found.state is RoundState.COMMITTED:
            await self._step(found, RoundState.COMMITTED, _open)

    async def _today(self, catalogue: Catalogue, key: str) -> Round | None:
        day = day_of(self._settlement.now(), catalogue.settings.time_zone)
        wanted = round_id(catalogue.programme_id, key, day.key)
        return (await self._settlement.stores.lottery.rounds_by_ids([wanted])).get(wanted)

    async def give_beacon(self, actor: Actor, key: str, round_key: str, value: str) -> Round:
        """State the public beacon's value, for which a round waits; once. The same value again changes nothing.

        Raises: Forbidden, NotFound, InvalidInput, Conflict.
        """
        actor.require(Permission.DRAWS_BEACON)
        if not 1 <= len(value) <= BEACON_LENGTH_MAX or not value.isascii() or not value.isprintable():
            raise InvalidInput(
                f"value has 1 to {BEACON_LENGTH_MAX} printable ASCII characters.",
                path=["value"],
                limit=BEACON_LENGTH_MAX,
            )
        wanted = round_id(actor.programme_id, key, round_key)

        async def body(work: Unit) -> Round:
            found = (await work.stores.lottery.rounds_by_ids([wanted], work.tx)).get(wanted)
            if found is None:
                raise NotFound("There is no such round.", path=["round"])
            if found.beacon == value:
                return found
            if found.beacon is not None or not found.odds or found.odds.get("beacon") is None:
                raise Conflict("The round waits for no beacon.", path=["round"])
            if found.state is not RoundState.CLOSED:
                raise Conflict(
                    "The beacon's value comes after the entrants are published.",
                    code=ErrorCode.CONFLICT,
                    path=["round"],
                )
            changed = evolve(found, beacon=value, beacon_by=f"{actor.role}:{actor.subject}")
            await work.stores.lottery.save_round(changed, work.tx)
            return changed

        return await self._settlement.run(actor.programme_id, body)

    # -- steps

    async def _commit(self, catalogue: Catalogue, only: str | None = None) -> int:
        """Commit to a seed for every round that is to come, and for today and tomorrow."""
        now, programme_id = self._settlement.now(), catalogue.programme_id
        wanted = {
            round_id(programme_id, draw.key, key): (draw, key, opens_at, closes_at)
            for draw in catalogue.document.draws
            if published(draw) and only in (None, draw.key)
            for key, opens_at, closes_at in coming(draw, now, catalogue.settings.time_zone)
        }
        known = await self._settlement.stores.lottery.rounds_by_ids(wanted)
        for one in known.values():
            is_moved = wanted[one.id][2:] != (one.opens_at, one.closes_at)
            if one.state is RoundState.COMMITTED and is_moved:
                await self._step(one, RoundState.COMMITTED, _put_off(*wanted[one.id][2:]))
        missing = wanted.keys() - known.keys()
        for found in missing:
            draw, key, opens_at, closes_at = wanted[found]
            seed = os.urandom(SEED_BYTES)
            made = Round(
                found,
                programme_id,
                draw.key,
                key,
                draw.kind,
                RoundState.COMMITTED,
                opens_at,
                closes_at,
                digest(seed),
                now,
            )

            async def body(work: Unit, made: Round = made, seed: bytes = seed) -> None:
                if not await work.stores.lottery.rounds_by_ids([made.id], work.tx):
                    await work.stores.lottery.add_round(made, seed, work.tx)

            await self._settlement.run(programme_id, body)
        return len(missing)

    async def _advance(self, found: Round) -> int:
        """Bring a round as far as it can come now; in how many steps."""
        steps = 0
        while True:
            step = self._due(found, await self._pinned(found))
            if step is None:
                return steps
            changed = await self._step(found, found.state, step)
            if changed == found:
                return steps
            found = changed
            steps += 1

    async def _pinned(self, found: Round) -> Draw:
        """The draw as it was when the round opened."""
        catalogue = await self._settlement.programmes.catalogue(found.programme_id, found.programme_version)
        return catalogue.draws[found.draw]

    def _due(self, found: Round, draw: Draw) -> Step | None:
        now, state = self._settlement.now(), found.state
        is_over = found.closes_at + SURELY_SETTLED <= now
        if found.kind is DrawKind.INSTANT and is_over:
            return None if state is RoundState.REVEALED else _reveal
        if state is RoundState.COMMITTED and found.opens_at <= now:
            return _open
        if state is RoundState.DRAWN:
            return lambda work, current: give_part(work, current, draw, self._winners_a_part)
        if state is RoundState.CLOSED:
            waits = found.odds is not None and found.odds.get("beacon") is not None and found.beacon is None
            return None if waits else lambda work, current: draw_round(work, current, draw)
        if (
            found.kind is DrawKind.INSTANT
            or not is_over
            or state not in (RoundState.OPEN, RoundState.CLOSING)
        ):
            return None
        return lambda work, current: put_down_part(work, current, draw, self._members_a_part)

    async def _step(self, found: Round, state: RoundState, step: Step) -> Round:
        """Take a step of a round that is in that state; where it is not any more, only say how it is."""

        async def body(work: Unit) -> Round:
            current = (await work.stores.lottery.rounds_by_ids([found.id], work.tx))[found.id]
            return await step(work, current) if current.state is state else current

        return await self._settlement.run(found.programme_id, body)


def day_of(at: datetime, zone: str) -> Period:
    """The day of an instant draw: by the programme's zone."""
    return period_at(Cycle.DAILY, at, zone)


def coming(draw: Draw, now: datetime, zone: str) -> Iterator[tuple[str, datetime, datetime]]:
    """(key, opens at, closes at) of a draw's rounds to commit to: those that are not closed yet, or today and
    tomorrow."""
    if draw.kind is DrawKind.SCHEDULED:
        for one in draw.rounds:
            if now < one.closes_at:
                yield one.key, one.opens_at, one.closes_at
        return
    today = day_of(now, zone)
    assert today.ends_at is not None  # noqa: S101 - days end
    for day in (today, day_of(today.ends_at + timedelta(hours=1), zone)):
        assert day.starts_at is not None and day.ends_at is not None  # noqa: S101, PT018 - days begin and end
        opened = draw.opens_at is None or draw.opens_at < day.ends_at
        if opened and (draw.closes_at is None or day.starts_at < draw.closes_at):
            yield day.key, day.starts_at, day.ends_at


def _put_off(opens_at: datetime, closes_at: datetime) -> Step:
    """The times of a round that has not opened yet changed."""

    async def step(work: Unit, found: Round) -> Round:
        changed = evolve(found, opens_at=opens_at, closes_at=closes_at)
        await work.stores.lottery.save_round(changed, work.tx)
        return changed

    return step


async def _open(work: Unit, found: Round) -> Round:
    """Fix the odds: what the draw's definition states now."""
    draw = work.space.catalogue.draws[found.draw]
    if not published(draw):
        return found
    opens_at, closes_at = found.opens_at, found.closes_at
    document: dict[str, Any]
    if draw.kind is DrawKind.INSTANT:
        document = odds_document(odds_of(draw))
    else:
        stated = next((one for one in draw.rounds if one.key == found.key), None)
        if stated is None or stated.opens_at > work.space.now:
            return found  # taken out, or put off
        opens_at, closes_at = stated.opens_at, stated.closes_at
        document = terms_document(terms_of(draw, closes_at.isoformat()))
    changed = evolve(
        found,
        state=RoundState.OPEN,
        opens_at=opens_at,
        closes_at=closes_at,
        programme_version=work.space.catalogue.version,
        odds=document,
        odds_hash=digest(canonical(document)),
        opened_at=work.space.now,
    )
    await work.stores.lottery.save_round(changed, work.tx)
    return changed


async def _reveal(work: Unit, found: Round) -> Round:
    """A day is over: its seed is public."""
    seed = await work.stores.lottery.seed(found.id, work.tx)
    changed = evolve(found, state=RoundState.REVEALED, seed=seed, revealed_at=work.space.now)
    await work.stores.lottery.save_round(changed, work.tx)
    return changed
