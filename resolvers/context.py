"""What a resolver finds in `info.context`: built once a request, once a socket."""

from dataclasses import dataclass, field

import strawberry

from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated
from gamification.services import Services
from resolvers.loaders import Loaders


@dataclass
class Context:
    """`actor` is None for a caller without a token. On a socket loaders don't cache, or rows would go stale."""

    services: Services
    actor: Actor | None
    request_id: str
    is_socket: bool = False
    loaders: Loaders = field(init=False)
    _locale: str | None = field(init=False, default=None)
    _locale_known: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.services, self.actor, cache=not self.is_socket)

    @property
    def caller(self) -> Actor:
        """Who calls. Raises: Unauthenticated."""
        if self.actor is None:
            raise Unauthenticated("A valid bearer token is needed.")
        return self.actor

    async def locale(self) -> str | None:
        """The locale of the member who calls; None for staff, services and who has not joined."""
        if not self._locale_known:
            member = await self.services.members.me(self.caller)
            self._locale, self._locale_known = member.locale if member else None, True
        return self._locale


Info = strawberry.Info[Context, None]
