"""Board pages as bytes: what many ask for is executed once, until a board changes or a second has passed.

Only answers that are the same for every caller of a programme (or of a programme and locale) are kept, decided from
the document alone (`resolvers.audience`). While the process does not hear of changes, nothing is kept.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from graphql import FieldNode, OperationType, StringValueNode, VariableNode
from prometheus_client import Counter

from community.services import Services
from gamification.kit.actors import Actor, Role
from resolvers.audience import Audience, scope_of
from resolvers.context import Context
from resolvers.operations import Ready, Request

FRESH_S = 1.0
"""How long a page is good while no board of it changes, and once more while it is renewed: names of members and
definitions may be as old."""
BYTES_MAX = 64 * 1024 * 1024
PAGE_BYTES_MAX = 256 * 1024
REQUEST_BYTES_MAX = 16 * 1024
"""Longer requests are batches to be recorded, which need not be hashed to find no page."""
ANSWERED = Counter(
    "starguild_pages_answered", "Requests that were answered with the bytes of an earlier one."
)

Key = tuple[object, ...]


@dataclass(slots=True)
class Page:
    """The bytes of one answer; `marks` say how often its boards had changed when it was begun. When its time is up one
    caller renews it, and the others get it once more meanwhile."""

    body: bytes
    cost: int
    good_until: float
    marks: tuple[tuple[str, int], ...]
    is_renewed: bool = False


class Pages:
    """A bounded, least recently used cache of one process."""

    def __init__(
        self,
        *,
        fresh_s: float = FRESH_S,
        bytes_max: int = BYTES_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fresh_s = fresh_s
        self._bytes_max = bytes_max
        self._clock = clock
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._bytes = 0

    def find(self, services: Services, actor: Actor, method: str, body: bytes) -> Page | None:
        """The page that was the answer to the very same request, where it is still good for this caller."""
        if not self._pages or len(body) > REQUEST_BYTES_MAX:
            return None
        digest = sha256(body).digest()
        for audience in (Audience.PROGRAMME, Audience.LOCALE):
            locale = held_locale(services, actor) if audience is Audience.LOCALE else None
            if locale is _UNKNOWN:
                return None
            page = self._pages.get((method, digest, audience, scope_of(audience, actor, locale)))
            if page is not None and self._is_good(services, page):
                ANSWERED.inc()
                return page
        return None

    def begin(
        self,
        services: Services,
        actor: Actor | None,
        ready: Ready,
        request: Request,
        method: str,
        body: bytes,
    ) -> "Making | None":
        """Call before executing; None for what is not kept."""
        audience = ready.operation.audience
        if (
            not self._fresh_s
            or actor is None
            or len(body) > REQUEST_BYTES_MAX
            or ready.type is not OperationType.QUERY
            or audience is Audience.CALLER
            or not services.board_changes.are_heard
        ):
            return None
        marks = services.board_changes.marks(actor.programme_id, _boards(ready, request))
        return Making(self, services, actor, audience, (method, sha256(body).digest()), marks, self._clock())

    def put(self, key: Key, page: Page) -> None:
        """Keep a page."""
        if len(page.body) > PAGE_BYTES_MAX:
            return
        former = self._pages.pop(key, None)
        self._pages[key] = page
        self._bytes += len(page.body) - (len(former.body) if former else 0)
        while self._bytes > self._bytes_max:
            _, oldest = self._pages.popitem(last=False)
            self._bytes -= len(oldest.body)

    def _is_good(self, services: Services, page: Page) -> bool:
        changes = services.board_changes
        if not changes.are_heard or not changes.stand(page.marks):
            return False
        now = self._clock()
        if now < page.good_until:
            return True
        if page.is_renewed:
            return now < page.good_until + self._fresh_s
        page.is_renewed = True
        return False

    @property
    def fresh_s(self) -> float:
        """How long a page is good."""
        return self._fresh_s


@dataclass(frozen=True, slots=True)
class Making:
    """A page in the making: what changes from here on makes it stale."""

    pages: Pages
    services: Services
    actor: Actor
    audience: Audience
    asked: tuple[str, bytes]
    marks: tuple[tuple[str, int], ...]
    began_at: float

    async def keep(self, body: bytes, cost: int, context: Context) -> None:
        """Keep the answer, unless a board has changed meanwhile."""
        if not self.services.board_changes.stand(self.marks):
            return
        locale = await context.locale() if self.audience is Audience.LOCALE else None
        key = (*self.asked, self.audience, scope_of(self.audience, self.actor, locale))
        self.pages.put(key, Page(body, cost, self.began_at + self.pages.fresh_s, self.marks))


_UNKNOWN = "?"


def held_locale(services: Services, actor: Actor) -> str | None:
    """The locale in which the caller is shown names, where nothing must be read to know it; else `?`."""
    if actor.role is not Role.MEMBER:
        return None
    member = services.members.held_me(actor)
    return member.locale if member is not None else _UNKNOWN


def _boards(ready: Ready, request: Request) -> list[str] | None:
    """The keys of the boards that the answer hangs on; None for any board of the programme."""
    found = []
    for selection in ready.operation.node.selection_set.selections:
        key = _board(selection, request) if isinstance(selection, FieldNode) else None
        if key is None:
            return None
        found.append(key)
    return found


def _board(field: FieldNode, request: Request) -> str | None:
    if field.name.value != "leaderboard":
        return None
    for argument in field.arguments or ():
        if isinstance(argument.value, StringValueNode):
            return argument.value.value
        if isinstance(argument.value, VariableNode):
            stated = (request.variables or {}).get(argument.value.name.value)
            return stated if isinstance(stated, str) else None
    return None
