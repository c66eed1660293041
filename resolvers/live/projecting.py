"""Executing a subscription's selection once for one event: the one place where it is done."""

from typing import Any

from graphql import ExecutionResult
from graphql.pyutils import AwaitableOrValue

from resolvers.context import Context
from resolvers.execution.running import Operation
from resolvers.metrics import count_way


def project(
    operation: Operation, variables: dict[str, Any] | None, context: Context, event: object
) -> AwaitableOrValue[ExecutionResult]:
    """What a subscriber of that operation gets for `event`, the value of the root field; at once where no field of
    the selection has to wait. `variables` as the client stated them."""
    return operation.complete(context, variables, event, count_way)
