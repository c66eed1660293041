"""`post`, `posts`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.posts import reading
from community.writing.limits import normal_tag
from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.mutations.members import member_id
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, decode_bytes_id, window
from resolvers.types.posts import Post, PostState, load_post
from resolvers.types.proposals import ProposalState
from resolvers.types.questions import QuestionMark
from resolvers.types.spaces import PostKind

POSTS = Listing("posts", (datetime, bytes))
DRAFTS = Listing("drafts", (bytes,))
UNPUBLISHED = (PostState.DRAFT, PostState.SCHEDULED, PostState.PENDING)


@strawberry.input(description="Which posts to list.")
class PostFilter:
    space: str | None = strawberry.field(default=None, description="Only in the space of this key.")
    kind: PostKind | None = strawberry.field(default=None, description="Only of this kind.")
    tag: str | None = strawberry.field(default=None, description="Only with this tag.")
    author_id: strawberry.ID | None = strawberry.field(default=None, description="Only by this member.")
    state: PostState = strawberry.field(
        default=PostState.PUBLISHED,
        description="Another state: one's own, and what is gone from spaces that one looks after.",
    )
    pinned: bool = strawberry.field(default=False, description="Only those at the head of their space.")
    question: QuestionMark | None = strawberry.field(
        default=None, description="Only questions that are so; of published posts."
    )
    proposal: ProposalState | None = strawberry.field(
        default=None, description="Only proposals that are so; of published posts. Not with `question`."
    )


@strawberry.type
class PostQueries:
    @strawberry.field(description="A post; null where it is not there for the caller.")
    async def post(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The post.")]
    ) -> Post | None:
        raw = decode_bytes_id(id, "Post")
        return await load_post(info, raw) if raw is not None else None

    @strawberry.field(description="Posts that the caller may read, published last first.")
    async def posts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            PostFilter | None, strawberry.argument(description="All that are published when not given.")
        ] = None,
    ) -> Connection[Post]:
        stated = filter or PostFilter()
        wanted = reading.PostFilter(
            stated.space,
            stated.kind,
            normal_tag(stated.tag) if stated.tag is not None else None,
            member_id(stated.author_id) if stated.author_id is not None else None,
            stated.state,
            stated.pinned,
            _mark_of(stated),
        )
        listing = DRAFTS if stated.state in UNPUBLISHED else POSTS
        page = await info.context.services.post_reading.page(
            await info.context.viewer(), wanted, window(first, after, last, before, of=listing)
        )
        info.context.loaders.posts.hold({post.id: post for post in page.rows})
        return connect(page, Post.of, listing)


def _mark_of(stated: PostFilter) -> str | None:
    """What posts are found by. Raises: InvalidInput where that is nothing that a post can be."""
    if stated.question is not None and stated.proposal is not None:
        raise InvalidInput("No post is both a question and a proposal.", path=["filter", "proposal"])
    mark = stated.question or stated.proposal
    return mark.value if mark is not None else None
