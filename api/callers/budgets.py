"""Budgets: how many requests, how much cost and how many granting mutations a caller has, over HTTP and sockets alike.

`Budgets.charge` is asked before anything runs, and may be asked twice for one operation: `requests=1` before its text is
parsed, `cost` and `granting` once it is measured. None means go on; a `Denial` says why not and when again, and is
a 429 with `Retry-After` over HTTP, an `error` message on a socket.

Requests and cost come out of token buckets in Redis, which all processes share. A process draws a portion ahead and
takes from that, so that most requests ask nobody. What it has drawn it may use later: in any time t a caller has at
most burst + rate × t, and up to one portion (a tenth of the burst) for each process. What a process had drawn
when it ended is lost to the caller, never gained.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from graphql import GraphQLError

from api.callers.identity import Audience, Caller, network_of
from api.metrics import DENIED
from storage.rates import Bucket, Draw, Rates

RATE_LIMITED = "RATE_LIMITED"
"""The code of an error that passes by itself; `LIMIT_EXCEEDED` is for what never will."""
PORTIONS = 10
"""A process draws this part of a bucket's burst ahead."""
CALLERS_MAX = 10_000
"""Whose portions a process keeps; beyond, it forgets who came longest ago."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a caller has; None or 0 is without bound."""

    requests: Bucket | None = None
    cost: Bucket | None = None
    granting_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """The figures of an installation. Who has no token has a member's."""

    members: Figures = field(default_factory=Figures)
    trusted: Figures = field(default_factory=Figures)
    wrong_tokens_per_minute: int = 0

    def of(self, audience: Audience) -> Figures:
        """What such a caller has."""
        return self.trusted if audience is Audience.TRUSTED else self.members


class Kind(StrEnum):
    """What is used up."""

    REQUESTS = "requests"
    COST = "cost"
    GRANTING = "granting"
    WRONG_TOKENS = "wrongTokens"


_SAID = {
    Kind.REQUESTS: "Too many requests: {limit} a second are taken.",
    Kind.COST: "The cost budget is used up: {limit} a minute are given.",
    Kind.GRANTING: "Too many mutations that give or spend: {limit} a minute are taken.",
    Kind.WRONG_TOKENS: "Too many wrong tokens.",
}


@dataclass(frozen=True, slots=True)
class Denial:
    """What is used up, its limit (requests a second, else a minute's), and after how many seconds to try again."""

    kind: Kind
    limit: int
    retry_after_s: int

    @property
    def message(self) -> str:
        """For people."""
        return f"{_SAID[self.kind].format(limit=self.limit)} Try again in {self.retry_after_s} s."

    def error(self) -> GraphQLError:
        """As a caller gets to see it."""
        return GraphQLError(
            self.message,
            extensions={
                "code": RATE_LIMITED,
                "limitKind": self.kind.value,
                "limit": self.limit,
                "retryAfterSeconds": self.retry_after_s,
            },
        )


