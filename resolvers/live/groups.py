"""Those who see the same of a board: executed once, encoded once."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import orjson
from graphql import ExecutionResult

from community.services import Services
from gamification.kit.actors import Actor, Permission, Role
from resolvers.audience import Audience, scope_of
from resolvers.context import Context
from resolvers.errors import coded
from resolvers.execution.running import Operation
from resolvers.live.plans import Plan
from resolvers.live.projecting import project
from resolvers.live.seats import Flush, Payload, Place, Seat, Watch, Watcher
from resolvers.types.leaderboard_updates import NOWHERE, build_update

SENDS_A_TURN = 256
"""After so many sends others get their turn."""
Encode = Callable[[ExecutionResult], bytes]
"""A result as the JSON of a payload, its errors as callers may see them."""


class SharedContext(Context):
    """Of an execution for many: it acts for nobody in particular, and shows names in the locale they share."""

    shared_locale: str | None = None

    async def locale(self) -> str | None:
        return self.shared_locale


@dataclass(frozen=True, slots=True)
class Live:
    """What a group executes, and with what; `identity` is equal for the same text, name and variables."""

    services: Services
    encode: Encode
    identity: Hashable
    plan: Plan


class Group:
    """The seats of one operation and one audience."""

    def __init__(self, live: Live, watch: Watch) -> None:
        self.live = live
        self.first = watch.first
        self.around = watch.around
        self.seats: dict[Seat, None] = {}
        self.has_newcomers = False
        self._plan = live.plan
        self._like = watch
        self._state: object = None
        self._revision = -1
        self._payload: Payload | None = None
        self._pieces: list[bytes] | None = None
        self._nowhere: dict[str, Any] | None = None

    # -- who is in it

    def join(self, seat: Seat, *, at_once: bool) -> None:
        """Take a seat; `at_once`, what all were sent last is good enough, where there is such a thing."""
        self.seats[seat] = None
        seat.fresh = True
        if at_once and self._payload is not None:
            seat.fresh = False
            seat.offer(self._payload)
        else:
            self.has_newcomers = True

    def leave(self, seat: Seat) -> None:
        """Give the seat up."""
        self.seats.pop(seat, None)

    @property
    def is_empty(self) -> bool:
        return not self.seats

    def watchers(self) -> Iterable[Watcher]:
        return list(self.seats)

    def viewers(self, *, everyone: bool) -> Iterable[bytes]:
        if self._plan.own is None:
            return []
        return [
            seat.watch.member.id
            for seat in self.seats
            if seat.watch.member is not None and (everyone or seat.fresh)
        ]

    # -- what they are sent

    async def receive(self, flush: Flush, *, everyone: bool) -> None:
        """Send a flush to all who have not seen what it says; with `everyone` False to newcomers only."""
        self.has_newcomers = False
        state = (flush.period, flush.page.size, flush.page.entries[: self.first])
        changed = state != self._state
        if self._plan.own is None:
            await self._receive_shared(flush, state, changed=changed)
        else:
            await self._receive_own(flush, state, changed=changed, everyone=everyone)

    async def _receive_shared(self, flush: Flush, state: object, *, changed: bool) -> None:
        if changed or self._payload is None:
            result = await self._result(self._plan.whole, flush, NOWHERE, self._context())
            self._payload = Payload(self.live.encode(result))
            self._state = state
            seats = list(self.seats)
        else:
            seats = [seat for seat in self.seats if seat.fresh]
        payload = self._payload
        for number, seat in enumerate(seats, 1):
            if seat in self.seats:
                seat.fresh = False
                seat.offer(payload)
            if number % SENDS_A_TURN == 0:
                await asyncio.sleep(0)

    async def _receive_own(self, flush: Flush, state: object, *, changed: bool, everyone: bool) -> None:
        due: list[tuple[Seat, Place]] = []
        for seat in self.seats:
            if everyone or changed or seat.fresh:
                place = flush.place(seat.watch)
                if place is None:
                    self.has_newcomers = True
                elif changed or seat.fresh or place != seat.sent:
                    due.append((seat, place))
        if not due:
            return
        shared = self._context()
        if changed or self._revision != flush.revision:
            self._pieces = await self._shared_pieces(flush, shared)
            self._state, self._revision = state, flush.revision
        for start in range(0, len(due), SENDS_A_TURN):
            turn = [(seat, place) for seat, place in due[start : start + SENDS_A_TURN] if seat in self.seats]
            bodies = await self._bodies(flush, turn, shared)
            for (seat, place), body in zip(turn, bodies, strict=True):
                if seat in self.seats:
                    seat.fresh, seat.sent = False, place
                    seat.offer(Payload(body))
            await asyncio.sleep(0)

    # -- executing

    async def _shared_pieces(self, flush: Flush, shared: Context) -> list[bytes] | None:
        """The shared part cut where the viewers' own parts belong; None where it has errors."""
        data: dict[str, Any] = {}
        if self._plan.shared is not None:
            result = await self._result(self._plan.shared, flush, NOWHERE, shared)
            if result.errors or result.data is None:
                return None
            data = result.data[self._plan.root]
        return _pieces(self._plan, data)

    async def _bodies(self, flush: Flush, turn: Sequence[tuple[Seat, Place]], shared: Context) -> list[bytes]:
        """The answers of some viewers: the shared pieces with their own values in between. All of them wait for
        what they have to load together."""
        if self._pieces is None:
            return list(await asyncio.gather(*(self._alone(flush, seat, place) for seat, place in turn)))
        owns = await self._owns(flush, turn, shared)
        return [
            _spliced(self._pieces, self._plan, own) if own is not None else await self._alone(flush, *viewer)
            for viewer, own in zip(turn, owns, strict=True)
        ]

    async def _owns(
        self, flush: Flush, turn: Sequence[tuple[Seat, Place]], shared: Context
    ) -> list[dict[str, Any] | None]:
        """Each viewer's own values by key; None where there were errors."""
        found: list[dict[str, Any] | None] = [None] * len(turn)
        waiting = []
        for number, (seat, place) in enumerate(turn):
            if place == NOWHERE and self._nowhere is not None:
                found[number] = self._nowhere
                continue
            mine = self._own_context(seat) if self._plan.own_audience is Audience.CALLER else shared
            result = self._execute(self._plan.own, flush, place, mine)
            if isawaitable(result):
                waiting.append((number, result))
            else:
                found[number] = self._own_values(result)
        if waiting:
            results = await asyncio.gather(*(result for _, result in waiting))
            for (number, _), result in zip(waiting, results, strict=True):
                found[number] = self._own_values(result)
        if self._nowhere is None:
            self._nowhere = next(
                (found[n] for n, (_, place) in enumerate(turn) if place == NOWHERE), None
            )  # null and an empty list, whoever is nowhere
        return found

    def _own_values(self, result: ExecutionResult) -> dict[str, Any] | None:
        if result.errors or result.data is None:
            return None
        found: dict[str, Any] | None = result.data[self._plan.root]
        return found

    async def _alone(self, flush: Flush, seat: Seat, place: Place) -> bytes:
        """The whole selection for one viewer: an error decides what is null around it, which is the library's to say."""
        result = await self._result(self._plan.whole, flush, place, self._own_context(seat))
        return self.live.encode(result)

    async def _result(
        self, operation: Operation, flush: Flush, place: Place, context: Context
    ) -> ExecutionResult:
        result = self._execute(operation, flush, place, context)
        done: ExecutionResult = await result if isawaitable(result) else result
        if done.errors:
            done.errors = [coded(error) for error in done.errors]
        return done

    def _execute(self, operation: Operation | None, flush: Flush, place: Place, context: Context) -> Any:
        assert operation is not None  # noqa: S101 - the callers have looked
        first = self.first if operation is not self._plan.own else 0
        event = build_update(flush.board, flush.period, flush.page, flush.revision, first, place)
        return project(operation, self._plan.variables, context, event)

    def _context(self) -> Context:
        watch = self._like
        drafts = watch.actor.can(Permission.PROGRAMME_READ_DRAFTS)
        nobody = Actor(watch.actor.programme_id, "", Role.OPERATOR if drafts else Role.MEMBER)
        context = SharedContext(self.live.services, nobody, "live")
        context.shared_locale = watch.member.locale if watch.member else None
        return context

    def _own_context(self, seat: Seat) -> Context:
        return Context(self.live.services, seat.watch.actor, "live")


def group_key(live: Live, watch: Watch) -> Hashable:
    """Equal for all who share a group."""
    locale = watch.member.locale if watch.member else None
    return (live.identity, scope_of(live.plan.group_audience, watch.actor, locale))


def _pieces(plan: Plan, data: dict[str, Any]) -> list[bytes]:
    """The bytes before, between and after the viewer's own values."""
    pieces: list[bytes] = []
    text = b'{"data":{' + orjson.dumps(plan.root) + b":{"
    for number, (key, is_own) in enumerate(plan.layout):
        text += (b"," if number else b"") + orjson.dumps(key) + b":"
        if is_own:
            pieces.append(text)
            text = b""
        else:
            text += orjson.dumps(data[key])
    return [*pieces, text + b"}}}"]


def _spliced(pieces: list[bytes], plan: Plan, own: dict[str, Any]) -> bytes:
    parts: list[bytes] = []
    before = iter(pieces)
    for key, is_own in plan.layout:
        if is_own:
            parts += (next(before), orjson.dumps(own[key]))
    return b"".join((*parts, next(before)))
