"""A data loader whose callers may be cancelled: where a field fails, its siblings are, and others may wait for the same key."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
T = TypeVar("T")


class Loader(DataLoader[K, T]):
    """Each caller waits for itself. In the library's own, who is cancelled cancels the value for all who wait for it, and a batch of
    which all are cancelled is never loaded, also not for who joins it afterwards: they would wait for good."""

    def load(self, key: K) -> Awaitable[T]:
        """The value of a key, loaded with all others that are asked for in the same turn of the loop."""
        return asyncio.shield(super().load(key))
