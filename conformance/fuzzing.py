"""Hooks of schemathesis: our scalars, and what counts as a failure. Run among the tools, not by the project."""

import schemathesis

from conformance.scalars import SCALARS

for name, strategy in SCALARS.items():
    schemathesis.graphql.scalar(name, strategy)


@schemathesis.check
def no_internal_error(_ctx, response, _case) -> None:  # type: ignore[no-untyped-def]  # its types are not installed
    """Refusals are typed; an error that nobody foresaw is a failure."""
    if response.status_code >= 500:
        raise AssertionError(f"{response.status_code}")
    told = response.json()
    if "data" not in told and not told.get("errors"):
        raise AssertionError("neither data nor errors")
    for error in told.get("errors", []):
        code = (error.get("extensions") or {}).get("code")
        if code in (None, "INTERNAL"):
            raise AssertionError(f"an error with the code {code}: {error}")
