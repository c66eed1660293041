"""Draws: what can be won, by which odds, and what a draw costs."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions.base import Definition, Key, Model, Name
from gamification.programmes.definitions.gates import TierGate
from gamification.programmes.definitions.rewards import Reward

WINNERS_MAX = 5_000
"""How many prizes one round of a scheduled draw can have."""
_TIMES_MAX = 10_000
_ROUNDS_MAX = 200
_WEIGHT_MAX = LONG_MAX // 1_000
Weight = Annotated[int, Field(strict=True, ge=0, le=_WEIGHT_MAX)]
Stock = Annotated[int, Field(strict=True, ge=1, le=LONG_MAX)]
Cost = Annotated[int, Field(strict=True, ge=0, le=LONG_MAX)]
Times = Annotated[int, Field(strict=True, ge=1, le=_TIMES_MAX)]


class DrawKind(StrEnum):
    """INSTANT: each ticket is drawn when its member asks. SCHEDULED: all tickets of a round at once, after its close."""

    INSTANT = "instant"
    SCHEDULED = "scheduled"


class DrawExhausted(StrEnum):
    """Where the weight of a prize goes that is gone: to winning nothing (BLANK), so that the other odds stay as they
    are, or away (OTHERS), so that they rise."""

    BLANK = "blank"
    OTHERS = "others"


class DrawEntry(StrEnum):
    """PER_TICKET: each ticket is a chance. PER_MEMBER: each member who has a ticket has one chance, and gives one."""

    PER_TICKET = "per_ticket"
    PER_MEMBER = "per_member"


class DrawWins(StrEnum):
    """ONCE: a member wins at most once in a round. EACH: every prize is drawn among all chances, whoever has won."""

    ONCE = "once"
    EACH = "each"


class TicketPrice(Model):
    """What one ticket costs where members may buy it."""

    unit: Key
    amount: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX // _TIMES_MAX)]


class DrawTicket(Model):
    """Tickets are points of a `unit`; one draw, or one chance, takes `amount` of them."""

    unit: Key
    amount: Annotated[int, Field(strict=True, ge=1, le=LONG_MAX // _TIMES_MAX)] = 1
    price: TicketPrice | None = None


class DrawPrize(Model):
    """`weight`: its share of the odds of an instant draw. `stock`: how many there are in all, or in each round of a
    scheduled draw; `daily`: how many of those on one day. `cost`: what one takes of the draw's budget."""

    key: Key
    name: Name = Field(default_factory=dict)
    description: Name = Field(default_factory=dict)
    weight: Annotated[int, Field(strict=True, ge=1, le=_WEIGHT_MAX)] | None = None
    stock: Stock | None = None
    daily: Stock | None = None
    cost: Cost = 0
    reward: Annotated[tuple[Reward, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _no_scores(self) -> "DrawPrize":
        if any(part.score or (part.points and part.points.boards) for part in self.reward):
            raise ValueError("a prize writes no scores")
        return self


class Guarantee(Model):
    """The `after`-th draw in a row that would win none of these `prizes` wins one; all of them where none is named."""

    after: Times
    prizes: Annotated[tuple[Key, ...], Field(max_length=100)] = ()


class TierDraws(TierGate):
    """So many free draws a day for those who have the tier `least` of a ladder, or a higher one."""

    free_daily: Times


class DrawRound(Model):
    """One round of a scheduled draw. From `opens_at` on its odds are fixed; what members hold at `closes_at` takes
    part."""

    key: Key
    name: Name = Field(default_factory=dict)
    opens_at: AwareDatetime
    closes_at: AwareDatetime

    @model_validator(mode="after")
    def _forward(self) -> "DrawRound":
        if self.closes_at <= self.opens_at:
            raise ValueError("a round closes after it opens")
        return self


class Draw(Definition):
    """Something to win by chance, provably: `docs/lottery.md`.

    `tier`: who may take part. Of instant draws: `blank` is the weight of winning nothing; `free_daily` so many draws a member and day take no
    ticket, or as many as the best of `free_by_tier` says, `daily_limit` how many there are at most; between `opens_at` and `closes_at` it can be drawn. Of scheduled
    ones: `rounds`, `entry`, `wins`, `tickets_max` a member and round, and the public `beacon` that the round waits for.
    `budget` bounds the costs of the prizes, in all or in each round; `daily_budget` those of one day.
    """

    kind: DrawKind
    ticket: DrawTicket | None = None
    prizes: Annotated[tuple[DrawPrize, ...], Field(min_length=1, max_length=100)]
    tier: TierGate | None = None
    budget: Cost | None = None
    blank: Weight = 0
    exhausted: DrawExhausted = DrawExhausted.BLANK
    guarantee: Guarantee | None = None
    free_daily: Annotated[int, Field(strict=True, ge=0, le=_TIMES_MAX)] = 0
    free_by_tier: Annotated[tuple[TierDraws, ...], Field(max_length=20)] = ()
    daily_limit: Times | None = None
    daily_budget: Cost | None = None
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    rounds: Annotated[tuple[DrawRound, ...], Field(max_length=_ROUNDS_MAX)] = ()
    entry: DrawEntry = DrawEntry.PER_TICKET
    wins: DrawWins = DrawWins.ONCE
    tickets_max: Stock | None = None
    beacon: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,200}$")] | None = None

    @model_validator(mode="after")
    def _sound(self) -> "Draw":
        faults = _instant_faults(self) if self.kind is DrawKind.INSTANT else _scheduled_faults(self)
        fault = next(faults, None)
        if fault is not None:
            raise ValueError(fault)
        return self

    @property
    def gates(self) -> tuple[TierGate, ...]:
        """All that depends on a member's tiers."""
        return (*([self.tier] if self.tier else ()), *self.free_by_tier)

    def prize(self, key: str) -> DrawPrize:
        """The prize of that key."""
        return next(prize for prize in self.prizes if prize.key == key)


def _common_faults(draw: Draw) -> Iterator[str]:
    if max(Counter(prize.key for prize in draw.prizes).values()) > 1:
        yield "prizes have keys of their own"
    if draw.budget is None and draw.daily_budget is None and any(prize.cost for prize in draw.prizes):
        yield "costs are counted against a budget: state budget or daily_budget"


def _instant_faults(draw: Draw) -> Iterator[str]:
    yield from _common_faults(draw)
    if draw.rounds or draw.beacon or draw.tickets_max or draw.entry is not DrawEntry.PER_TICKET:
        yield "rounds, beacon, tickets_max and entry are of scheduled draws"
    if draw.wins is not DrawWins.ONCE:
        yield "wins is of scheduled draws"
    if any(prize.weight is None for prize in draw.prizes):
        yield "every prize of an instant draw has a weight"
    if draw.ticket is None and not draw.free_daily and not draw.free_by_tier:
        yield "state ticket, free_daily or free_by_tier, or nobody can draw"
    if draw.opens_at and draw.closes_at and draw.closes_at <= draw.opens_at:
        yield "a draw closes after it opens"
    unknown = set(draw.guarantee.prizes if draw.guarantee else ()) - {prize.key for prize in draw.prizes}
    if unknown:
        yield f"the guarantee names {min(unknown)!r}, which is not among the prizes"


def _scheduled_faults(draw: Draw) -> Iterator[str]:
    yield from _common_faults(draw)
    if draw.blank or draw.guarantee or draw.free_daily or draw.free_by_tier:
        yield "blank, guarantee, free_daily and free_by_tier are of instant draws"
    if draw.daily_limit or draw.daily_budget is not None:
        yield "daily_limit and daily_budget are of instant draws"
    if draw.opens_at or draw.closes_at:
        yield "a scheduled draw opens and closes by its rounds"
    if any(prize.weight is not None or prize.daily is not None for prize in draw.prizes):
        yield "the prizes of a scheduled draw have a stock, and neither weight nor daily"
    if any(prize.stock is None for prize in draw.prizes):
        yield "every prize of a scheduled draw has a stock: how many there are in each round"
    if sum(prize.stock or 0 for prize in draw.prizes) > WINNERS_MAX:
        yield f"a round has at most {WINNERS_MAX} prizes in all"
    if draw.budget is not None and sum((p.stock or 0) * p.cost for p in draw.prizes) > draw.budget:
        yield "the prizes of a round cost more than its budget"
    if draw.ticket is None or not draw.rounds:
        yield "a scheduled draw has a ticket and rounds"
    if len({one.key for one in draw.rounds}) < len(draw.rounds):
        yield "rounds have keys of their own"
