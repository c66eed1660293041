"""Reactions to posts and comments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from community.reactions import model as domain
from community.reactions.model import Target
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Connection, Listing, connect, window
from resolvers.scalars import Long
from resolvers.types.members import Member

REACTIONS = Listing("reactions", (datetime, bytes))


@strawberry.type(description="How many reacted so.")
class ReactionCount:
    reaction: str = strawberry.field(description="The reaction's key.")
    count: Long = strawberry.field(description="How many members.")


async def _members(reactions: "list[Reaction]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({one.model.member_id for one in reactions})
    return [
        Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in reactions
    ]


@strawberry.type(description="One member's reaction.")
class Reaction:
    model: strawberry.Private[domain.Reaction]
    reaction: str | None = of_model("key", description="The reaction's key; null where it was withdrawn.")
    at: datetime = of_model("at", description="When they reacted so.")
    member: Member | None = batched(_members, description="Who; null where they are not visible.")


async def counts_of(info: Info, reactions: Sequence[dict[str, int]]) -> list[list[ReactionCount]]:
    """How many of each reaction, in the programme's order, without those that nobody gave."""
    known = (await info.context.catalogue()).settings.community.reactions
    return [
        [
            ReactionCount(reaction=key, count=Long(found[key]))
            for key in dict.fromkeys((*known, *found))
            if found.get(key)
        ]
        for found in reactions
    ]


async def own_of(info: Info, targets: Sequence[tuple[bytes, bytes]]) -> list[str | None]:
    """The caller's own reactions to (post, that post or a comment under it) pairs."""
    found = await info.context.loaders.own_reactions.load_many({post for post, _ in targets})
    return [found.get(post, {}).get(target) for post, target in targets]


async def reactors(info: Info, target: Target, reaction: str | None, *paging: Any) -> Connection[Reaction]:
    """Who reacted to something that the caller has been shown."""
    first, after, last, before = paging
    viewer = await info.context.viewer()
    page = await info.context.services.reactions.page(
        viewer,
        await info.context.catalogue(),
        target,
        reaction,
        window(first, after, last, before, of=REACTIONS),
    )
    return connect(page, lambda one: Reaction(model=one), REACTIONS)
