"""Loaders: many keys, one read. Caching within a request only; on a socket rows would go stale."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from gamification.activity.model import Activity
from gamification.badges.model import BadgeAward
from gamification.kit.actors import Actor
from gamification.ledger.model import Transfer
from gamification.ledger.service import Balance
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.services import Services
from gamification.tasks.model import Progress
from resolvers.fields import Many

K = TypeVar("K", bound=bytes | str)
V = TypeVar("V")


class Loaders:
    """All of them act for one actor in one programme; what is missing or invisible is None."""

    def __init__(self, services: Services, actor: Actor | None, *, cache: bool) -> None:
        self._services = services
        self._actor = actor
        self._batches: dict[Many, DataLoader[Any, Any]] = {}
        self.members: DataLoader[bytes, Member | None] = self._by_id(services.members.by_ids, cache)
        self.ranked: DataLoader[bytes, Member | None] = self._by_id(services.members.ranked_by_ids, cache)
        self.transfers: DataLoader[bytes, Transfer | None] = self._by_id(services.ledger.transfers, cache)
        self.activities: DataLoader[bytes, Activity | None] = self._by_id(services.activity.by_ids, cache)
        self.awards: DataLoader[bytes, BadgeAward | None] = self._by_id(services.badges.by_ids, cache)
        self.progress: DataLoader[bytes, Progress | None] = self._by_id(services.tasks.by_ids, cache)
        self.award_counts: DataLoader[str, int | None] = self._by_id(services.badges.counts, cache)
        self.balances: DataLoader[Member, list[Balance]] = DataLoader(
            load_fn=self._balances, cache=cache, cache_key_fn=lambda member: member.id
        )
        self.catalogues: DataLoader[str, Catalogue] = DataLoader(load_fn=self._catalogues, cache=cache)
        self.locales: DataLoader[str, str | None] = DataLoader(load_fn=self._locales, cache=cache)

    def batch(self, many: Many, info: Any) -> "DataLoader[Any, Any]":
        """The loader that gathers a batched field's objects; it never remembers any."""
        found = self._batches.get(many)
        if found is None:

            async def load(objects: list[Any]) -> list[Any]:
                return await many(objects, info)

            found = self._batches[many] = DataLoader(load_fn=load, cache=False)
        return found

    def _by_id(
        self, read: Callable[[Actor, Sequence[K]], Awaitable[dict[K, V]]], cache: bool
    ) -> DataLoader[K, V | None]:
        async def load(keys: list[K]) -> list[V | None]:
            if self._actor is None:
                return [None] * len(keys)
            found = await read(self._actor, keys)
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load, cache=cache, max_batch_size=1000)

    async def _balances(self, members: list[Member]) -> list[list[Balance]]:
        if self._actor is None:
            return [[] for _ in members]
        found = await self._services.ledger.balances(self._actor, members)
        return [found.get(member.id, []) for member in members]

    async def _catalogues(self, programme_ids: list[str]) -> list[Catalogue]:
        found = {key: await self._services.programmes.catalogue(key) for key in set(programme_ids)}
        return [found[key] for key in programme_ids]

    async def _locales(self, subjects: list[str]) -> list[str | None]:
        """The locale of the one who calls, however often they are asked for."""
        member = await self._services.members.me(self._actor) if self._actor else None
        return [member.locale if member else None] * len(subjects)
