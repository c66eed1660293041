"""`make conformance`: what public suites, real clients and hostile callers make of a running server."""
