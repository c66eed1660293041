"""Fields that are done for many objects at once, and fields that are read where the domain keeps them.

Both run by Strawberry's executor like any other field; `resolvers/execution` knows a shorter way for each.
"""

from collections.abc import Awaitable, Callable
from operator import attrgetter
from typing import Any

import strawberry

BATCH = "batch"
"""In a field's metadata: the function of many objects that `batched` was given."""
PATH = "path"
"""In a field's metadata: the attributes that lead from the object to the value, joined by dots."""

Many = Callable[[list[Any], Any], Awaitable[list[Any]]]
"""From the objects and one info to each one's value, in order; an exception as a value is that object's failure."""


def batched(many: Many, *, description: str) -> Any:
    """A field whose value for one object costs about as much as for a hundred: what a page of objects asks, one call
    answers. The field's type is its annotation."""

    async def one(self: Any, info: strawberry.Info[Any, None]) -> Any:
        return await info.context.loaders.batch(many, info).load(self)

    return strawberry.field(resolver=one, description=description, metadata={BATCH: many})


def of_model(name: str, *, description: str) -> Any:
    """A field that shows an attribute of the object's `model` as it is, or one of an attribute's, joined by a dot. The
    field's type is its annotation."""
    attribute = attrgetter(name)

    def read(self: Any) -> Any:
        return attribute(self.model)

    return strawberry.field(resolver=read, description=description, metadata={PATH: f"model.{name}"})
