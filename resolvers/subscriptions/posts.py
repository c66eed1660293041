"""`postUpdated`, `commentAdded`: what changes of posts that somebody looks at."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

import strawberry

from community.bells import post_key
from community.comments.catching_up import CatchingUp
from community.posts import model as domain
from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.relay import decode_bytes_id
from resolvers.subscriptions.resting import rest
from resolvers.types.comments import Comment
from resolvers.types.posts import Post

POSTS_MAX = 100
COMMENTS_MAX = 50
_COALESCED_S = 0.2
_RECHECK_S = 10.0


@strawberry.type(description="A post as it is for the caller now.")
class PostUpdate:
    post_id: strawberry.ID = strawberry.field(description="Which.")
    post: Post | None = strawberry.field(
        description="The post; null where it is not there for the caller, or not any more: take it away."
    )


@strawberry.type(description="Comments that were written under a post.")
class CommentsAdded:
    post: Post | None = strawberry.field(
        description="The post as it is now; null where it is not there for the caller, or not any more."
    )
    comments: list[Comment] = strawberry.field(
        description=f"What the caller was not told of yet, at any depth, oldest first; {COMMENTS_MAX} at most, more follow."
    )


@strawberry.type
class PostSubscriptions:
    @strawberry.subscription(
        description="Posts that somebody looks at, as those of a feed: each as it is now, and again whenever it, what it "
        "counts, or whether the caller may see it changed; at most one message each in 200 ms."
    )
    async def post_updated(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description=f"1 to {POSTS_MAX} posts, as they are shown."),
        ],
    ) -> AsyncGenerator[PostUpdate, None]:
        if not 0 < len(ids) <= POSTS_MAX:
            raise InvalidInput(f"State 1 to {POSTS_MAX} posts.", path=["ids"], limit=POSTS_MAX)
        watched = {raw: one for one in ids if (raw := decode_bytes_id(one, "Post")) is not None}
        told: dict[bytes, object] = {}
        rung, stale = asyncio.Event(), set(watched)

        def ring(raw: bytes) -> None:
            stale.add(raw)
            rung.set()

        with contextlib.ExitStack() as hearing:
            for raw in watched:
                hearing.enter_context(
                    info.context.services.doorbells.hearing(post_key(raw), partial(ring, raw))
                )
            while True:
                info.context.look()
                looked, asked = set(stale), sorted(stale)
                stale.clear()
                rung.clear()
                found = await info.context.loaders.posts.load_many(asked)
                for raw in (one for one in watched if one in looked):
                    state = _state(found.get(raw))
                    if raw not in told or told[raw] != state:
                        told[raw] = state
                        post = Post.of(found[raw]) if raw in found else None
                        yield PostUpdate(post_id=watched[raw], post=post)
                await rest(_COALESCED_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), _RECHECK_S)
                if not rung.is_set():
                    stale |= set(watched)

    @strawberry.subscription(
        description="Comments as they are written under a post, or approved by a moderator. The first message is the post "
        "with none, or with those after `after`; then at most one message in 200 ms. Once the post is not there for the "
        "caller, it says so and ends."
    )
    async def comment_added(
        self,
        info: Info,
        post_id: Annotated[strawberry.ID, strawberry.argument(description="The post.")],
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The last comment that one knows, to go on after it."),
        ] = None,
    ) -> AsyncGenerator[CommentsAdded, None]:
        raw = decode_bytes_id(post_id, "Post") or b""
        known = decode_bytes_id(after, "Comment") if after is not None else None
        services = info.context.services
        first = True
        catching_up = CatchingUp(services.comment_reading, raw, known)
        with services.doorbells.listening(post_key(raw)) as bell:
            while True:
                info.context.look()
                post = await info.context.loaders.posts.load(raw)
                if post is None:
                    yield CommentsAdded(post=None, comments=[])
                    return
                viewer = await info.context.viewer()
                found = await catching_up.next(viewer, post, COMMENTS_MAX)
                if found or first:
                    first = False
                    yield CommentsAdded(post=Post.of(post), comments=[Comment.of(one) for one in found])
                await rest(_COALESCED_S)
                if len(found) < COMMENTS_MAX:
                    await bell.wait(_RECHECK_S)


def _state(post: domain.Post | None) -> object:
    """What differs whenever there is something to tell."""
    if post is None:
        return None
    reactions = tuple(sorted((post.reactions or {}).items()))
    return (post.version, post.state, post.space, post.locked, post.pinned_at, post.comments, reactions)
