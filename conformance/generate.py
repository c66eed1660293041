"""Run among the tools, not by the project: prints generated GraphQL documents, one JSON string a line.

`-m conformance.generate SCHEMA QUERIES MUTATIONS`; the same ones at every run.
"""

import json
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, queries
from hypothesis_graphql._strategies import oracle

from conformance.scalars import SCALARS

# How large documents become is solved to 1e-12, whatever the numbers: of a schema as large as this they must be kept small, or
# rounding alone is more than that and no solution is found.
oracle.OVERFLOW = 1e3


def generated(strategy: st.SearchStrategy[str], count: int) -> list[str]:
    """So many different documents, or fewer where the strategy has no more."""
    found: dict[str, None] = {}

    @settings(
        max_examples=count * 3,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(document: str) -> None:
        found[document] = None

    collect()
    return list(found)[:count]


def main() -> None:
    """Generate and print."""
    text = Path(sys.argv[1]).read_text()
    for strategy, count in ((queries, sys.argv[2]), (mutations, sys.argv[3])):
        for document in generated(strategy(text, custom_scalars=SCALARS), int(count)):
            print(json.dumps(document))


main()
