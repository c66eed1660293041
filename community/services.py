"""All services, wired once: the loyalty domain's, and the community's over them. What `api/` builds and resolvers call."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from community.blocks import repository as block_repository
from community.comments import repository as comment_repository
from community.comments.reading import CommentReading
from community.comments.repository import CommentRepository
from community.comments.service import CommentService
from community.erasing import erasing_steps
from community.posts import repository as post_repository
from community.posts.keeping import PostKeeping
from community.posts.reading import PostReading
from community.posts.repository import PostRepository
from community.posts.service import PostService
from community.posts.work import PostWork
from community.reactions import repository as reaction_repository
from community.reactions.repository import ReactionRepository
from community.reactions.service import ReactionService
from community.recording import Acts
from community.sanctions import repository as sanction_repository
from community.spaces import repository as space_repository
from community.spaces.repository import SpaceMembershipRepository
from community.spaces.service import SpaceService
from gamification import services as loyalty
from gamification.services import utc_now
from storage.mongo import Mongo
from storage.redis import RedisStore

INDEXES = [
    *loyalty.INDEXES,
    space_repository.INDEXES,
    sanction_repository.INDEXES,
    block_repository.INDEXES,
    post_repository.INDEXES,
    comment_repository.INDEXES,
    reaction_repository.INDEXES,
]
"""What all repositories need in MongoDB."""

MemberOf = Callable[[str], bytes | None]
"""Reads the id that clients know a member by, as it stands in a mention; None for what is none."""


@dataclass(frozen=True, slots=True)
class Services(loyalty.Services):
    """One of each."""

    memberships: SpaceMembershipRepository
    spaces: SpaceService
    post_store: PostRepository
    posts: PostService
    post_keeping: PostKeeping
    post_reading: PostReading
    comment_store: CommentRepository
    comments: CommentService
    comment_reading: CommentReading
    reaction_store: ReactionRepository
    reactions: ReactionService


def build(
    mongo: Mongo,
    redis: RedisStore,
    now: Callable[[], datetime] = utc_now,
    *,
    member_of: MemberOf | None = None,
    **settings: Any,
) -> Services:
    """Wire everything over these servers; opens no connection yet. `settings` as for the loyalty domain; without
    `member_of`, mentions name members by their raw id in hexadecimal."""
    posts, comments = PostRepository(mongo), CommentRepository(mongo)
    base = loyalty.build(mongo, redis, now, erasing=erasing_steps(posts, comments), **settings)
    memberships = SpaceMembershipRepository(mongo)
    spaces = SpaceService(
        mongo, memberships, base.members, base.stores.members, base.programmes, base.tiers, now
    )
    acts = Acts(base.recording, base.reversal, base.activities)
    written = (base.settlement, posts, spaces, acts, member_of or raw_id)
    work, post_reading = PostWork(*written), PostReading(posts)
    reactions = ReactionRepository(mongo)
    return Services(
        **{field.name: getattr(base, field.name) for field in fields(base)},
        memberships=memberships,
        spaces=spaces,
        post_store=posts,
        posts=PostService(*written),
        post_keeping=PostKeeping(*written),
        post_reading=post_reading,
        comment_store=comments,
        comments=CommentService(base.settlement, comments, posts, work, acts),
        comment_reading=CommentReading(comments, post_reading),
        reaction_store=reactions,
        reactions=ReactionService(base.settlement, reactions, posts, comments, work, acts),
    )


def raw_id(text: str) -> bytes | None:
    """The id of a member in hexadecimal, as the domain itself knows it."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
