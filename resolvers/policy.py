"""What an installation lets operations do, apart from what callers may."""

from dataclasses import dataclass, field
from enum import StrEnum

from resolvers.documents.limits import Limits
from resolvers.documents.persisted import Manifest


class Introspection(StrEnum):
    """Who may read the schema from the server."""

    EVERYONE = "everyone"
    STAFF = "staff"
    NOBODY = "nobody"

    def allows(self, *, is_trusted: bool) -> bool:
        """Whether it is open to such a caller; staff and services are trusted."""
        return self is Introspection.EVERYONE or (self is Introspection.STAFF and is_trusted)


@dataclass(frozen=True, slots=True)
class Policy:
    """What an installation lets operations do. A time-out of 0 is none; with a manifest, members and anonymous callers
    run only what is in it."""

    limits: Limits = field(default_factory=Limits)
    compiled: bool = True
    introspection: Introspection = Introspection.STAFF
    query_timeout_s: float = 10.0
    mutation_timeout_s: float = 30.0
    persisted_queries: bool = True
    manifest: Manifest | None = None
