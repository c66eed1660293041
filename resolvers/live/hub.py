"""The feeds of one process, and how an operation over a socket comes to one of them."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from graphql import GraphQLResolveInfo

from community.services import Services
from resolvers.context import Context
from resolvers.live.feeds import BoardFeed
from resolvers.live.followers import Follower
from resolvers.live.groups import Live
from resolvers.live.plans import Plan, make_plan
from resolvers.live.seats import Seat, Watch

_PLANS_MAX = 1000
_IDENTITY_LENGTH_MAX = 16_384
"""Of text and variables; longer operations execute alone, so that a thousand plans don't fill the memory."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A subscription that was found in order, to be seated."""

    watch: Watch
    identity: Hashable
    plan: Plan


@dataclass
class LiveContext(Context):
    """Of an operation whose caller can seat a subscription: its resolver hands it over instead of following."""

    variables: dict[str, Any] | None = None
    compiled: bool = True
    handed: Handed | None = field(default=None, init=False)


class Hub:
    """The feeds that run, by programme, board and group."""

    def __init__(self) -> None:
        self._feeds: dict[tuple[str, str, str | None], BoardFeed] = {}

    def follow(self, services: Services, follower: Follower) -> BoardFeed:
        """Begin to tell a follower, who must be removed from the feed given."""
        feed = self._feed(services, follower.watch)
        feed.add(follower)
        return feed

    def sit(self, live: Live, seat: Seat) -> None:
        """Take a seat; `leave` gives it up."""
        self._feed(live.services, seat.watch).sit(live, seat)

    def leave(self, seat: Seat) -> None:
        """Give the seat up; safe to repeat."""
        feed = self._feeds.get(_key(seat.watch))
        if feed is not None:
            feed.leave(seat)

    @property
    def feeds(self) -> int:
        """How many boards are watched."""
        return len(self._feeds)

    def _feed(self, services: Services, watch: Watch) -> BoardFeed:
        key = _key(watch)
        if key not in self._feeds:
            self._feeds[key] = BoardFeed(services, *key, on_quiet=lambda: self._drop(key))
        return self._feeds[key]

    def _drop(self, key: tuple[str, str, str | None]) -> None:
        self._feeds.pop(key, None)


def _key(watch: Watch) -> tuple[str, str, str | None]:
    return watch.actor.programme_id, watch.board, watch.group


_HUBS: WeakKeyDictionary[object, Hub] = WeakKeyDictionary()


def hub_of(services: Services) -> Hub:
    """The one hub over these services."""
    found = _HUBS.get(services.doorbells)
    if found is None:
        found = _HUBS[services.doorbells] = Hub()
    return found


_PLANS: OrderedDict[Hashable, Plan | None] = OrderedDict()


def hand_over(info: GraphQLResolveInfo[Any], context: LiveContext, watch: Watch) -> bool:
    """Leave the subscription with its context to be seated; False where it must execute alone."""
    identity = _identity(info, context.variables, compiled=context.compiled)
    if identity is None:
        return False
    if identity not in _PLANS:
        _PLANS[identity] = make_plan(info, context.variables, compiled=context.compiled)
        if len(_PLANS) > _PLANS_MAX:
            _PLANS.popitem(last=False)
    plan = _PLANS[identity]
    if plan is None:
        return False
    context.handed = Handed(watch, identity, plan)
    return True


def _identity(
    info: GraphQLResolveInfo[Any], variables: dict[str, Any] | None, *, compiled: bool
) -> Hashable | None:
    """What is equal for the same text, operation and variables; None for what is too long to be kept."""
    location = info.operation.loc
    if location is None:
        return None
    text = location.source.body
    stated = orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS)
    if len(text) + len(stated) > _IDENTITY_LENGTH_MAX:
        return None
    return (id(info.schema), compiled, text, location.start, stated)
