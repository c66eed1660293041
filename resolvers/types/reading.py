"""What a space, a post or a comment is to the caller as a reader: fields of those types."""

from typing import Any

import strawberry

from community.reactions.model import Target, TargetKind
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.scalars import Long


async def _follows_spaces(spaces: list[Any], info: Info) -> list[bool]:
    reader = await info.context.loaders.readers.load(info.context.caller.subject)
    return [reader is not None and space.key in reader.spaces for space in spaces]


async def _unread_posts(spaces: list[Any], info: Info) -> list[Long | None]:
    reader = await info.context.loaders.readers.load(info.context.caller.subject)
    found = await info.context.services.unread.of_spaces(
        await info.context.viewer(), reader, [space.key for space in spaces]
    )
    return [Long(found[space.key]) if space.key in found else None for space in spaces]


async def _follows_posts(posts: list[Any], info: Info) -> list[bool]:
    found = await info.context.services.following.posts(
        await info.context.viewer(), [post.model.id for post in posts]
    )
    return [post.model.id in found for post in posts]


async def _unread_comments(posts: list[Any], info: Info) -> list[Long | None]:
    found = await info.context.services.unread.of_posts(
        await info.context.viewer(), [post.model.id for post in posts]
    )
    return [Long(found[post.model.id]) if post.model.id in found else None for post in posts]


async def _bookmarked_posts(posts: list[Any], info: Info) -> list[bool]:
    return await _bookmarked([Target(TargetKind.POST, post.model.id) for post in posts], info)


async def _bookmarked_comments(comments: list[Any], info: Info) -> list[bool]:
    return await _bookmarked([Target(TargetKind.COMMENT, one.model.id) for one in comments], info)


async def _bookmarked(targets: list[Target], info: Info) -> list[bool]:
    found = await info.context.services.bookmarks.of_viewer(await info.context.viewer(), targets)
    return [target in found for target in targets]


@strawberry.type
class SpaceReadingFields:
    viewer_follows: bool = batched(_follows_spaces, description="Whether the caller follows it.")
    unread_count: Long | None = batched(
        _unread_posts,
        description="How many posts of others came to it since the caller read it last (`markRead`), or joined the programme; "
        "100: so many or more. Null for who is no member or does not read it.",
    )


@strawberry.type
class PostReadingFields:
    viewer_follows: bool = batched(_follows_posts, description="Whether the caller follows it.")
    unread_count: Long | None = batched(
        _unread_comments,
        description="How many comments of others came under it since the caller read it last (`markRead`), or followed it; 100: "
        "so many or more. Null where they don't follow it.",
    )
    is_bookmarked: bool = batched(_bookmarked_posts, description="Whether the caller has a bookmark of it.")


@strawberry.type
class CommentReadingFields:
    is_bookmarked: bool = batched(
        _bookmarked_comments, description="Whether the caller has a bookmark of it."
    )
