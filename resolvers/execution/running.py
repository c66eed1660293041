"""A plan at work. Whatever is out of the ordinary ends with graphql-core, which has the last word on it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import cached_property
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution import ExecutionResult
from graphql.execution.execute import create_source_event_stream
from graphql.execution.values import VariableValues
from graphql.pyutils import AwaitableOrValue, Path, is_awaitable
from strawberry import Info
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import _OperationContextAwareGraphQLResolveInfo

from resolvers.audience import Audience, audience_of
from resolvers.execution.completing import Call
from resolvers.execution.keeping import KeepingExecutor, Outcome
from resolvers.execution.plans import Plan, PlanStore, Root
from resolvers.execution.readers import Way
from resolvers.execution.selections import condition_variables
from resolvers.execution.surprises import Surprise, Unsupported
from resolvers.execution.together import together
from resolvers.execution.variables import NO_VARIABLES, Variables

COMPILED = "compiled"
_ERROR = "error"
PLANS_MAX = 16
"""Tried for one operation: one for each way its @skip and @include can fall out."""


class Operation:
    """One operation of a valid document, ready to run as often as wanted."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        node: OperationDefinitionNode,
        *,
        compiled: bool = True,
        plans: PlanStore | None = None,
    ) -> None:
        self.node = node
        self.schema = schema
        self.document = document
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.variables = Variables(schema, node.variable_definitions or ())
        self._plans = plans or PlanStore()
        self._ways: dict[tuple[bool, ...], Unsupported | None] = {}
        self._refused = None if compiled else Unsupported("off")
        self._conditions: tuple[str, ...] = ()
        try:
            self._conditions = condition_variables(node, self._fragments)
        except Unsupported as reason:
            self._refused = reason

    @cached_property
    def audience(self) -> Audience:
        """Who gets the same answer."""
        return audience_of(self.schema, self.node, self._fragments)

    async def run(
        self,
        context: Any,
        variables: dict[str, Any] | None = None,
        root_value: Any = None,
        extensions: dict[str, Any] | None = None,
        on_way: Callable[[str], None] | None = None,
    ) -> ExecutionResult:
        """The answer; `on_way` hears `compiled`, or why graphql-core had to do it."""
        run = _Run(self, context, root_value, extensions)
        way = COMPILED
        data: dict[str, Any] | None = None
        try:
            run.take(variables)
            plan = self._plan(run.variables)
            data = await run.go(plan)
        except Exception as error:  # noqa: BLE001 - whatever it is, the library says so
            way = _reason(error)
        if on_way is not None:
            on_way(way)
        if data is not None:
            return ExecutionResult(data, None)
        return await self._by_core(run, variables)

    def complete(
        self,
        context: Any,
        variables: dict[str, Any] | None,
        event: Any,
        on_way: Callable[[str], None] | None = None,
    ) -> AwaitableOrValue[ExecutionResult]:
        """A subscription's answer to one event, the value of its root field; at once where nothing has to wait."""
        told = on_way or _tell_nobody
        run = _Run(self, context, event, None)
        try:
            run.take(variables)
            plan = self._plan(run.variables)
            (root,) = plan.roots
            run.prepare(plan)
            run.kept[root.key] = Outcome(event)
            if root.waits:
                return self._completed_later(run, root, variables, told)
            data = {root.key: root.complete(event, run)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the library says so
            told(_reason(error))
            return self._by_core(run, variables)
        told(COMPILED)
        return ExecutionResult(data, None)

    async def _completed_later(
        self, run: "_Run", root: Root, variables: dict[str, Any] | None, told: Callable[[str], None]
    ) -> ExecutionResult:
        try:
            await run.complete(root)
        except Surprise as error:
            told(_reason(error))
            return await self._by_core(run, variables)
        told(COMPILED)
        return ExecutionResult({root.key: run.kept[root.key].value}, None)

    async def events(
        self,
        context: Any,
        variables: dict[str, Any] | None,
        extensions: dict[str, Any] | None,
        on_way: Callable[[str], None] | None = None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """A subscription's answers; one without data and with errors, at once, where it can't begin."""
        executor = self._executor(_Run(self, context, None, extensions), variables)
        if isinstance(executor, list):
            yield ExecutionResult(None, executor)
            return
        found = create_source_event_stream(executor)
        source = await found if is_awaitable(found) else found
        if isinstance(source, ExecutionResult):
            yield source
            return
        async with aclosing(cast("AsyncGenerator[Any, None]", source)) as events:
            async for event in events:
                answer = self.complete(context, variables, event, on_way)
                yield cast("ExecutionResult", await answer if is_awaitable(answer) else answer)

    def _plan(self, variables: VariableValues) -> Plan:
        """Raises: Unsupported."""
        if self._refused is not None:
            raise self._refused
        try:
            conditions = {name: bool(variables.coerced[name]) for name in self._conditions}
        except KeyError:
            raise Unsupported("directive") from None
        return self._plans.get((self, *conditions.values())) or self._compiled(conditions)

    def _compiled(self, conditions: dict[str, bool]) -> Plan:
        """Raises: Unsupported, and remembers that."""
        way = tuple(conditions.values())
        refused = self._ways.get(way)
        if refused is None and way not in self._ways and len(self._ways) >= PLANS_MAX:
            refused = Unsupported("conditions")
        if refused is not None:
            raise refused
        try:
            plan = Plan.of(self.schema, self.node, self._fragments, conditions)
        except Unsupported as reason:
            self._ways[way] = reason
            raise
        except Exception as error:  # such as a literal that can't be coerced: the library says so
            self._ways[way] = Unsupported("operation")
            raise self._ways[way] from error  # type: ignore[misc]  # it was just put there
        self._ways[way] = None
        self._plans.put((self, *way), plan)
        return plan

    async def _by_core(self, run: "_Run", variables: dict[str, Any] | None) -> ExecutionResult:
        executor = self._executor(run, variables)
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result = executor.execute_operation()
        return cast("ExecutionResult", await result if is_awaitable(result) else result)

    def _executor(
        self, run: "_Run", variables: dict[str, Any] | None
    ) -> KeepingExecutor | list[GraphQLError]:
        executor = KeepingExecutor.build(
            self.schema,
            self.document,
            root_value=run.root_value,
            context_value=run.context,
            raw_variable_values=variables,
            operation_name=self.node.name.value if self.node.name else None,
            is_awaitable=cast("Any", optimized_is_awaitable),
            hide_suggestions=True,
            operation_extensions=run.extensions,
        )
        if isinstance(executor, KeepingExecutor):
            executor.kept = run.kept
        return cast("KeepingExecutor | list[GraphQLError]", executor)


def _reason(error: Exception) -> str:
    """Why the compiled way was left, in the metric's words."""
    if isinstance(error, Unsupported):
        return error.reason
    if isinstance(error, Surprise):
        return str(error.args[0])
    return "arguments" if isinstance(error, GraphQLError) else _ERROR


def _tell_nobody(_way: str) -> None:
    pass


class _Run:
    """One run: what generated functions know as `S`, and the root values that must not be had twice."""

    def __init__(
        self, operation: Operation, context: Any, root_value: Any, extensions: dict[str, Any] | None
    ) -> None:
        self.operation = operation
        self.context = context
        self.root_value = root_value
        self.extensions = extensions
        self.variables = NO_VARIABLES
        self.kept: dict[str, Outcome] = {}
        self.infos: list[PlannedInfo | None] = []
        self.arguments: list[dict[str, Any] | None] = []

    def take(self, variables: dict[str, Any] | None) -> None:
        """Coerce the variables. Raises: GraphQLError."""
        self.variables = self.operation.variables.of(variables)

    async def go(self, plan: Plan) -> dict[str, Any]:
        """All root fields, together or, for mutations, one after the other. Raises: Surprise, GraphQLError."""
        self.prepare(plan)
        stated = [(root, root.arguments.of(self.variables)) for root in plan.roots]
        if len(stated) == 1:
            await self._root(plan, *stated[0])
        elif self.operation.node.operation is OperationType.MUTATION:
            for root, arguments in stated:
                await self._root(plan, root, arguments)
        else:
            await together([self._value(plan, root, arguments) for root, arguments in stated])
            await together([self.complete(root) for root, _ in stated])
        self.infos = []  # they hold this run: a ring, that else only the garbage collector undoes
        return {key: self.kept[key].value if key in self.kept else plan.typenames[key] for key in plan.keys}

    def prepare(self, plan: Plan) -> None:
        """Make what generated functions find in `S`. Raises: GraphQLError."""
        variables = self.variables
        self.infos = [PlannedInfo(self, call) if call.takes_info else None for call, _ in plan.calls]
        self.arguments = [found.of(variables) if found else None for _, found in plan.calls]

    async def _root(self, plan: Plan, root: Root, arguments: dict[str, Any]) -> None:
        await self._value(plan, root, arguments)
        await self.complete(root)

    async def _value(self, plan: Plan, root: Root, arguments: dict[str, Any]) -> None:
        awaited = False
        try:
            value = self._asked(plan, root, arguments)
            awaited = is_awaitable(value)
            if awaited:
                value = await value
        except Exception as error:  # noqa: BLE001 - kept for the library, which locates it
            self.kept[root.key] = Outcome(error=error, was_awaited=awaited)
        else:
            self.kept[root.key] = Outcome(value, was_awaited=awaited)

    def _asked(self, plan: Plan, root: Root, arguments: dict[str, Any]) -> Any:
        """What the root field's resolver gives."""
        call, path = root.call, Path(None, root.key, plan.kind.name)
        reader = call.reader
        if reader.way is not Way.CALL:
            info = self.raw_info(call.definition, list(call.nodes), plan.kind, path)
            return reader.call(self.root_value, info, **arguments)  # type: ignore[misc]  # it has one
        given = [self.root_value] if reader.takes_self else []
        if reader.info_name is not None:
            arguments = {**arguments, reader.info_name: PlannedInfo(self, call, path)}
        return reader.call(*given, **arguments)  # type: ignore[misc]

    async def complete(self, root: Root) -> None:
        """Raises: Surprise for anything that the library should look at."""
        outcome = self.kept[root.key]
        if outcome.error is not None:
            raise Surprise(_ERROR)
        try:
            value = root.complete(outcome.value, self)
            if root.waits:
                value = await value
        except Surprise:
            raise
        except Exception as error:
            raise Surprise(_ERROR) from error
        self.kept[root.key] = Outcome(value, is_completed=True)

    def raw_info(
        self, definition: GraphQLField, nodes: list[FieldNode], kind: GraphQLObjectType, path: Any
    ) -> Any:
        """graphql-core's info of a field, as Strawberry extends it."""
        operation = self.operation
        return _OperationContextAwareGraphQLResolveInfo(
            nodes[0].name.value,
            nodes,
            definition.type,
            kind,
            path,
            operation.schema,
            operation._fragments,  # noqa: SLF001 - the operation's own run
            self.root_value,
            operation.node,
            self.variables.coerced,
            self.context,
            optimized_is_awaitable,
            None,
            None,
            self.extensions or {},
        )


class _UnknownPath:
    """Below the root one info serves many objects: a resolver that asks where it is gets the library's."""

    def __getattr__(self, name: str) -> Any:
        raise Surprise("path")


class PlannedInfo(Info[Any, Any]):
    """Strawberry's info, made in full only for who asks for more than the context."""

    def __init__(self, run: _Run, call: Call, path: Path | None = None) -> None:
        self._run = run
        self._call = call
        self._path = path
        self._field = call.reader.field

    @property
    def context(self) -> Any:
        """The caller's context."""
        return self._run.context

    @cached_property
    def _raw_info(self) -> Any:  # type: ignore[override]
        call = self._call
        return self._run.raw_info(call.definition, list(call.nodes), call.kind, self._path or _UnknownPath())
