"""How large a document may be, and the refusals of one that is larger.

The order in which they protect: the text's length, then its tokens while it is parsed, then everything that a
measured document shows, before it is validated; the cost last, as it takes the variables.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, OperationDefinitionNode, parse

from gamification.kit.errors import ErrorCode
from gamification.kit.numbers import LONG_MAX
from resolvers.documents.measures import DocumentMeasure, OperationMeasure
from resolvers.documents.source import IndexedSource


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is taken of each; 0 takes any number.

    The introspection figures are for what lies in `__schema` and `__type`: a tool's query for the whole schema is
    15 deep, has 220 fields, and none of them leads to stored data.
    """

    characters: int = 15_000
    tokens: int = 1_000
    operations: int = 10
    depth: int = 10
    introspection_depth: int = 20
    aliases: int = 15
    root_fields: int = 20
    directives: int = 50
    fields: int = 200
    introspection_fields: int = 500
    cost: int = 5_000
    trusted_cost: int = 20_000
    """For staff and services, whose batches have hundreds of outcomes."""
    errors: int = 5
    """Returned by one request at most."""


_PER_OPERATION = (
    ("depth", "depth", "is {} fields deep"),
    ("introspection_depth", "introspectionDepth", "looks {} fields deep into the schema"),
    ("root_fields", "rootFields", "has {} fields at its root"),
    ("aliases", "aliases", "has {} aliases"),
    ("directives", "directives", "has {} directives"),
    ("fields", "fields", "has {} fields"),
    ("introspection_fields", "introspectionFields", "has {} fields within the schema"),
)
"""Limit, its name in refusals, and what is said."""


def read(text: str, limits: Limits) -> DocumentNode:
    """Parse a text of at most the characters and tokens allowed; beyond them no work is done.

    Raises: GraphQLError with a refusal's extensions, or as the parser has it.
    """
    if limits.characters and len(text) > limits.characters:
        raise _refusal("characters", limits.characters, len(text), "The document has {} characters")
    try:
        return parse(IndexedSource(text), max_lexical_tokens=limits.tokens or None)
    except GraphQLSyntaxError as error:
        if f"contains more than {limits.tokens} tokens" not in error.message:
            raise
        raise _refusal(
            "tokens", limits.tokens, None, f"The document has more than {limits.tokens} tokens"
        ) from None


def refusals(measured: DocumentMeasure, limits: Limits) -> list[GraphQLError]:
    """Why a document is not run, whichever of its operations is meant; empty where nothing is too large.

    The cost is not in it. At most `errors` of them, the first of each operation first.
    """
    found = list(_broken(measured, limits))
    return found[: limits.errors] if limits.errors else found


def cost_refusal(
    cost: int, limits: Limits, operation: OperationMeasure | None = None, *, trusted: bool = False
) -> GraphQLError | None:
    """Why an operation of that cost is not run; None where it may. Staff and services are `trusted`."""
    limit = limits.trusted_cost if trusted else limits.cost
    if not limit or cost <= limit:
        return None
    return _refusal("cost", limit, cost, "The operation costs {}", operation.node if operation else None)


def _broken(measured: DocumentMeasure, limits: Limits) -> Iterator[GraphQLError]:
    count = measured.operation_count
    if limits.operations and count > limits.operations:
        yield _refusal("operations", limits.operations, count, "The document has {} operations")
    for operation in measured.operations.values():
        for name, kind, said in _PER_OPERATION:
            limit, counted = getattr(limits, name), getattr(operation.counts, name)
            if limit and counted > limit:
                yield _refusal(kind, limit, counted, f"The operation {said}", operation.node)


def _refusal(
    kind: str, limit: int, measured: int | None, said: str, node: OperationDefinitionNode | None = None
) -> GraphQLError:
    # What fragments multiply can have more digits than JSON's readers, or Python's own printing, take.
    shown = None if measured is None else min(measured, LONG_MAX)
    extensions = {"code": ErrorCode.LIMIT_EXCEEDED.value, "limitKind": kind, "limit": limit}
    if shown is not None:
        extensions["measured"] = shown
    return GraphQLError(f"{said.format(shown)}; at most {limit} are taken.", node, extensions=extensions)
