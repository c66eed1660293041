"""Comments and their threads."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.comments import model as domain
from community.comments.access import is_author, sees_text
from community.comments.repository import ORDERS
from community.reactions.model import Target, TargetKind
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, Node, connect, global_id, window
from resolvers.scalars import Long
from resolvers.types.members import Member, mentioned
from resolvers.types.questions import chosen_of
from resolvers.types.reactions import Reaction, ReactionCount, counts_of, own_of, reactors
from resolvers.types.reading import CommentReadingFields
from resolvers.types.screening import Screening, messages_for, said_of

if TYPE_CHECKING:
    from resolvers.types.posts import Post

CommentState = domain.CommentState
strawberry.enum(
    CommentState,
    name="CommentState",
    description="PENDING: it waits for a moderator. PUBLISHED. HIDDEN by reports until a moderator decides; DELETED by its "
    "author; REMOVED by who looks after the space.",
)
CommentOrder = domain.CommentOrder
strawberry.enum(
    CommentOrder,
    name="CommentOrder",
    description="NEWEST; OLDEST; BEST: those with most reactions first, of as many the older.",
)
LISTINGS = {
    domain.CommentOrder.NEWEST: Listing("newest comments", (bytes,)),
    domain.CommentOrder.OLDEST: Listing("oldest comments", (bytes,)),
    domain.CommentOrder.BEST: Listing("best comments", (int, bytes)),
}
assert all(len(LISTINGS[order].kinds) == len(ORDERS[order]) for order in LISTINGS)  # noqa: S101 - cursors hold both
Order = Annotated[CommentOrder, strawberry.argument(description="Which come first.")]


async def _shown(comments: "list[Comment]", info: Info) -> list[bool]:
    """Whether the caller reads what they say."""
    viewer = await info.context.viewer()
    posts = await info.context.loaders.posts.load_many({one.model.post_id for one in comments})
    return [
        one.model.post_id in posts and sees_text(viewer, posts[one.model.post_id], one.model)
        for one in comments
    ]


async def _html(comments: "list[Comment]", info: Info) -> list[str | None]:
    return [
        one.model.written.html if shown else None
        for one, shown in zip(comments, await _shown(comments, info), strict=True)
    ]


async def _texts(comments: "list[Comment]", info: Info) -> list[str | None]:
    return [
        one.model.written.text if shown else None
        for one, shown in zip(comments, await _shown(comments, info), strict=True)
    ]


async def _reasons(comments: "list[Comment]", info: Info) -> list[str | None]:
    return [
        one.model.taken_down.reason if shown and one.model.taken_down is not None else None
        for one, shown in zip(comments, await _shown(comments, info), strict=True)
    ]


async def _authors(comments: "list[Comment]", info: Info) -> list[Member | None]:
    shown = await _shown(comments, info)
    wanted = {one.model.author_id for one, seen in zip(comments, shown, strict=True) if seen}
    found = await info.context.loaders.members.load_many(wanted)
    return [
        Member.of(found[one.model.author_id]) if seen and one.model.author_id in found else None
        for one, seen in zip(comments, shown, strict=True)
    ]


async def _mentioned(comments: "list[Comment]", info: Info) -> list[list[Member]]:
    shown = await _shown(comments, info)
    ids = [one.model.written.mentions if seen else () for one, seen in zip(comments, shown, strict=True)]
    return await mentioned(info, ids)


async def _posts(comments: "list[Comment]", info: Info) -> "list[Post | Exception]":
    from resolvers.types.posts import Post

    posts = await info.context.loaders.posts.load_many({one.model.post_id for one in comments})
    return [
        Post.of(posts[one.model.post_id])
        if one.model.post_id in posts
        else NotFound("There is no such post.")
        for one in comments
    ]


async def _parents(comments: "list[Comment]", info: Info) -> "list[Comment | None]":
    wanted = {one.model.parent_id for one in comments if one.model.parent_id is not None}
    found = await info.context.loaders.comments.load_many(wanted)
    return [
        Comment.of(found[one.model.parent_id]) if one.model.parent_id in found else None for one in comments
    ]


async def _sources(comments: "list[Comment]", info: Info) -> list[str | None]:
    viewer = await info.context.viewer()
    return [one.model.written.body if is_author(viewer, one.model) else None for one in comments]


async def _accepted(comments: "list[Comment]", info: Info) -> list[bool]:
    viewer = await info.context.viewer()
    direct = {one.model.post_id for one in comments if one.model.parent_id is None}
    found = await info.context.loaders.questions.load_many(direct) if direct else {}
    chosen = {chosen_of(one, own=viewer.is_member(one.asker_id)) for one in found.values()}
    return [one.model.id in chosen for one in comments]


async def _screenings(comments: "list[Comment]", info: Info) -> list[list[Screening] | None]:
    posts = await info.context.loaders.posts.load_many({one.model.post_id for one in comments})
    spaces = [posts[one.model.post_id].space if one.model.post_id in posts else "" for one in comments]
    return await said_of(info, [(one.model.id, space) for one, space in zip(comments, spaces, strict=True)])


async def _held_messages(comments: "list[Comment]", info: Info) -> list[str | None]:
    waiting = [one.model.id if one.model.state is CommentState.PENDING else None for one in comments]
    if not any(waiting):
        return [None] * len(comments)
    shown = await _shown(comments, info)
    return await messages_for(info, [one if seen else None for one, seen in zip(waiting, shown, strict=True)])


async def _counts(comments: "list[Comment]", info: Info) -> list[list[ReactionCount]]:
    return await counts_of(info, [dict(one.model.reactions or {}) for one in comments])


async def _own(comments: "list[Comment]", info: Info) -> list[str | None]:
    return await own_of(info, [(one.model.post_id, one.model.id) for one in comments])


@strawberry.type(
    description="An answer to a post, or to another comment. One that is gone keeps its place while others answer it: who "
    "wrote it and what it said is null then, but for its author and who looks after the space."
)
class Comment(Node, CommentReadingFields):
    model: strawberry.Private[domain.Comment]
    id: strawberry.ID = global_id("Comment")
    state: CommentState = of_model("state", description="Whether it is published.")
    version: Long = of_model("version", description="Counts its changes; state it when you edit.")
    created_at: datetime = of_model("created_at", description="When it was written.")
    edited_at: datetime | None = of_model("edited_at", description="When it was last changed since.")
    is_remark: bool = of_model(
        "remark", description="Whether it is about the post, and no answer to the question that it asks."
    )
    reply_count: Long = of_model(
        "below", description="How many published comments are under it, at any depth."
    )
    html: str | None = batched(
        _html, description="What it says, rendered and clean: safe to be put into a page as it is."
    )
    text: str | None = batched(_texts, description="What it says, without any marks.")
    source: str | None = batched(_sources, description="What it says as Markdown, for its author.")
    removal_reason: str | None = batched(
        _reasons, description="Why it was removed, where it is; for its author and who looks after the space."
    )
    author: Member | None = batched(_authors, description="Who wrote it; null where they are not visible.")
    mentions: list[Member] = batched(_mentioned, description="The members that it mentions.")
    post: Annotated["Post", strawberry.lazy("resolvers.types.posts")] = batched(
        _posts, description="What it is under."
    )
    parent: "Comment | None" = batched(
        _parents, description="The comment that it answers; null: it answers the post."
    )
    reactions: list[ReactionCount] = batched(
        _counts,
        description="How many reacted how, in the programme's order; those that nobody gave are left out.",
    )
    viewer_reaction: str | None = batched(
        _own, description="The caller's own reaction; null where there is none."
    )

    held_message: str | None = batched(
        _held_messages,
        description="While it waits for a moderator: what the programme says of why. In the viewer's locale.",
    )
    screenings: list[Screening] | None = batched(
        _screenings,
        description="What the screening rules said of it, the latest first; for who looks after the space, null for others.",
    )
    is_accepted: bool = batched(
        _accepted, description="Whether it is the answer that was accepted, of a question."
    )

    @strawberry.field(description="How deep it stands: 1 answers the post.")
    def depth(self) -> int:
        return len(self.model.ancestors) + 1

    @strawberry.field(description="What answers it directly.")
    async def replies(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Order = CommentOrder.OLDEST,
    ) -> "Connection[Comment]":
        post = await info.context.loaders.posts.load(self.model.post_id)
        if post is None:
            raise NotFound("There is no such post.")
        listing = LISTINGS[order_by]
        viewer = await info.context.viewer()
        page = await info.context.services.comment_reading.page(
            viewer, post, self.model.id, order_by, window(first, after, last, before, of=listing)
        )
        return connect(page, Comment.of, listing)

    @strawberry.field(description="Who reacted, latest first.")
    async def reacted_by(
        self,
        info: Info,
        reaction: Annotated[
            str | None, strawberry.argument(description="Only with this reaction; with any when not given.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Reaction]:
        return await reactors(
            info, Target(TargetKind.COMMENT, self.model.id), reaction, first, after, last, before
        )

    @classmethod
    def of(cls, comment: domain.Comment) -> "Comment":
        """The GraphQL object of a comment that the caller may know of."""
        return cls(model=comment)


async def load_comment(info: Info, raw: bytes) -> Comment | None:
    """The comment of that id; None where it is not there for the caller."""
    found = await info.context.loaders.comments.load(raw)
    return Comment.of(found) if found else None
