"""How rare badges are: holders beside members, counted together and kept for a while."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FRESH = timedelta(minutes=5)
"""How old a shown rarity may be."""
_PROGRAMMES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Census:
    """Holders by badge, and members in all, as of an instant."""

    holders: Mapping[str, int]
    members: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many of so many members hold a badge."""

    holders: int
    members: int
    as_of: datetime

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where there are no members."""
        return min(self.holders / self.members, 1.0) if self.members else 0.0


class Censuses:
    """One count a programme and FRESH; who asks while one is under way waits for it."""

    def __init__(
        self, count: Callable[[str], Awaitable[tuple[Mapping[str, int], int]]], now: Callable[[], datetime]
    ) -> None:
        self._count = count
        self._now = now
        self._kept: dict[str, Census] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, programme_id: str) -> Census:
        """The programme's census, FRESH old at most."""
        found = self._fresh(programme_id)
        if found is not None:
            return found
        async with self._locks.setdefault(programme_id, asyncio.Lock()):
            found = self._fresh(programme_id)
            if found is not None:
                return found
            as_of = self._now()
            holders, members = await self._count(programme_id)
            if len(self._kept) >= _PROGRAMMES_MAX:
                self._kept.clear()
                self._locks.clear()
            taken = self._kept[programme_id] = Census(holders, members, as_of)
            return taken

    def _fresh(self, programme_id: str) -> Census | None:
        found = self._kept.get(programme_id)
        age = self._now() - found.as_of if found else None
        return found if age is not None and timedelta() <= age < FRESH else None
