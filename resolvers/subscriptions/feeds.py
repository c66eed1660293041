"""`feedUpdated`: what comes into a feed that somebody looks at."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from community.bells import feed_key
from resolvers.context import Info
from resolvers.queries.feeds import FeedKind
from resolvers.subscriptions.resting import rest
from resolvers.types.posts import Post

POSTS_MAX = 50
_COALESCED_S = 1.0
_RECHECK_S = 10.0


@strawberry.type(description="Posts that came into a feed.")
class FeedUpdate:
    posts: list[Post] = strawberry.field(
        description=f"What came in since the last message, oldest first; {POSTS_MAX} at most, more follow."
    )


@strawberry.type
class FeedSubscriptions:
    @strawberry.subscription(
        description="What comes into a feed while somebody looks at it, to say that there is something new, or to put it on "
        "top: posts that are published, or approved by a moderator, as far as the caller may see them. The first message "
        "has none: who then reads `feed` misses nothing. After it at most one message a second. `postUpdated` tells what "
        "becomes of posts that are shown."
    )
    async def feed_updated(
        self,
        info: Info,
        kind: Annotated[FeedKind, strawberry.argument(description="LATEST or FOLLOWING.")] = FeedKind.LATEST,
        space: Annotated[
            str | None, strawberry.argument(description="Only in the space of this key.")
        ] = None,
    ) -> AsyncGenerator[FeedUpdate, None]:
        services, caller = info.context.services, info.context.caller
        watched = services.arrivals.watch(kind, space)
        with services.doorbells.listening(feed_key(caller.programme_id)) as bell:
            await watched.next(await info.context.viewer())
            yield FeedUpdate(posts=[])
            while True:
                await rest(_COALESCED_S)
                await bell.wait(_RECHECK_S)
                info.context.look()
                found = await watched.next(await info.context.viewer())
                for start in range(0, len(found), POSTS_MAX):
                    yield FeedUpdate(posts=[Post.of(one) for one in found[start : start + POSTS_MAX]])