class Budgets:
    """The budgets of all callers, as this process sees them."""

    def __init__(
        self,
        rates: Rates,
        policy: BudgetPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        callers_max: int = CALLERS_MAX,
    ) -> None:
        self._rates = rates
        self._policy = policy
        self._clock = clock
        self._callers_max = callers_max
        self._portions: OrderedDict[str, _Portions] = OrderedDict()

    async def charge(
        self, caller: Caller, *, requests: int = 0, cost: int = 0, granting: int = 0
    ) -> Denial | None:
        """Take all of it from the caller's budgets, or say which is used up.

        Most charges take from what this process has drawn, without a round trip. A cost beyond the whole burst takes
        all of the burst. Whoever is denied for granting has paid the rest.
        """
        figures = self._policy.of(caller.audience)
        needs = (requests if figures.requests else 0, min(cost, figures.cost.burst) if figures.cost else 0)
        denial = None
        if needs != (0, 0):
            portions = self._of(caller)
            if not portions.take(needs):
                denial = await self._draw(caller, figures, portions, needs)
        most = figures.granting_per_minute
        if denial is None and granting and most:
            wait_s = await self._rates.attempt("granting", caller.key, most, granting)
            denial = Denial(Kind.GRANTING, most, _whole(wait_s)) if wait_s else None
        if denial is not None:
            DENIED.labels(denial.kind.value, caller.audience.value).inc()
        return denial

    async def wrong_token(self, address: str | None) -> Denial | None:
        """Count a token that was refused; a denial where too many came from there. Good tokens pass all the same."""
        most = self._policy.wrong_tokens_per_minute
        if not most:
            return None
        wait_s = await self._rates.attempt("wrong-token", network_of(address), most)
        if not wait_s:
            return None
        DENIED.labels(Kind.WRONG_TOKENS.value, Audience.ANONYMOUS.value).inc()
        return Denial(Kind.WRONG_TOKENS, most, _whole(wait_s))

    def _of(self, caller: Caller) -> "_Portions":
        portions = self._portions.get(caller.key)
        if portions is None:
            portions = self._portions[caller.key] = _Portions()
            if len(self._portions) > self._callers_max:
                self._portions.popitem(last=False)
        else:
            self._portions.move_to_end(caller.key)
        return portions

    async def _draw(
        self, caller: Caller, figures: Figures, portions: "_Portions", needs: tuple[int, int]
    ) -> Denial | None:
        # One draw at a time for each caller, so that a process never holds more than a portion.
        async with portions.lock:
            if portions.take(needs):
                return None
            if (known := portions.known_denial(needs, self._clock())) is not None:
                return known
            return await self._draw_lacking(caller, figures, portions, needs)

    async def _draw_lacking(
        self, caller: Caller, figures: Figures, portions: "_Portions", needs: tuple[int, int]
    ) -> Denial | None:
        # What is there is set aside first: others go on taking while Redis is asked.
        aside = portions.set_aside(needs)
        granted: dict[int, int] = {}
        try:
            # One that is not lacking is topped up on the same way.
            places = [place for place in _PLACES if _bucket(place, figures) is not None]
            draws = [
                _draw(place, figures, needs[place] - aside[place], portions.held[place]) for place in places
            ]
            drawn = await self._rates.draw(caller.key, draws)
            if drawn.short is None:
                aside = (0, 0)
                granted = {
                    place: given - draw.need
                    for place, draw, given in zip(places, draws, drawn.granted, strict=True)
                }
                return None
            place = places[drawn.short]
            denial = Denial(
                _KINDS[place], _limit(place, draws[drawn.short].bucket), _whole(drawn.retry_after_s)
            )
            portions.deny(place, needs[place], self._clock() + drawn.retry_after_s, denial)
            return denial
        finally:
            for place in _PLACES:
                portions.held[place] += aside[place] + granted.get(place, 0)


_KINDS = (Kind.REQUESTS, Kind.COST)
_PLACES = (0, 1)


class _Portions:
    """What a process has drawn for one caller and not used yet: requests and cost."""

    __slots__ = ("_denied", "held", "lock")

    def __init__(self) -> None:
        self.held = [0, 0]
        self.lock = asyncio.Lock()
        self._denied: tuple[int, int, float, Denial] | None = None

    def take(self, needs: Sequence[int]) -> bool:
        """Take all of it, or nothing."""
        held = self.held
        if held[0] < needs[0] or held[1] < needs[1]:
            return False
        held[0] -= needs[0]
        held[1] -= needs[1]
        return True

    def set_aside(self, needs: tuple[int, int]) -> tuple[int, int]:
        """Take as much of it as is there."""
        taken = (min(self.held[0], needs[0]), min(self.held[1], needs[1]))
        self.take(taken)
        return taken

    def deny(self, place: int, need: int, until: float, denial: Denial) -> None:
        """Remember that so much will not be had before then: nothing but time fills a bucket."""
        self._denied = (place, need, until, denial)

    def known_denial(self, needs: Sequence[int], now: float) -> Denial | None:
        """The denial that still holds for such needs."""
        if self._denied is None:
            return None
        place, need, until, denial = self._denied
        if now >= until or needs[place] < need:
            return None
        return Denial(denial.kind, denial.limit, _whole(until - now))


def _bucket(place: int, figures: Figures) -> Bucket | None:
    return (figures.requests, figures.cost)[place]


def _draw(place: int, figures: Figures, need: int, held: int) -> Draw:
    bucket = _bucket(place, figures)
    assert bucket is not None  # noqa: S101 - nothing is drawn of one that is off
    portion = max(1, bucket.burst // PORTIONS)
    return Draw(_KINDS[place].value, bucket, need, max(0, portion - held))


def _limit(place: int, bucket: Bucket) -> int:
    return round(bucket.per_second * (1 if _KINDS[place] is Kind.REQUESTS else 60))


def _whole(seconds: float) -> int:
    """As `Retry-After` has it: whole seconds, one at least."""
    return max(1, math.ceil(seconds))
