"""`createPost`, `editPost`, `publishPost`, `deletePost`, `restorePost`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.posts.service import NewPost, PostChange
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
    ScreenedError,
)
from resolvers.mutations.members import member_id
from resolvers.mutations.poll_input import PollInput, terms_of
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.scalars import Long
from resolvers.types.posts import Post
from resolvers.types.spaces import PostKind

_ACTING = "For services: whose; one's own when not given."
_KEY = "Any text of 1 to 200 characters; the same again does nothing twice."
_POST = "The post."
_VERSION = "The post's `version` as it was read."


@strawberry.input(description="What to write.")
class CreatePostInput:
    space: str = strawberry.field(description="The key of the space where.")
    title: str = strawberry.field(description="1 to 200 characters.")
    body: str = strawberry.field(
        description="Markdown, 1 to 20000 characters. `[@Ann](member:ID)` mentions the member of that global id."
    )
    idempotency_key: str = strawberry.field(description=_KEY)
    kind: PostKind = strawberry.field(default=PostKind.DISCUSSION, description="One that the space takes.")
    tags: list[str] = strawberry.field(
        default_factory=list, description="At most 5, of at most 30 characters each."
    )
    draft: bool = strawberry.field(default=False, description="Keep it for its author alone.")
    publish_at: datetime | None = strawberry.field(
        default=None, description="Publish it then, at most 366 days ahead; at once when not given."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)
    poll: PollInput | None = strawberry.field(
        default=None, description="What is voted on: of the kind POLL, which takes no other."
    )


@strawberry.input(description="What to change; what is not given stays.")
class EditPostInput:
    post_id: strawberry.ID = strawberry.field(description=_POST)
    version: Long = strawberry.field(description=_VERSION)
    title: str | None = strawberry.field(default=None, description="1 to 200 characters.")
    body: str | None = strawberry.field(default=None, description="Markdown, 1 to 20000 characters.")
    tags: list[str] | None = strawberry.field(default=None, description="At most 5.")
    reason: str | None = strawberry.field(default=None, description="Why, at most 500 characters.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which post to publish.")
class PublishPostInput:
    post_id: strawberry.ID = strawberry.field(description=_POST)
    version: Long = strawberry.field(description=_VERSION)
    publish_at: datetime | None = strawberry.field(
        default=None, description="Then, at most 366 days ahead; at once when not given."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which post of one's own.")
class OwnPostInput:
    post_id: strawberry.ID = strawberry.field(description=_POST)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.type(description="It is written.")
class CreatePostSuccess:
    post: Post = strawberry.field(description="The post.")
    replayed: bool = strawberry.field(description="Whether it had been written before with this key.")


@strawberry.type(description="It is changed.")
class PostSuccess:
    post: Post = strawberry.field(description="The post as it is now.")


CreatePostResult = Annotated[
    CreatePostSuccess
    | InvalidInputError
    | NotFoundError
    | ConflictError
    | IdempotencyConflictError
    | ScreenedError,
    strawberry.union("CreatePostResult", description=RESULT),
]
PostResult = Annotated[
    PostSuccess | InvalidInputError | NotFoundError | ConflictError | ScreenedError,
    strawberry.union("PostResult", description=RESULT),
]


@strawberry.type
class PostMutations:
    @strawberry.mutation(
        description="Write a post in a space. For members who write there, and services for any of them; announcements for "
        "who looks after the space."
    )
    async def create_post(self, info: Info, input: Annotated[CreatePostInput, INPUT]) -> CreatePostResult:
        services, caller, acted_for = info.context.services, info.context.caller, acting(input.member_id)
        new = NewPost(
            input.space,
            input.kind,
            input.title,
            input.body,
            tuple(input.tags),
            input.draft,
            input.publish_at,
        )
        key, poll = input.idempotency_key, input.poll
        if poll is not None:
            terms = terms_of(poll)
            post, replayed = await services.polls.create(caller, acted_for, new, poll.options, terms, key)
        else:
            post, replayed = await services.posts.create(caller, acted_for, new, key)
        return CreatePostSuccess(post=Post.of(post), replayed=replayed)

    @strawberry.mutation(
        description="Change a post's text. For its author, and who looks after the space. Conflicts: STALE_VERSION where it "
        "was changed meanwhile, POST_STATE, POST_LOCKED."
    )
    async def edit_post(self, info: Info, input: Annotated[EditPostInput, INPUT]) -> PostResult:
        change = PostChange(
            input.title, input.body, tuple(input.tags) if input.tags is not None else None, input.reason
        )
        post = await info.context.services.posts.edit(
            info.context.caller, acting(input.member_id), post_id(input.post_id), input.version, change
        )
        return PostSuccess(post=Post.of(post))

    @strawberry.mutation(
        description="Publish a draft or a scheduled post, now or later. For its author. Conflicts: STALE_VERSION, POST_STATE."
    )
    async def publish_post(self, info: Info, input: Annotated[PublishPostInput, INPUT]) -> PostResult:
        post = await info.context.services.posts.publish(
            info.context.caller,
            acting(input.member_id),
            post_id(input.post_id),
            input.version,
            input.publish_at,
        )
        return PostSuccess(post=Post.of(post))

    @strawberry.mutation(
        description="Take one's own post down, and with it what it earned; twice is the same as once. A draft's text is "
        "forgotten. Conflict: POST_STATE."
    )
    async def delete_post(self, info: Info, input: Annotated[OwnPostInput, INPUT]) -> PostResult:
        post = await info.context.services.posts.delete(
            info.context.caller, acting(input.member_id), post_id(input.post_id)
        )
        return PostSuccess(post=Post.of(post))

    @strawberry.mutation(
        description="Publish again what was taken down: its author what they deleted, who looks after the space whatever is "
        "gone. It earns once more what it had earned. Conflict: POST_STATE."
    )
    async def restore_post(self, info: Info, input: Annotated[OwnPostInput, INPUT]) -> PostResult:
        post = await info.context.services.posts.restore(
            info.context.caller, acting(input.member_id), post_id(input.post_id)
        )
        return PostSuccess(post=Post.of(post))


def acting(member: strawberry.ID | None) -> bytes | None:
    """The member that a service acts for; None for oneself."""
    return member_id(member) if member is not None else None


def post_id(given: strawberry.ID) -> bytes:
    """The post's raw id. Raises: NotFound."""
    raw = decode_bytes_id(given, "Post")
    if raw is None:
        raise NotFound("There is no such post.", path=["postId"])
    return raw
