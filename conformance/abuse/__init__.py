"""Bounded abuse: documents and floods, each with what it may cost the server."""

from conformance.abuse import documents, floods
from conformance.checks import distinct

CHECKS = distinct([*documents.CHECKS, *floods.CHECKS])
