"""A schema with one of everything, whose values are drawn from a seed: right ones, and now and then wrong ones."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from random import Random
from typing import Annotated, Any, Optional

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from gamification.kit.errors import InvalidInput
from resolvers.errors import HANDLERS, InvalidInputError
from resolvers.fields import batched, of_model
from resolvers.scalars import SCALARS, Long


@dataclass
class World:
    """The context of a run. `faults` of a hundred values are wrong; the same seed gives the same values."""

    seed: int
    faults: int = 0
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loaders = self

    def batch(self, many: Any, info: Any) -> "_One":
        return _One(many, info)

    def draw(self, *place: object) -> Random:
        return Random(f"{self.seed}:{place}")

    def value(self, right: Callable[[Random], Any], *place: object) -> Any:
        draw = self.draw(*place)
        if draw.randrange(100) < self.faults:
            return draw.choice(FAULTS)()
        return right(draw)


@dataclass
class _One:
    many: Any
    info: Any

    async def load(self, item: Any) -> Any:
        (value,) = await self.many([item], self.info)
        if isinstance(value, Exception):
            raise value
        return value


def _raising() -> Any:
    raise ValueError("mongodb://secret")


def _refusing() -> Any:
    raise InvalidInput("no", path=["here"])


def _none() -> None:
    return None


class Once:
    """Can be gone through, once."""

    def __init__(self) -> None:
        self._left = [1, 2]

    def __iter__(self) -> "Once":
        return self

    def __next__(self) -> int:
        if not self._left:
            raise StopIteration
        return self._left.pop()

    def __repr__(self) -> str:
        return "once"


class Odd:
    def __repr__(self) -> str:
        return "odd"


FAULTS: list[Callable[[], Any]] = [
    _none,
    _none,
    _raising,
    _refusing,
    lambda: ValueError("returned"),
    lambda: 2**40,
    lambda: 2**70,
    lambda: 1.5,
    lambda: float("nan"),
    lambda: "text",
    lambda: True,
    list,
    lambda: [None],
    lambda: (),
    lambda: ("a", None),
    Once,
    lambda: {"a": 1},
    Odd,
    lambda: Colour.RED,
    lambda: datetime(2026, 1, 1, tzinfo=UTC),
]


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.input
class Shape:
    size: int = 1
    colours: list[Colour] | None = None
    inner: Optional["Shape"] = None


class Doubling(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        value = next_(source, info, **kwargs)
        return value * 2 if isinstance(value, int) else value


class Refusing(BasePermission):
    message = "not allowed"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return bool(info.context.draw("permission", source.uid).randrange(4))


@strawberry.interface
class Named:
    uid: int
    name: str


def _thing(info: strawberry.Info, *place: object) -> Any:
    return info.context.value(lambda draw: _any_thing(info.context, draw), *place)


def _any_thing(world: World, draw: Random) -> Any:
    return draw.choice((Leaf.of, Branch.of))(world, draw.randrange(1000))


async def _neighbours(things: list["Leaf"], info: strawberry.Info) -> list[Any]:
    await asyncio.sleep(0)
    found = []
    for thing in things:
        try:
            found.append(
                info.context.value(lambda draw: Leaf.of(info.context, draw.randrange(50)), "n", thing.uid)
            )
        except Exception as error:  # noqa: BLE001 - a batch gives failures as values
            found.append(error)
    return found


@dataclass
class Model:
    label: Any
    count: Any


@strawberry.type
class Leaf(Named):
    model: strawberry.Private[Model]
    small: int
    ratio: float
    flag: bool | None
    colour: Colour
    at: datetime
    big: Long
    free: JSON
    tags: list[str]
    maybe_tags: list[str | None] | None
    label: str | None = of_model("label", description="Of the model.")
    count: Long = of_model("count", description="Of the model.")
    neighbour: Annotated["Leaf", strawberry.lazy("tests.resolvers.execution.schemas")] = batched(
        _neighbours, description="Batched."
    )

    @strawberry.field
    def doubled(self, info: strawberry.Info, by: int = 2, shape: Shape | None = None) -> int | None:
        size = shape.size if shape else 0
        info.context.calls.append("doubled")
        return info.context.value(lambda draw: draw.randrange(100) * by + size, "doubled", self.uid, by, size)

    @strawberry.field(extensions=[Doubling()])
    def extended(self, info: strawberry.Info) -> int:
        return info.context.value(lambda draw: draw.randrange(100), "extended", self.uid)

    @strawberry.field(permission_classes=[Refusing])
    async def guarded(self) -> str | None:
        return "seen"

    @strawberry.field
    def where(self, info: strawberry.Info) -> str:
        return ".".join(str(step) for step in info.path.as_list())

    @strawberry.field
    async def late(self, info: strawberry.Info, colour: Colour = Colour.RED) -> str | None:
        await asyncio.sleep(0)
        return info.context.value(lambda draw: f"{colour.value}{draw.randrange(9)}", "late", self.uid)

    @classmethod
    def of(cls, world: World, uid: int) -> "Leaf":
        def value(right: Callable[[Random], Any], name: str) -> Any:
            try:
                return world.value(right, uid, name)
            except Exception as error:  # noqa: BLE001 - an attribute can't raise
                return error

        return cls(
            uid=uid,
            name=value(lambda draw: f"leaf {uid}", "name"),
            model=Model(
                value(lambda draw: draw.choice(("x", None)), "label"),
                value(lambda draw: draw.randrange(2**50), "count"),
            ),
            small=value(lambda draw: draw.randrange(100), "small"),
            ratio=value(lambda draw: draw.random(), "ratio"),
            flag=value(lambda draw: draw.choice((True, False, None)), "flag"),
            colour=value(lambda draw: draw.choice(list(Colour)), "colour"),
            at=value(lambda draw: datetime.fromtimestamp(draw.randrange(10**9), UTC), "at"),
            big=value(lambda draw: draw.randrange(2**52), "big"),
            free=value(lambda draw: {"a": [1, "x", None]}, "free"),
            tags=value(lambda draw: ["a", "b"], "tags"),
            maybe_tags=value(lambda draw: draw.choice((None, ["a", None])), "maybe_tags"),
        )


@strawberry.type
class Branch(Named):
    @strawberry.field
    def leaves(self, info: strawberry.Info, first: int = 2) -> list[Leaf]:
        uids = range(min(max(first, 0), 4))
        return info.context.value(
            lambda draw: [Leaf.of(info.context, self.uid * 10 + one) for one in uids], "leaves", self.uid
        )

    @strawberry.field
    async def things(
        self, info: strawberry.Info
    ) -> list[Annotated["Thing", strawberry.lazy(__name__)] | None]:
        await asyncio.sleep(0)
        return info.context.value(
            lambda draw: [_thing(info, "thing", self.uid, one) for one in range(3)], "things", self.uid
        )

    @strawberry.field
    def grid(self, info: strawberry.Info) -> list[list[Leaf] | None]:
        return info.context.value(
            lambda draw: [[Leaf.of(info.context, self.uid + 1)], None, []], "grid", self.uid
        )

    @strawberry.field
    async def named(self, info: strawberry.Info) -> Named | None:
        return _thing(info, "named", self.uid)

    @classmethod
    def of(cls, world: World, uid: int) -> "Branch":
        return cls(uid=uid, name=f"branch {uid}")


@strawberry.type
class Done:
    number: int
    branch: Branch


Thing = Annotated[Leaf | Branch, strawberry.union("Thing")]
Result = Annotated[Done | InvalidInputError, strawberry.union("Result")]


@strawberry.type
class Query:
    @strawberry.field
    def leaf(self, info: strawberry.Info, uid: int = 1) -> Leaf | None:
        info.context.calls.append("leaf")
        return info.context.value(lambda draw: Leaf.of(info.context, uid), "root leaf", uid)

    @strawberry.field
    async def branch(self, info: strawberry.Info, shape: Shape | None = None) -> Branch:
        info.context.calls.append("branch")
        await asyncio.sleep(0)
        return info.context.value(
            lambda draw: Branch.of(info.context, shape.size if shape else 3), "root branch"
        )

    @strawberry.field
    async def thing(self, info: strawberry.Info) -> Annotated["Thing", strawberry.lazy(__name__)]:
        info.context.calls.append("thing")
        return _thing(info, "root thing")

    @strawberry.field
    def named(self, info: strawberry.Info, colours: list[Colour] = strawberry.UNSET) -> list[Named] | None:
        info.context.calls.append("named")
        return info.context.value(
            lambda draw: [_any_thing(info.context, draw) for _ in range(3)], "root named"
        )


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def act(self, info: strawberry.Info, number: int) -> Annotated["Result", strawberry.lazy(__name__)]:
        info.context.calls.append(f"act {number}")
        await asyncio.sleep(0)
        return info.context.value(
            lambda draw: Done(number=number, branch=Branch.of(info.context, number)), "act", number
        )

    @strawberry.mutation
    def count(self, info: strawberry.Info) -> int:
        info.context.calls.append("count")
        return len(info.context.calls)


def awaiting(value: Any) -> Awaitable[Any]:
    """A value where none is to be waited for."""

    async def later() -> Any:
        return value

    return later()


SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[Leaf, Branch],
    config=StrawberryConfig(scalar_map=SCALARS),
    exception_handlers=HANDLERS,
)
CORE = SCHEMA._schema
