"""Hostile HTTP requests, as tables."""

from conformance.checks import distinct
from conformance.requests import bodies, framing, heads, operations

CHECKS = distinct([*bodies.CHECKS, *heads.CHECKS, *operations.CHECKS, *framing.CHECKS])
