"""Values of the schema's own scalars for generated documents. Run among the tools, not by the project."""

from hypothesis import strategies as st
from hypothesis_graphql import nodes

_KEYS = ("points", "regular", "bookworm", "demo", "nope", "积分", "", "$where", "a\0b", "x" * 300)
_TIMES = (
    "2026-11-21T08:00:00Z",
    "2026-11-21",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999-12:00",
    "now",
)
_DAYS = ("2026-11-21", "2024-02-29", "0001-01-01", "9999-12-31", "2026-02-30", "today", "")
_BEYOND = (2**53, -(2**63), 2**64, 10**30)

SCALARS = {
    "Date": st.sampled_from(_DAYS).map(nodes.String),
    "DateTime": st.sampled_from(_TIMES).map(nodes.String),
    "Long": st.one_of(st.integers(-(2**53), 2**53), st.sampled_from(_BEYOND)).map(nodes.Int),
    "JSON": st.one_of(
        st.sampled_from(_KEYS).map(nodes.String),
        st.integers().map(nodes.Int),
        st.sampled_from(_KEYS).map(lambda text: nodes.List([nodes.String(text)])),
    ),
}
