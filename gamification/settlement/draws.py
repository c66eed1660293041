"""Drawing tickets of instant draws, and buying tickets.

A draw is one transaction: the ticket is taken, the outcome is computed, the counts of what was won are changed and the
prize is given. Two who would win the last one both change its count, so one of them runs again and finds it gone.
"""

from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, InsufficientPoints, InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve, record
from gamification.ledger.model import TransferKind
from gamification.lottery.model import (
    Issued,
    Play,
    Round,
    RoundState,
    Standing,
    Win,
    issued_id,
    play_id,
    round_id,
    standing_id,
    win_id,
)
from gamification.lottery.odds import PlayInputs, Table, odds_from, outcome, table_of
from gamification.lottery.stock import gone_of, is_counted, issue
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Draw, DrawKind, Status
from gamification.settlement.gates import free_draws, passes, tiers_for
from gamification.settlement.points import available_of, current
from gamification.settlement.prizes import give_prize
from gamification.settlement.rounds import RoundService, day_of
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Given

CLIENT_SEED_LENGTH_MAX = 64
TICKETS_MAX = 1000
"""How many tickets are bought at once."""


@record(frozen=True, slots=True)
class _Chance:
    """One draw about to be made: the day, the draw as it was that morning, and what it is made by."""

    day: Round
    draw: Draw
    standing: Standing
    whole: Issued
    today: Issued
    gone: tuple[str, ...]
    table: Table
    free_daily: int

    @property
    def nonce(self) -> int:
        return self.standing.played_in(self.day.key) + 1


