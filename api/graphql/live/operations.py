"""One operation of a socket or event stream, from its text to its results."""

from collections.abc import Collection
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType
from strawberry.utils.aio import aclosing

from api.callers.budgets import Budgets
from api.callers.identity import caller_of
from api.graphql.errors import presentable
from community.services import Services
from gamification.kit.actors import Actor
from gamification.kit.errors import LimitExceeded
from resolvers.errors import coded
from resolvers.live.groups import Live
from resolvers.live.hub import LiveContext, hub_of
from resolvers.live.seats import Seat, Watch
from resolvers.operations import Operations, Ready, Refused, Request

ANY_TYPE = frozenset(OperationType)


class Sink(Protocol):
    """Where the results of an operation go. Each of the three waits until the client has room."""

    async def next(self, payload: bytes) -> None:
        """A result."""

    async def error(self, errors: list[GraphQLError]) -> None:
        """It was refused, or can't go on: the last message."""

    async def complete(self) -> None:
        """There is no more: the last message."""

    def seated(self, watch: Watch) -> Seat:
        """The same as a seat."""


class LiveOperations:
    """Runs operations for callers whose results come by and by."""

    def __init__(self, operations: Operations, budgets: Budgets) -> None:
        self._operations = operations
        self._budgets = budgets

    async def operate(
        self, services: Services, actor: Actor | None, request_id: str, request: Request, sink: Sink
    ) -> None:
        """Run it to its end; or until it has a seat, after which the hub sends to it, and `leave` ends it."""
        denied = await self.requested(actor)
        if denied:
            await sink.error(denied)
            return
        try:
            ready = self.prepare(request, actor)
            denied = await self.charged(ready, actor)
            if denied:
                await sink.error(denied)
                return
            await self.run(services, actor, request_id, ready, request, sink)
        except Refused as error:
            await sink.error(presentable(error.errors, request_id))

    async def requested(self, actor: Actor | None) -> list[GraphQLError]:
        """Take one request from the caller's budget; the errors where none is left."""
        denial = await self._budgets.charge(caller_of(actor, None), requests=1)
        return [denial.error()] if denial else []

    def prepare(
        self, request: Request, actor: Actor | None, allowed: Collection[OperationType] = ANY_TYPE
    ) -> Ready:
        """What the request means. Raises: Refused, WrongType."""
        return self._operations.prepare(request, actor, allowed)

    async def charged(self, ready: Ready, actor: Actor | None) -> list[GraphQLError]:
        """Take its cost from the caller's budgets; the errors where one does not reach. A subscription pays once."""
        granting = ready.measure.counts.granting if ready.type is OperationType.MUTATION else 0
        denial = await self._budgets.charge(caller_of(actor, None), cost=ready.cost, granting=granting)
        return [denial.error()] if denial else []

    async def run(
        self,
        services: Services,
        actor: Actor | None,
        request_id: str,
        ready: Ready,
        request: Request,
        sink: Sink,
    ) -> None:
        """Run what may be run. Raises: Refused."""
        context = LiveContext(services, actor, request_id)
        context.variables, context.compiled = request.variables, self._operations.policy.compiled
        if ready.type is not OperationType.SUBSCRIPTION:
            await sink.next(encode(await self._operations.run(ready, request, context), request_id))
            await sink.complete()
            return
        async with aclosing(self._operations.subscribe(ready, request, context)) as answers:
            async for answer in answers:
                if answer.data is None and all(error.path is None for error in answer.errors or ()):
                    # Its source broke off. Where a field failed there is a path.
                    await sink.error(presentable(answer.errors or [], request_id))
                    return
                await sink.next(encode(answer, request_id))
        handed = context.handed
        if handed is None:
            await sink.complete()
            return
        live = Live(services, partial(encode, request_id=None), handed.identity, handed.plan)
        hub_of(services).sit(live, sink.seated(handed.watch))


def encode(result: ExecutionResult, request_id: str | None) -> bytes:
    """A result as JSON, with the errors as callers may see them. A result for many has a request id of its own."""
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        shown = presentable(result.errors, request_id or uuid4().hex)
        payload["errors"] = [error.formatted for error in shown]
    return orjson.dumps(payload)


def refusal(error: Exception, request_id: str) -> list[GraphQLError]:
    """What ended a subscription from outside, as its caller may see it."""
    return presentable([coded(GraphQLError(str(error), original_error=error))], request_id)


def over_limit(message: str, limit: float) -> list[GraphQLError]:
    """A limit that was reached."""
    error = LimitExceeded(message, limit=int(limit))
    return [coded(GraphQLError(message, original_error=error))]


def failed(error: Exception, request_id: str) -> list[GraphQLError]:
    """What nobody foresaw, logged."""
    return presentable([GraphQLError(str(error), original_error=error)], request_id)
