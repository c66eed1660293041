"""What a document asks for, measured once and kept with it: the counts and the cost of each of its operations."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from resolvers.documents.costs import Cost, Costing
from resolvers.documents.counts import Counter, Counts
from resolvers.documents.sizes import Variables
from resolvers.documents.weights import Weights


@dataclass(frozen=True, slots=True)
class OperationMeasure:
    """One operation."""

    node: OperationDefinitionNode
    counts: Counts
    priced: Cost

    def cost(self, variables: Variables | None = None) -> int:
        """In units of a plain field, with the variables as the request states them; may be astronomically large."""
        return self.priced.of(variables)


@dataclass(frozen=True, slots=True)
class DocumentMeasure:
    """All operations of one document, by name; the one without a name under None."""

    operations: Mapping[str | None, OperationMeasure]
    operation_count: int
    steps: int
    """How many selections were looked at to count all this."""

    def of(self, operation_name: str | None) -> OperationMeasure | None:
        """The operation that a request means; None where that is not certain, which is refused elsewhere."""
        if operation_name is None and self.operation_count == 1:
            return next(iter(self.operations.values()))
        return self.operations.get(operation_name)


def measure(document: DocumentNode, schema: GraphQLSchema) -> DocumentMeasure:
    """Measure a document, valid or not: whatever is wrong with it is for validation to say. Raises nothing."""
    weights = weights_of(schema)
    counter, costing = Counter(document, weights.granting), Costing(document, weights)
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    operations = {
        node.name.value if node.name else None: OperationMeasure(
            node, counter.operation(node), costing.operation(node)
        )
        for node in nodes
    }
    return DocumentMeasure(operations, len(nodes), counter.steps)


@lru_cache(maxsize=16)
def weights_of(schema: GraphQLSchema) -> Weights:
    """A schema's weights, read once."""
    return Weights.of(schema)
