"""`createComment`, `editComment`, `deleteComment`, `restoreComment`, `removeComment`, `react`."""

from typing import Annotated

import strawberry

from community.reactions.model import Target, TargetKind
from gamification.kit.errors import InvalidInput, NotFound
from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
    ScreenedError,
)
from resolvers.mutations.posts import acting, post_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id, decode_id
from resolvers.scalars import Long
from resolvers.types.comments import Comment
from resolvers.types.posts import Post
from resolvers.types.reactions import Reaction

_ACTING = "For services: whose; one's own when not given."
_COMMENT = "The comment."


@strawberry.input(description="What to answer.")
class CreateCommentInput:
    post_id: strawberry.ID = strawberry.field(description="The post.")
    body: str = strawberry.field(description="Markdown, 1 to 5000 characters; mentions as in posts.")
    idempotency_key: str = strawberry.field(
        description="Any text of 1 to 200 characters; the same again does nothing twice."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The comment that is answered; the post itself when not given."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="What a comment is to say.")
class EditCommentInput:
    comment_id: strawberry.ID = strawberry.field(description=_COMMENT)
    version: Long = strawberry.field(description="The comment's `version` as it was read.")
    body: str = strawberry.field(description="Markdown, 1 to 5000 characters.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which comment of one's own.")
class OwnCommentInput:
    comment_id: strawberry.ID = strawberry.field(description=_COMMENT)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which comment to remove.")
class RemoveCommentInput:
    comment_id: strawberry.ID = strawberry.field(description=_COMMENT)
    reason: str = strawberry.field(description="Why; its author reads it. At most 500 characters.")


@strawberry.input(description="How to react to what.")
class ReactInput:
    target_id: strawberry.ID = strawberry.field(description="A post or a comment.")
    reaction: str | None = strawberry.field(
        default=None, description="One of the programme's reactions; null withdraws one's own."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.type(description="It is written.")
class CreateCommentSuccess:
    comment: Comment = strawberry.field(description="The comment.")
    replayed: bool = strawberry.field(description="Whether it had been written before with this key.")


@strawberry.type(description="It is changed.")
class CommentSuccess:
    comment: Comment = strawberry.field(description="The comment as it is now.")


@strawberry.type(description="The reaction is as stated.")
class ReactSuccess:
    reaction: Reaction = strawberry.field(description="One's own reaction now.")
    post: Post | None = strawberry.field(description="What was reacted to, where that is a post.")
    comment: Comment | None = strawberry.field(description="What was reacted to, where that is a comment.")


CreateCommentResult = Annotated[
    CreateCommentSuccess
    | InvalidInputError
    | NotFoundError
    | ConflictError
    | IdempotencyConflictError
    | ScreenedError,
    strawberry.union("CreateCommentResult", description=RESULT),
]
CommentResult = Annotated[
    CommentSuccess | InvalidInputError | NotFoundError | ConflictError | ScreenedError,
    strawberry.union("CommentResult", description=RESULT),
]
ReactResult = Annotated[
    ReactSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("ReactResult", description=RESULT),
]


@strawberry.type
class CommentMutations:
    @strawberry.mutation(
        description="Answer a post or a comment. For members who write in the space, and services for any of them. "
        "Conflicts: POST_STATE, POST_LOCKED, COMMENT_STATE."
    )
    async def create_comment(
        self, info: Info, input: Annotated[CreateCommentInput, INPUT]
    ) -> CreateCommentResult:
        comment, replayed = await info.context.services.comments.create(
            info.context.caller,
            acting(input.member_id),
            post_id(input.post_id),
            comment_id(input.parent_id, "parentId") if input.parent_id is not None else None,
            input.body,
            input.idempotency_key,
        )
        return CreateCommentSuccess(comment=Comment.of(comment), replayed=replayed)

    @strawberry.mutation(
        description="Change a comment. For its author. Conflicts: STALE_VERSION where it was changed meanwhile, "
        "COMMENT_STATE, POST_STATE, POST_LOCKED."
    )
    async def edit_comment(self, info: Info, input: Annotated[EditCommentInput, INPUT]) -> CommentResult:
        comment = await info.context.services.comments.edit(
            info.context.caller,
            acting(input.member_id),
            comment_id(input.comment_id),
            input.version,
            input.body,
        )
        return CommentSuccess(comment=Comment.of(comment))

    @strawberry.mutation(
        description="Take one's own comment down, and with it what it earned; twice is the same as once. Conflict: "
        "COMMENT_STATE."
    )
    async def delete_comment(self, info: Info, input: Annotated[OwnCommentInput, INPUT]) -> CommentResult:
        comment = await info.context.services.comments.delete(
            info.context.caller, acting(input.member_id), comment_id(input.comment_id)
        )
        return CommentSuccess(comment=Comment.of(comment))

    @strawberry.mutation(
        description="Publish again what was taken down: its author what they deleted, who looks after the space whatever is "
        "gone. Conflict: COMMENT_STATE."
    )
    async def restore_comment(self, info: Info, input: Annotated[OwnCommentInput, INPUT]) -> CommentResult:
        comment = await info.context.services.comments.restore(
            info.context.caller, acting(input.member_id), comment_id(input.comment_id)
        )
        return CommentSuccess(comment=Comment.of(comment))

    @strawberry.mutation(
        description="Take a comment down, and with it what it earned; twice is the same as once. For who looks after the "
        "space."
    )
    async def remove_comment(self, info: Info, input: Annotated[RemoveCommentInput, INPUT]) -> CommentResult:
        comment = await info.context.services.comments.remove(
            info.context.caller, comment_id(input.comment_id), input.reason
        )
        return CommentSuccess(comment=Comment.of(comment))

    @strawberry.mutation(
        description="React to a post or a comment of another, instead of however one did before; twice is the same as once. "
        "For members who read the space, and services for any of them. Conflicts: POST_STATE, COMMENT_STATE."
    )
    async def react(self, info: Info, input: Annotated[ReactInput, INPUT]) -> ReactResult:
        target = target_of(input.target_id)
        reaction = await info.context.services.reactions.react(
            info.context.caller, acting(input.member_id), target, input.reaction
        )
        loaders, found = info.context.loaders, target.id
        post = await loaders.posts.load(found) if target.kind is TargetKind.POST else None
        comment = await loaders.comments.load(found) if target.kind is TargetKind.COMMENT else None
        return ReactSuccess(
            reaction=Reaction(model=reaction),
            post=Post.of(post) if post else None,
            comment=Comment.of(comment) if comment else None,
        )


def comment_id(given: strawberry.ID, name: str = "commentId") -> bytes:
    """The comment's raw id. Raises: NotFound."""
    raw = decode_bytes_id(given, "Comment")
    if raw is None:
        raise NotFound("There is no such comment.", path=[name])
    return raw


def target_of(given: strawberry.ID) -> Target:
    """The post or comment that something is about. Raises: InvalidInput, NotFound."""
    kind = (decode_id(given) or ("",))[0]
    if kind not in ("Post", "Comment"):
        raise InvalidInput("targetId is of a post or a comment.", path=["targetId"])
    raw = decode_bytes_id(given, kind)
    if raw is None:
        raise NotFound(f"There is no such {kind.lower()}.", path=["targetId"])
    return Target(TargetKind(kind.lower()), raw)
