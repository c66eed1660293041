"""What GraphQL operations are counted by; `GET /metrics` shows it."""

from prometheus_client import Counter

REFUSED = Counter(
    "starguild_graphql_refused",
    "Operations that were not run: too large in what `kind` says, invalid, or of a kind that may not run there.",
    ["kind"],
)
OPERATIONS = Counter(
    "starguild_graphql_operations",
    "Operations by the `way` they were run, compiled or stock, and the `reason` for falling back.",
    ["way", "reason"],
)
_COMPILED = OPERATIONS.labels("compiled", "")


def count_way(way: str) -> None:
    """Count one operation, or one message of a subscription: `compiled`, or why it was not."""
    if way == "compiled":
        _COMPILED.inc()
    else:
        OPERATIONS.labels("stock", way).inc()