class DrawingService:
    """`drawTicket` and `buyTickets`."""

    def __init__(self, settlement: SettlementService, rounds: RoundService) -> None:
        self._settlement = settlement
        self._rounds = rounds

    async def draw(
        self, actor: Actor, member_id: bytes | None, key: str, client_seed: str, idempotency_key: str
    ) -> tuple[Play, bool]:
        """Draw once: by a member for themselves, or by a service for anyone. The draw, and whether it is a replay.

        Raises: NotFound, Conflict (DRAW_CLOSED, DRAW_LIMIT_REACHED, DRAW_EXHAUSTED), InsufficientPoints where a
        ticket is missing, InvalidInput, IdempotencyConflict.
        """
        if len(client_seed) > CLIENT_SEED_LENGTH_MAX:
            raise InvalidInput(
                f"clientSeed has at most {CLIENT_SEED_LENGTH_MAX} characters.",
                path=["clientSeed"],
                limit=CLIENT_SEED_LENGTH_MAX,
            )

        async def allowed(work: Unit) -> None:
            await self._member(work, actor, member_id)

        if not await self._rounds.is_open_today(actor.programme_id, key):
            await self._settlement.run(actor.programme_id, allowed)
            # In a transaction of its own: what a draw is drawn by is stored before anything is drawn by it.
            await self._rounds.open_today(actor.programme_id, key)

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._member(work, actor, member_id)
            chance = await self._chance(work, member, key)
            return {"play": (await _play(work, actor, member, chance, client_seed)).id}

        stated = {"member": member_id, "draw": key, "client_seed": client_seed}
        result, replayed = await self._settlement.run_once(actor, idempotency_key, "drawTicket", stated, body)
        plays = await self._settlement.stores.lottery.plays_by_ids([result["play"]])
        return plays[result["play"]], replayed

    async def buy(
        self, actor: Actor, member_id: bytes | None, key: str, count: int, idempotency_key: str
    ) -> tuple[bytes, bytes, bool]:
        """Buy tickets for points: the ids of the transfers that spent the points and brought the tickets, and whether
        it is a replay. Raises: NotFound, Conflict (DRAW_CLOSED), InsufficientPoints, InvalidInput,
        IdempotencyConflict."""
        if not 1 <= count <= TICKETS_MAX:
            raise InvalidInput(f"count must be 1 to {TICKETS_MAX}.", path=["count"], limit=TICKETS_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._member(work, actor, member_id)
            draw = _known(work, key)
            return await _buy(work, actor, member, draw, count, idempotency_key)

        stated = {"member": member_id, "draw": key, "count": count}
        result, replayed = await self._settlement.run_once(actor, idempotency_key, "buyTickets", stated, body)
        return result["spent"], result["bought"], replayed

    async def _member(self, work: Unit, actor: Actor, member_id: bytes | None) -> Member:
        member = await self._settlement.member(actor, member_id, work.tx)
        own = actor.is_member(member.external_id, member.former)
        actor.require(Permission.DRAWS_PLAY_OWN if own else Permission.DRAWS_PLAY_ANY)
        return member

    async def _chance(self, work: Unit, member: Member, key: str) -> _Chance:
        """What the next draw of a member is made by. Raises: NotFound, Conflict."""
        draw = _known(work, key)
        if draw.kind is not DrawKind.INSTANT:
            raise InvalidInput("It is drawn after the close of its round.", path=["draw"])
        space, lottery = work.space, work.stores.lottery
        programme_id, zone = space.catalogue.programme_id, space.catalogue.settings.time_zone
        wanted = round_id(programme_id, key, day_of(space.now, zone).key)
        day = (await lottery.rounds_by_ids([wanted], work.tx)).get(wanted)
        if not published(draw) or day is None or day.state is not RoundState.OPEN:
            raise _closed()
        # The whole day goes by the draw as it was when the day began: what was published then is what draws.
        pinned = await self._settlement.programmes.catalogue(programme_id, day.programme_version, work.tx)
        draw = pinned.draws[key]
        if not is_open(draw, space.now):
            raise _closed()
        free_daily = await _admitted(work, member, draw)
        found = standing_id(programme_id, key, member.id)
        standing = (await lottery.standings([found], work.tx)).get(found) or Standing(
            found, programme_id, key, member.id
        )
        played = standing.played_in(day.key)
        if draw.daily_limit is not None and played >= draw.daily_limit:
            raise Conflict(
                f"At most {draw.daily_limit} draws a day; come back tomorrow.",
                code=ErrorCode.DRAW_LIMIT_REACHED,
                path=["draw"],
                limit=draw.daily_limit,
            )
        whole, today = await _issued(work, draw.key, day)
        gone = gone_of(draw, whole, today)
        table = table_of(odds_from(day.odds or {}), gone, standing.streak)
        if table is None:
            raise Conflict(
                "All prizes are gone; no ticket was taken.", code=ErrorCode.DRAW_EXHAUSTED, path=["draw"]
            )
        return _Chance(day, draw, standing, whole, today, gone, table, free_daily)


async def _admitted(work: Unit, member: Member, draw: Draw) -> int:
    """How many draws a day are free for a member. Raises: Conflict (NOT_ELIGIBLE) where their tier is too low."""
    catalogue = work.space.catalogue
    tiers = await tiers_for(work, draw.gates, [member.id])
    held = {ladder: tier for (_, ladder), tier in tiers.items()}
    if draw.tier is not None and not passes(catalogue, draw.tier, held.get(draw.tier.ladder)):
        raise Conflict(
            f"It takes the tier {draw.tier.least} or a higher one.",
            code=ErrorCode.NOT_ELIGIBLE,
            path=["draw"],
        )
    return free_draws(catalogue, draw, held)


def is_open(draw: Draw, at: datetime) -> bool:
    """Whether an instant draw can be drawn at that time."""
    return (draw.opens_at is None or draw.opens_at <= at) and (draw.closes_at is None or at < draw.closes_at)


async def _play(work: Unit, actor: Actor, member: Member, chance: _Chance, client_seed: str) -> Play:
    """Take the ticket, draw, count, give, tell."""
    space, lottery, day = work.space, work.stores.lottery, chance.day
    by = None if actor.is_member(member.external_id, member.former) else f"{actor.role}:{actor.subject}"
    cause = Cause(draw=day.draw, period=day.key, programme_version=day.programme_version, actor=by)
    found = play_id(day.id, member.id, chance.nonce)
    transfer = await _take_ticket(work, member, chance, found, cause)
    inputs = PlayInputs(
        day.programme_id,
        day.draw,
        day.key,
        day.odds_hash or "",
        member.id.hex(),
        chance.nonce,
        client_seed,
    )
    prize = outcome(await lottery.seed(day.id, work.tx), inputs, chance.table)
    play = Play(
        found,
        day.programme_id,
        day.id,
        day.draw,
        day.key,
        member.id,
        chance.nonce,
        client_seed,
        chance.standing.streak,
        chance.gone,
        chance.table.guaranteed,
        prize,
        transfer,
        space.now,
        space.sequence,
    )
    await lottery.add_play(play, work.tx)
    await lottery.save_standing(_after(chance, prize), work.tx)
    if prize is not None:
        await _win(work, member, chance, play, prize, cause)
    space.tell(member.id, FeedKind.DRAW_PLAYED, {"play": play.id})
    return play


def _after(chance: _Chance, prize: str | None) -> Standing:
    standing, counts = chance.standing, odds_from(chance.day.odds or {}).counts(prize)
    return evolve(
        standing,
        round=chance.day.key,
        played=chance.nonce,
        plays=standing.plays + 1,
        wins=standing.wins + (prize is not None),
        streak=0 if counts else standing.streak + 1,
    )


async def _take_ticket(
    work: Unit, member: Member, chance: _Chance, found: bytes, cause: Cause
) -> bytes | None:
    """The id of the transfer that took it; None for a free draw. Begins the operation. Raises: InsufficientPoints,
    Conflict."""
    ticket = chance.draw.ticket
    if chance.nonce <= chance.free_daily:
        work.space.begin(await work.next_sequence())
        return None
    if ticket is None:
        raise Conflict(
            "Today's free draws are used up.",
            code=ErrorCode.DRAW_LIMIT_REACHED,
            path=["draw"],
            limit=chance.free_daily,
        )
    account = await current(work, member, ticket.unit)
    available = available_of(work, account)
    if available < ticket.amount:
        raise InsufficientPoints(
            f"A draw takes {ticket.amount} {ticket.unit}, {available} can be spent.",
            available=available,
            requested=ticket.amount,
        )
    given = Given()
    work.space.post(
        member,
        ticket.unit,
        -ticket.amount,
        derived_id("draw_ticket", found),
        cause,
        work.space.now,
        given,
        kind=TransferKind.SPENT,
    )
    return given.transfers[0]


async def _issued(work: Unit, draw: str, day: Round) -> tuple[Issued, Issued]:
    """What was won of a draw in all, and that day."""
    programme_id = day.programme_id
    whole, today = (issued_id(programme_id, draw, key) for key in (None, day.key))
    found = await work.stores.lottery.issued([whole, today], work.tx)
    return (
        found.get(whole) or Issued(whole, programme_id, draw, None),
        found.get(today) or Issued(today, programme_id, draw, day.key),
    )


async def _win(work: Unit, member: Member, chance: _Chance, play: Play, key: str, cause: Cause) -> None:
    space, draw = work.space, chance.draw
    prize = draw.prize(key)
    win = Win(
        win_id(play.round_id, play.id),
        play.programme_id,
        play.round_id,
        play.draw,
        play.round,
        member.id,
        key,
        space.now,
        space.sequence,
        place=space.sequence,
        play=play.id,
        given_at=space.now,
    )
    if is_counted(draw, prize):
        whole, today = issue(chance.whole, prize), issue(chance.today, prize)
        await work.stores.lottery.save_issued([whole, today], work.tx)
        win = evolve(
            win,
            number=whole.prizes[key],
            stock=prize.stock,
            day_number=today.prizes[key],
            daily=prize.daily,
            cost=prize.cost,
        )
    occurrence = f"{play.draw}:{play.round}:{play.nonce}"
    await work.stores.lottery.add_wins(
        [await give_prize(work, member, win, draw, evolve(cause, prize=key), occurrence)], work.tx
    )


def _known(work: Unit, key: str) -> Draw:
    draw = work.space.catalogue.draws.get(key)
    if draw is None or draw.status is Status.DRAFT:
        raise NotFound(f"There is no draw {key[:100]!r}.", path=["draw"])
    return draw


def _closed() -> Conflict:
    return Conflict("It can't be drawn at this time.", code=ErrorCode.DRAW_CLOSED, path=["draw"])


async def _buy(work: Unit, actor: Actor, member: Member, draw: Draw, count: int, key: str) -> dict[str, Any]:
    ticket = draw.ticket
    if ticket is None or ticket.price is None:
        raise InvalidInput("Its tickets can't be bought.", path=["draw"])
    now = work.space.now
    on_sale = (
        is_open(draw, now) if draw.kind is DrawKind.INSTANT else any(now < r.closes_at for r in draw.rounds)
    )
    if not published(draw) or not on_sale:
        raise _closed()
    price = ticket.price.amount * count
    await current(work, member, ticket.unit)
    account = await current(work, member, ticket.price.unit)
    available = available_of(work, account)
    if available < price:
        raise InsufficientPoints(
            f"{count} tickets cost {price} {ticket.price.unit}, {available} can be spent.",
            available=available,
            requested=price,
        )
    cause = Cause(
        draw=draw.key,
        actor=f"{actor.role}:{actor.subject}",
        reason="tickets bought",
        programme_version=work.space.catalogue.version,
    )
    purchase = derived_id("tickets", actor.programme_id, actor.role, actor.subject, key)
    spent, bought = derived_id("tickets_spent", purchase), derived_id("tickets_bought", purchase)
    space, given = work.space, Given()
    space.post(
        member, ticket.price.unit, -price, spent, cause, now, given, kind=TransferKind.SPENT, related=bought
    )
    amount = ticket.amount * count
    space.post(
        member, ticket.unit, amount, bought, cause, now, given, kind=TransferKind.ADJUSTED, related=spent
    )
    return {"spent": spent, "bought": bought}
