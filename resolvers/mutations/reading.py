"""`follow`, `unfollow`, `markRead`, `addBookmark`, `removeBookmark`: what a member keeps as a reader."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.following.service import Changed, Topic
from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.mutations.comments import target_of
from resolvers.mutations.posts import acting, post_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.bookmarks import Bookmark
from resolvers.types.posts import Post
from resolvers.types.spaces import Space, build_space

_ACTING = "For services: whose; one's own when not given."
_SPACE = "The key of a space."


@strawberry.input(
    description="What to follow, or to follow no more: exactly one of a space, a tag and a post."
)
class FollowInput:
    space: str | None = strawberry.field(default=None, description=_SPACE)
    tag: str | None = strawberry.field(default=None, description="A tag, in any spelling.")
    post_id: strawberry.ID | None = strawberry.field(default=None, description="A post.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="What was read: exactly one of a space and a followed post.")
class MarkReadInput:
    space: str | None = strawberry.field(default=None, description=_SPACE)
    post_id: strawberry.ID | None = strawberry.field(default=None, description="A post that is followed.")
    at: datetime | None = strawberry.field(
        default=None, description="Up to when; up to now when not given. What was read stays read."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="What to find again.")
class AddBookmarkInput:
    target_id: strawberry.ID = strawberry.field(description="A post or a comment.")
    note: str | None = strawberry.field(
        default=None, description="For oneself, at most 200 characters; it replaces what was noted before."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="What to keep no more.")
class RemoveBookmarkInput:
    target_id: strawberry.ID = strawberry.field(description="A post or a comment.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.type(description="It is as was asked for.")
class FollowSuccess:
    space: Space | None = strawberry.field(description="The space that it was about.")
    tag: str | None = strawberry.field(description="The tag that it was about, in its one spelling.")
    post: Post | None = strawberry.field(
        description="The post that it was about; null also where it is not there to be read any more."
    )
    changed: bool = strawberry.field(description="False where it was so before.")


@strawberry.type(description="The bookmark is kept.")
class AddBookmarkSuccess:
    bookmark: Bookmark = strawberry.field(description="It.")
    added: bool = strawberry.field(description="False where it was kept before.")


@strawberry.type(description="There is no such bookmark.")
class RemoveBookmarkSuccess:
    removed: bool = strawberry.field(description="False where there was none before either.")


FollowResult = Annotated[
    FollowSuccess | InvalidInputError | NotFoundError, strawberry.union("FollowResult", description=RESULT)
]
AddBookmarkResult = Annotated[
    AddBookmarkSuccess | InvalidInputError | NotFoundError,
    strawberry.union("AddBookmarkResult", description=RESULT),
]
RemoveBookmarkResult = Annotated[
    RemoveBookmarkSuccess | InvalidInputError | NotFoundError,
    strawberry.union("RemoveBookmarkResult", description=RESULT),
]


@strawberry.type
class ReadingMutations:
    @strawberry.mutation(
        description="Follow a space (200 at most), a tag (200) or a post (1000) that one reads; twice is the same as once. For "
        "members, and services for any of them."
    )
    async def follow(self, info: Info, input: Annotated[FollowInput, INPUT]) -> FollowResult:
        changed = await info.context.services.following.follow(
            info.context.caller, acting(input.member_id), _topic(input.space, input.tag, input.post_id)
        )
        return await _success(info, changed)

    @strawberry.mutation(
        description="Follow it no more; twice is the same as once. For members, and services for any of them."
    )
    async def unfollow(self, info: Info, input: Annotated[FollowInput, INPUT]) -> FollowResult:
        changed = await info.context.services.following.unfollow(
            info.context.caller, acting(input.member_id), _topic(input.space, input.tag, input.post_id)
        )
        return await _success(info, changed)

    @strawberry.mutation(
        description="Say that a space, or the thread of a followed post, was read, so that `unreadCount` counts what comes after. "
        "For members, and services for any of them."
    )
    async def mark_read(self, info: Info, input: Annotated[MarkReadInput, INPUT]) -> FollowResult:
        changed = await info.context.services.following.mark_read(
            info.context.caller,
            acting(input.member_id),
            _topic(input.space, None, input.post_id),
            input.at,
        )
        return await _success(info, changed)

    @strawberry.mutation(
        description="Keep a post or a comment that one reads, 10,000 at most; twice is the same as once, with the later note. For "
        "members, and services for any of them."
    )
    async def add_bookmark(self, info: Info, input: Annotated[AddBookmarkInput, INPUT]) -> AddBookmarkResult:
        kept, added = await info.context.services.bookmarks.add(
            info.context.caller, acting(input.member_id), target_of(input.target_id), input.note
        )
        return AddBookmarkSuccess(bookmark=Bookmark(model=kept), added=added)

    @strawberry.mutation(
        description="Keep it no more; twice is the same as once. For members, and services for any of them."
    )
    async def remove_bookmark(
        self, info: Info, input: Annotated[RemoveBookmarkInput, INPUT]
    ) -> RemoveBookmarkResult:
        removed = await info.context.services.bookmarks.remove(
            info.context.caller, acting(input.member_id), target_of(input.target_id)
        )
        return RemoveBookmarkSuccess(removed=removed)


def _topic(space: str | None, tag: str | None, post: strawberry.ID | None) -> Topic:
    if sum(given is not None for given in (space, tag, post)) != 1:
        raise InvalidInput("State exactly one thing.", path=["space"])
    return Topic(space, tag, post_id(post) if post is not None else None)


async def _success(info: Info, changed: Changed) -> FollowSuccess:
    rights = changed.viewer.rights.get(changed.topic.space or "")
    return FollowSuccess(
        space=await build_space(info, rights) if rights is not None else None,
        tag=changed.topic.tag,
        post=Post.of(changed.post) if changed.post is not None else None,
        changed=changed.changed,
    )
