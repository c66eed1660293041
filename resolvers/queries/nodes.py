"""`node` and `nodes`: any object again by its global id."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from gamification.kit.actors import Permission
from gamification.kit.errors import LimitExceeded
from gamification.programmes.definitions import Status
from resolvers.context import Info
from resolvers.queries.programme import load_programme
from resolvers.relay import PAGE_SIZE_MAX, Node, decode_id
from resolvers.types.activity import load_activity
from resolvers.types.badges import build_badge, load_award
from resolvers.types.leaderboards import build_board
from resolvers.types.ledger import build_unit, load_transfer
from resolvers.types.members import Member
from resolvers.types.tasks import build_task, load_progress


async def _member(info: Info, raw: bytes) -> Node | None:
    found = await info.context.loaders.members.load(raw)
    return Member.of(found) if found else None


async def _leaderboard(info: Info, key: str) -> Node | None:
    found = await info.context.services.leaderboards.board(
        info.context.caller, key, await info.context.catalogue()
    )
    return await build_board(info, found) if found else None


async def _task(info: Info, key: str) -> Node | None:
    found = await info.context.services.tasks.task(info.context.caller, key)
    return await build_task(info, found) if found else None


async def _badge(info: Info, key: str) -> Node | None:
    found = await info.context.services.badges.badge(info.context.caller, key)
    return await build_badge(info, found) if found else None


async def _unit(info: Info, key: str) -> Node | None:
    found = (await info.context.catalogue()).units.get(key)
    if found is None or (
        found.status is Status.DRAFT and not info.context.caller.can(Permission.PROGRAMME_READ_DRAFTS)
    ):
        return None
    return await build_unit(info, found)


async def _programme(info: Info, key: str) -> Node | None:
    return await load_programme(info) if key == info.context.caller.programme_id else None


_BY_BYTES: dict[str, Callable[[Info, bytes], Awaitable[Node | None]]] = {
    "Member": _member,
    "Activity": load_activity,
    "Transfer": load_transfer,
    "TaskProgress": load_progress,
    "BadgeAward": load_award,
}
_BY_KEY: dict[str, Callable[[Info, str], Awaitable[Node | None]]] = {
    "Leaderboard": _leaderboard,
    "Task": _task,
    "Badge": _badge,
    "Unit": _unit,
    "Programme": _programme,
}
"""Who fetches a type's objects, for this caller. What is missing and what is invisible are both null."""


async def fetch_node(info: Info, global_id: str) -> Node | None:
    """The object of that id as this caller may see it."""
    decoded = decode_id(global_id)
    if decoded is None:
        return None
    type_name, raw = decoded
    if type_name in _BY_KEY:
        return await _BY_KEY[type_name](info, raw)
    if type_name not in _BY_BYTES:
        return None
    try:
        found = bytes.fromhex(raw)
    except ValueError:
        return None
    return await _BY_BYTES[type_name](info, found)


@strawberry.type
class NodeQueries:
    @strawberry.field(description="An object by its global id; null where it is missing or not visible.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> Node | None:
        _ = info.context.caller
        return await fetch_node(info, id)

    @strawberry.field(description="Objects by their global ids, in order; null where missing or not visible.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100.")],
    ) -> list[Node | None]:
        _ = info.context.caller
        if len(ids) > PAGE_SIZE_MAX:
            raise LimitExceeded(f"At most {PAGE_SIZE_MAX} ids are taken.", path=["ids"], limit=PAGE_SIZE_MAX)
        return list(await asyncio.gather(*(fetch_node(info, found) for found in ids)))
