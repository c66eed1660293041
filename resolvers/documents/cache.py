"""Documents by the hash of their text: parsed, validated and measured once, refusals kept like the rest."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    validate,
)

from resolvers.documents.limits import Limits, read, refusals
from resolvers.documents.measures import DocumentMeasure, measure
from resolvers.execution.plans import PlanStore
from resolvers.execution.running import Operation

DOCUMENTS_MAX = 2_000
TEXT_MAX = 1_000_000
"""Characters of all documents kept together; what is parsed of them takes some hundred times as many bytes."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text. With `errors`, which are of that `kind`, it can't be run by anybody."""

    digest: str
    length: int
    errors: tuple[GraphQLError, ...] = ()
    kind: str = "invalid"
    measure: DocumentMeasure | None = None
    operations: Mapping[str | None, Operation] = field(default_factory=dict)


class Documents:
    """A bounded, least recently used cache. What is refused is kept apart, so that it can't push out what runs."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, compiled: bool = True) -> None:
        self._schema = schema
        self._limits = limits
        self._compiled = compiled
        self._plans = PlanStore()
        self._known = _Kept(DOCUMENTS_MAX, TEXT_MAX)
        self._refused = _Kept(DOCUMENTS_MAX // 10, TEXT_MAX // 10)

    def of(self, text: str) -> Document:
        """The document of a text."""
        digest = digest_of(text)
        found = self._known.get(digest) or self._refused.get(digest)
        if found is None:
            found = self._read(text, digest)
            (self._refused if found.errors else self._known).put(found)
        return found

    def by_digest(self, digest: str) -> Document | None:
        """A document that was sent before and can be run."""
        return self._known.get(digest)

    def _read(self, text: str, digest: str) -> Document:
        limits = self._limits
        try:
            node = read(text, limits)
        except GraphQLError as error:
            return Document(digest, len(text), (error,), _kind(error))
        measured = measure(node, self._schema)
        errors = refusals(measured, limits) or validate(
            self._schema, node, max_errors=limits.errors or None, hide_suggestions=True
        )
        if errors:
            shown = tuple(_in_our_words(error) for error in errors)
            return Document(digest, len(text), shown, _kind(errors[0]))
        return Document(digest, len(text), measure=measured, operations=self._operations(node))

    def _operations(self, node: DocumentNode) -> dict[str | None, Operation]:
        return {
            definition.name.value if definition.name else None: Operation(
                self._schema, node, definition, compiled=self._compiled, plans=self._plans
            )
            for definition in node.definitions
            if isinstance(definition, OperationDefinitionNode)
        }


def _in_our_words(error: GraphQLError) -> GraphQLError:
    """A literal that made a scalar's reader fail is told of without what Python said, which is meant for programmers."""
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        return error
    return GraphQLError("A value in the document can't be taken.", error.nodes)


def _kind(error: GraphQLError) -> str:
    """The limit that was broken, in the metric's words."""
    return str((error.extensions or {}).get("limitKind", "invalid"))


def digest_of(text: str) -> str:
    """The SHA-256 of a document's text in UTF-8, in hexadecimal."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Kept:
    """Documents by digest, so many and of so many characters at most."""

    def __init__(self, documents_max: int, text_max: int) -> None:
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._documents_max = documents_max
        self._text_max = text_max
        self._length = 0

    def get(self, digest: str) -> Document | None:
        found = self._documents.get(digest)
        if found is not None:
            self._documents.move_to_end(digest)
        return found

    def put(self, document: Document) -> None:
        self._documents[document.digest] = document
        self._length += document.length
        while self._length > self._text_max or len(self._documents) > self._documents_max:
            _, oldest = self._documents.popitem(last=False)
            self._length -= oldest.length
