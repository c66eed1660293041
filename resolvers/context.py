"""What a resolver finds in `info.context`: built once a request, once a socket."""

from dataclasses import dataclass, field

import strawberry

from community.services import Services
from community.spaces.service import Viewer
from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated
from gamification.programmes.catalogue import Catalogue
from resolvers.loaders import Loaders


@dataclass
class Context:
    """`actor` is None for a caller without a token. A query remembers what it has loaded; a mutation doesn't, and a
    subscription from each look to the next (`look`)."""

    services: Services
    actor: Actor | None
    request_id: str
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.load_afresh(cache=True)

    def load_afresh(self, *, cache: bool) -> None:
        """Forget what was loaded, and remember from now on or not."""
        if hasattr(self, "loaders"):
            self.loaders.forget()
        self.loaders = Loaders(self.services, self.actor, cache=cache)

    def look(self) -> None:
        """Begin to look anew for the next event of a subscription: what that shows is loaded from now on, once."""
        self.load_afresh(cache=True)

    @property
    def caller(self) -> Actor:
        """Who calls. Raises: Unauthenticated."""
        if self.actor is None:
            raise Unauthenticated("A valid bearer token is needed.")
        return self.actor

    async def catalogue(self) -> Catalogue:
        """The definitions of the caller's programme. Raises: NotFound where it was never applied."""
        held = self.services.programmes.held(self.caller.programme_id)
        return held if held is not None else await self.loaders.catalogues.load(self.caller.programme_id)

    async def locale(self) -> str | None:
        """The locale of the member who calls; None for staff, services and who has not joined."""
        held = self.services.members.held_me(self.caller)
        return held.locale if held is not None else await self.loaders.locales.load(self.caller.subject)

    async def viewer(self) -> Viewer:
        """The caller as one who looks at the community."""
        return await self.loaders.viewers.load(self.caller.subject)

    async def hidden_badges(self) -> frozenset[str]:
        """The keys of the secret badges that the caller must not learn of."""
        return await self.loaders.hidden_badges.load(self.caller.subject)


Info = strawberry.Info[Context, None]
