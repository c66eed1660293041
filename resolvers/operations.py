"""One operation from its text to its answer: found, measured, allowed, run in time, its errors named.

Every transport comes through here, so that limits, codes and time-outs are the same over HTTP, sockets and events.
"""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType
from strawberry import Schema

from gamification.kit.actors import Actor, Role
from gamification.kit.errors import ErrorCode
from resolvers.context import Context
from resolvers.deadlines import Deadlines
from resolvers.documents.cache import Document, Documents
from resolvers.documents.limits import cost_refusal
from resolvers.documents.measures import OperationMeasure
from resolvers.documents.persisted import Persisted
from resolvers.errors import coded
from resolvers.execution.running import Operation
from resolvers.metrics import REFUSED, count_way
from resolvers.policy import Policy

QUERIES = frozenset({OperationType.QUERY})
QUERIES_AND_MUTATIONS = frozenset({OperationType.QUERY, OperationType.MUTATION})
SUBSCRIPTIONS = frozenset({OperationType.SUBSCRIPTION})


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks for."""

    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """An operation that may run, with its cost under the request's variables."""

    operation: Operation
    document: Document
    measure: OperationMeasure
    cost: int

    @property
    def type(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.node.operation


class Refused(Exception):
    """The request itself can't be executed: nothing ran. `errors` are for the caller."""

    def __init__(self, errors: Collection[GraphQLError], kind: str = "invalid") -> None:
        super().__init__(kind)
        REFUSED.labels(kind).inc()
        self.errors = [coded(error) for error in errors]
        self.kind = kind


class TookTooLong(Refused):
    """The operation was stopped; a mutation may have taken effect all the same."""

    def __init__(self, limit_s: float) -> None:
        message = f"The operation took more than {limit_s:g} seconds and was stopped."
        super().__init__([_error(message, ErrorCode.UNAVAILABLE)], "time")


class WrongType(Refused):
    """The operation's type is not one that this transport takes."""

    def __init__(self, type: OperationType) -> None:
        super().__init__([GraphQLError(f"A {type.value} can't be sent this way.")], "type")
        self.type = type


Answer = ExecutionResult


class Operations:
    """Executes a schema's operations under a policy."""

    def __init__(self, schema: Schema, policy: Policy | None = None) -> None:
        self.schema = schema._schema  # noqa: SLF001 - Strawberry hands out no other way to graphql-core's
        self.policy = policy or Policy()
        self._queries = Deadlines(self.policy.query_timeout_s)
        self._mutations = Deadlines(self.policy.mutation_timeout_s)
        self.documents = Documents(self.schema, self.policy.limits, compiled=self.policy.compiled)
        self.persisted = Persisted(
            self.documents, automatic=self.policy.persisted_queries, manifest=self.policy.manifest
        )

    def prepare(
        self,
        request: Request,
        actor: Actor | None,
        allowed: Collection[OperationType] = QUERIES_AND_MUTATIONS,
    ) -> Ready:
        """The operation that a request means. Raises: Refused, WrongType."""
        is_trusted = actor is not None and actor.role is not Role.MEMBER
        try:
            document = self.persisted.find(request.query, request.extensions, is_trusted=is_trusted)
        except GraphQLError as error:
            raise Refused([error], "persisted") from error
        if document.errors:
            raise Refused(document.errors, document.kind)
        operation = _chosen(document, request.operation_name)
        measure = document.measure.of(request.operation_name) if document.measure else None
        assert measure is not None  # noqa: S101 - what can be chosen has been measured
        if operation.node.operation not in allowed:
            raise WrongType(operation.node.operation)
        may_introspect = self.policy.introspection.allows(is_trusted=is_trusted)
        if measure.counts.introspection_fields and not may_introspect:
            closed = _error("Introspection is not open to this caller.", ErrorCode.FORBIDDEN)
            raise Refused([closed], "introspection")
        cost = measure.cost(request.variables)
        too_dear = cost_refusal(cost, self.policy.limits, measure, trusted=is_trusted)
        if too_dear is not None:
            raise Refused([too_dear], "cost")
        return Ready(operation, document, measure, cost)

    async def run(self, ready: Ready, request: Request, context: Context) -> Answer:
        """Execute a query or mutation. Raises: Refused for variables that can't be taken."""
        is_mutation = ready.type is OperationType.MUTATION
        if is_mutation:
            context.load_afresh(cache=False)
        deadlines = self._mutations if is_mutation else self._queries
        try:
            async with deadlines.job():
                answer = await ready.operation.run(
                    context, request.variables, None, request.extensions, count_way
                )
        except TimeoutError:
            raise TookTooLong(deadlines.limit_s) from None
        finally:
            context.loaders.forget()
        return self._finished(answer)

    async def execute(
        self,
        request: Request,
        context: Context,
        allowed: Collection[OperationType] = QUERIES_AND_MUTATIONS,
    ) -> Answer:
        """Prepare and run. Raises: Refused, WrongType."""
        return await self.run(self.prepare(request, context.actor, allowed), request, context)

    async def subscribe(
        self, ready: Ready, request: Request, context: Context
    ) -> AsyncGenerator[Answer, None]:
        """The answers of a subscription, one for each of its events, until it ends or fails.

        Raises: Refused where it can't begin.
        """
        context.load_afresh(cache=False)
        source = ready.operation.events(context, request.variables, request.extensions, count_way)
        try:
            async with aclosing(source) as answers:
                async for answer in answers:
                    yield self._finished(answer)
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 - its resolver's own: presented like a field's
            located = (
                error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            )
            yield ExecutionResult(None, [coded(located)])

    def _finished(self, answer: Answer) -> Answer:
        if answer.errors:
            most = self.policy.limits.errors or len(answer.errors)
            answer.errors = [coded(error) for error in answer.errors[:most]]
            if answer.data is None and not any(error.path for error in answer.errors):
                raise Refused(answer.errors)
        return answer


def _chosen(document: Document, name: str | None) -> Operation:
    """Raises: Refused. Source: GraphQL specification, GetOperation()."""
    operations: Mapping[str | None, Operation] = document.operations
    if name is None:
        if len(operations) == 1:
            return next(iter(operations.values()))
        nodes = [operation.node for operation in operations.values()]
        message = (
            "The document has several operations: state operationName."
            if operations
            else "The document has no operation."
        )
        raise Refused([GraphQLError(message, nodes)])
    found = operations.get(name)
    if found is None:
        raise Refused([GraphQLError(f"Unknown operation named {name[:100]!r}.")])
    return found


def _error(message: str, code: ErrorCode) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code.value})
