"""`removePost`, `pinPost`, `lockPost`, `movePost`: what who looks after a space does there."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.mutations.posts import PostResult, PostSuccess, post_id
from resolvers.mutations.results import INPUT
from resolvers.types.posts import Post

_POST = "The post."


@strawberry.input(description="Which post to remove.")
class RemovePostInput:
    post_id: strawberry.ID = strawberry.field(description=_POST)
    reason: str = strawberry.field(description="Why; its author reads it. At most 500 characters.")


@strawberry.input(description="Whether a post stands at the head of its space.")
class PinPostInput:
    post_id: strawberry.ID = strawberry.field(description=_POST)
    pinned: bool = strawberry.field(default=True, description="False: no more.")


@strawberry.input(description="Whether a post takes answers and changes.")
class LockPostInput:
    post_id: strawberry.ID = strawberry.field(description=_POST)
    locked: bool = strawberry.field(default=True, description="False: it takes them again.")


@strawberry.input(description="Where a post is to stand.")
class MovePostInput:
    post_id: strawberry.ID = strawberry.field(description=_POST)
    space: str = strawberry.field(description="The key of the space, one that takes its kind.")


@strawberry.type
class PostKeepingMutations:
    @strawberry.mutation(
        description="Take a post down, and with it what it earned; twice is the same as once. For who looks after the space. "
        "Conflict: POST_STATE."
    )
    async def remove_post(self, info: Info, input: Annotated[RemovePostInput, INPUT]) -> PostResult:
        post = await info.context.services.post_keeping.remove(
            info.context.caller, post_id(input.post_id), input.reason
        )
        return PostSuccess(post=Post.of(post))

    @strawberry.mutation(
        description="Put a post at the head of its space, 10 at most, or no more. For who looks after it. Conflict: POST_STATE."
    )
    async def pin_post(self, info: Info, input: Annotated[PinPostInput, INPUT]) -> PostResult:
        post = await info.context.services.post_keeping.set_pinned(
            info.context.caller, post_id(input.post_id), pinned=input.pinned
        )
        return PostSuccess(post=Post.of(post))

    @strawberry.mutation(
        description="Let nobody else answer or change a post, or let them again. For who looks after the space. Conflict: "
        "POST_STATE."
    )
    async def lock_post(self, info: Info, input: Annotated[LockPostInput, INPUT]) -> PostResult:
        post = await info.context.services.post_keeping.set_locked(
            info.context.caller, post_id(input.post_id), locked=input.locked
        )
        return PostSuccess(post=Post.of(post))

    @strawberry.mutation(description="Put a post into another space. For who looks after both.")
    async def move_post(self, info: Info, input: Annotated[MovePostInput, INPUT]) -> PostResult:
        post = await info.context.services.post_keeping.move(
            info.context.caller, post_id(input.post_id), input.space
        )
        return PostSuccess(post=Post.of(post))
