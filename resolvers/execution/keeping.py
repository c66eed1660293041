"""graphql-core's executor, with root values that are at hand already: no root field is run twice."""

from dataclasses import dataclass
from typing import Any

from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a root field's resolver gave; once completed, that. What was awaited comes later than what was not,
    which decides which errors are told where one of them takes the whole answer with it."""

    value: Any = None
    error: Exception | None = None
    was_awaited: bool = False
    is_completed: bool = False


class KeepingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes the outcomes it was given, and runs only the root fields that have none."""

    kept: dict[str, Outcome]

    def execute_field(
        self,
        parent_type: Any,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """The library's, from the resolver's outcome onwards."""
        outcome = self.kept.get(str(path.key)) if path.prev is None else None
        if outcome is None:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        if outcome.is_completed:
            return outcome.value
        if not outcome.was_awaited:
            return self._complete(outcome, parent_type, field_details_list, path, position_context)

        async def later() -> Any:
            completed = self._complete(outcome, parent_type, field_details_list, path, position_context)
            return await completed if self.is_awaitable(completed) else completed

        return later()

    def _complete(
        self,
        outcome: Outcome,
        parent_type: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        nodes = [details.node for details in field_details_list]
        definition = self.schema.get_field(parent_type, nodes[0].name.value)
        assert definition is not None  # noqa: S101 - it has been run
        kind = definition.type
        try:
            if outcome.error is not None:
                raise outcome.error  # noqa: TRY301 - as its resolver did
            info = self.build_resolve_info(definition, nodes, parent_type, path)
            completed = self.complete_value(
                kind, field_details_list, info, path, outcome.value, position_context
            )
        except Exception as error:  # noqa: BLE001 - whatever it is becomes an error of the answer
            self.handle_field_error(error, kind, field_details_list, path)
            return None
        if not self.is_awaitable(completed):
            return completed

        async def finish() -> Any:
            try:
                return await completed
            except Exception as error:  # noqa: BLE001
                self.handle_field_error(error, kind, field_details_list, path)
                return None

        return finish()
