"""Schemas drawn from a seed: types, an interface, a union, and fields of every way and wrapping."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Annotated, Any, Union

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from resolvers.fields import batched
from resolvers.scalars import SCALARS, Long
from tests.resolvers.execution.schemas import Colour, World

Make = Callable[[World, Random], Any]


@dataclass(frozen=True)
class Kind:
    """A type of a field, and how a right value of it is made."""

    annotation: Any
    make: Make


SCALAR_KINDS = [
    Kind(int, lambda _, draw: draw.randrange(-1000, 1000)),
    Kind(str, lambda _, draw: draw.choice(("", "é", "text"))),
    Kind(bool, lambda _, draw: draw.choice((True, False))),
    Kind(float, lambda _, draw: draw.random()),
    Kind(strawberry.ID, lambda _, draw: f"id{draw.randrange(99)}"),
    Kind(Colour, lambda _, draw: draw.choice(list(Colour))),
    Kind(Long, lambda _, draw: draw.randrange(-(2**53) + 1, 2**53)),
    Kind(datetime, lambda _, draw: datetime.fromtimestamp(draw.randrange(2**31), UTC)),
]


@lru_cache(maxsize=64)
def generated_schema(seed: int) -> GraphQLSchema:
    """The same schema for the same seed."""
    return _Drawing(seed).schema()._schema


class _Drawing:
    def __init__(self, seed: int) -> None:
        self._draw = Random(seed)
        self._prefix = f"G{seed}"
        self._kinds: list[Kind] = list(SCALAR_KINDS)

    def schema(self) -> strawberry.Schema:
        interface = strawberry.interface(type(f"{self._prefix}Face", (), {"__annotations__": {"uid": int}}))
        objects = []
        for number in range(self._draw.randint(2, 5)):
            bases = (interface,) if self._draw.randrange(2) else ()
            made = self._object(f"{self._prefix}T{number}", bases)
            objects.append(made)
            self._kinds.append(self._kind_of(made))
        implementing = [one for one in objects if issubclass(one, interface)]
        if implementing:
            self._kinds.append(Kind(interface, self._one_of(implementing)))
        if len(objects) > 1:
            members: Any = Union[tuple(objects)]  # noqa: UP007
            union: Any = Annotated[members, strawberry.union(f"{self._prefix}Union")]
            self._kinds.append(Kind(union, self._one_of(objects)))
        query = self._object(f"{self._prefix}Query", (), fields=6)
        return strawberry.Schema(query, types=objects, config=StrawberryConfig(scalar_map=SCALARS))

    def _object(self, name: str, bases: tuple[type, ...], fields: int | None = None) -> type:
        annotations: dict[str, Any] = {"uid": int}
        body: dict[str, Any] = {}
        makers: dict[str, Make] = {}
        for number in range(fields or self._draw.randint(2, 6)):
            field, kind = f"f{number}", self._wrapped(self._draw.choice(self._kinds), 2)
            annotations[field] = kind.annotation
            way = self._draw.randrange(4 if fields is None else 3)
            if fields is not None or way:
                body[field] = _resolved(name, field, kind, way)
            else:
                makers[field] = kind.make

        def make(cls: Any, world: World, uid: int) -> Any:
            values = {
                field: _attribute(world, make_one, name, uid, field) for field, make_one in makers.items()
            }
            return cls(uid=uid, **values)

        made = type(name, bases, {**body, "__annotations__": annotations, "make": classmethod(make)})
        return strawberry.type(made)

    def _wrapped(self, kind: Kind, depth: int) -> Kind:
        turn = self._draw.randrange(5) if depth else 4
        inner = self._wrapped(kind, depth - 1) if turn < 2 else kind
        if turn == 0:
            many: Any = list
            return Kind(
                many[inner.annotation], lambda world, draw: [inner.make(world, draw) for _ in range(2)]
            )
        if turn in (1, 2):
            return Kind(
                inner.annotation | None,
                lambda world, draw: inner.make(world, draw) if draw.randrange(3) else None,
            )
        return kind

    def _kind_of(self, made: Any) -> Kind:
        return Kind(made, lambda world, draw: made.make(world, draw.randrange(1000)))

    def _one_of(self, classes: list[Any]) -> Make:
        return lambda world, draw: draw.choice(classes).make(world, draw.randrange(1000))


def _attribute(world: World, make: Make, *place: object) -> Any:
    try:
        return world.value(lambda draw: make(world, draw), *place)
    except Exception as error:  # noqa: BLE001 - an attribute can't raise
        return error


def _resolved(name: str, field: str, kind: Kind, way: int) -> Any:
    def value(item: Any, info: Any) -> Any:
        world: World = info.context
        uid = item.uid if item is not None else 0
        return world.value(lambda draw: kind.make(world, draw), name, uid, field)

    def at_once(self: Any, info: strawberry.Info) -> Any:
        return value(self, info)

    async def later(self: Any, info: strawberry.Info) -> Any:
        await asyncio.sleep(0)
        return value(self, info)

    async def together(items: list[Any], info: Any) -> list[Any]:
        await asyncio.sleep(0)
        found = []
        for item in items:
            try:
                found.append(value(item, info))
            except Exception as error:  # noqa: BLE001 - a batch gives failures as values
                found.append(error)
        return found

    if way == 1:
        return strawberry.field(resolver=at_once)
    if way == 2:
        return strawberry.field(resolver=later)
    return batched(together, description="Batched.")
