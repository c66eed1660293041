"""Documents that were parsed and found valid before: one bounded cache, keyed by the text.

A text that does not parse or validate is never kept, so its errors take the library's own way every time.
"""

from collections.abc import Iterator
from functools import lru_cache

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

DOCUMENTS_MAX = 1000
TEXT_LENGTH_MAX = 50_000
"""Longer documents are parsed each time: a thousand of them, valid or not, must not fill the memory."""


class Documents(SchemaExtension):
    """Skips parsing and validation for texts that passed both."""

    def on_parse(self) -> Iterator[None]:
        known = _slot(self.execution_context.query or "").document
        if known is not None:
            self.execution_context.graphql_document = known
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        slot = _slot(context.query or "")
        if slot.document is not None and slot.document is context.graphql_document:
            context.pre_execution_errors = context.pre_execution_errors or []
            yield
            return
        yield
        if not context.pre_execution_errors:
            slot.document = context.graphql_document


class OneOperation(SchemaExtension):
    """A document with several operations must say by `operationName` which is meant: to run the first of them
    would run what nobody asked for. Source: GraphQL specification, GetOperation()."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        # The public `operation_name` falls back to the first operation's.
        if context._provided_operation_name is None and context.graphql_document is not None:  # noqa: SLF001
            operations = [
                d for d in context.graphql_document.definitions if isinstance(d, OperationDefinitionNode)
            ]
            if len(operations) > 1:
                message = "The document has several operations: state operationName."
                context.pre_execution_errors = [GraphQLError(message, operations)]
        yield


class _Slot:
    """The document of one text, once it has proved valid."""

    document: DocumentNode | None = None


def _slot(text: str) -> _Slot:
    return _kept(text) if len(text) <= TEXT_LENGTH_MAX else _Slot()


@lru_cache(maxsize=DOCUMENTS_MAX)
def _kept(_text: str) -> _Slot:
    return _Slot()
