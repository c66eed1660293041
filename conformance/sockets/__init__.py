"""graphql-transport-ws, message by message, as tables."""

from conformance.checks import distinct
from conformance.sockets import frames, opening, operations

CHECKS = distinct([*opening.CHECKS, *operations.CHECKS, *frames.CHECKS])
