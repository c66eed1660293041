"""Posts, their text and their versions."""

import asyncio
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from community.posts import model as domain
from community.posts.access import is_author, may_edit
from community.reactions.model import Target, TargetKind
from community.writing import changes
from community.writing.markup import excerpt
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, Node, connect, global_id, window
from resolvers.scalars import Long
from resolvers.types.comments import LISTINGS, Comment, CommentOrder, Order
from resolvers.types.contests import ContestEntry, entries_of
from resolvers.types.members import Member, mentioned
from resolvers.types.polls import Poll
from resolvers.types.proposals import Proposal
from resolvers.types.questions import Question
from resolvers.types.reactions import Reaction, ReactionCount, counts_of, own_of, reactors
from resolvers.types.reading import PostReadingFields
from resolvers.types.screening import Screening, messages_for, said_of
from resolvers.types.spaces import PostKind, Space, space_of

HEADS = 3
REVISIONS = Listing("post revisions", (int,))

PostState = domain.PostState
strawberry.enum(
    PostState,
    name="PostState",
    description="DRAFT, SCHEDULED: its author's alone. PENDING: it waits for a moderator. PUBLISHED. HIDDEN by reports until a "
    "moderator decides, DELETED by its author, REMOVED by who looks after the space: seen by author and moderators alone.",
)


@strawberry.type(description="A link in a text. Nothing is fetched from where it leads.")
class TextLink:
    url: str = strawberry.field(description="Its address.")
    title: str = strawberry.field(description="The text that it stands under.")


@strawberry.enum(description="What became of a part of a text.")
class TextChangeKind(Enum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@strawberry.type(description="A part of a text that stayed, came or went.")
class TextChange:
    kind: TextChangeKind = strawberry.field(description="What became of it.")
    text: str = strawberry.field(description="The part.")


async def _earlier(revisions: "list[PostRevision]", info: Info) -> list[list[TextChange]]:
    found = await info.context.services.post_reading.before([one.model for one in revisions])
    compared: list[list[TextChange]] = []
    for one in revisions:
        # Comparing takes milliseconds: others are served between one and the next.
        await asyncio.sleep(0)
        before = found[one.model.id].body if one.model.id in found else ""
        parts = changes.between(before, one.model.body)
        compared.append([TextChange(kind=TextChangeKind(part.kind.value), text=part.text) for part in parts])
    return compared


@strawberry.type(description="A version of a post, as it was published.")
class PostRevision:
    model: strawberry.Private[domain.Revision]
    version: Long = of_model(
        "version", description="Counts what is published of the post; numbers may be skipped."
    )
    title: str = of_model("title", description="Its title.")
    body: str = of_model("body", description="Its text, as Markdown.")
    at: datetime = of_model("at", description="When it was published.")
    reason: str | None = of_model("reason", description="Why it was changed, where that was said.")
    diff: list[TextChange] = batched(
        _earlier, description="How its text differs from the version before, part by part."
    )

    @strawberry.field(description="Its tags.")
    def tags(self) -> list[str]:
        return list(self.model.tags)

    @strawberry.field(description="The member who wrote it; null for staff, and who is not visible.")
    async def editor(self, info: Info) -> Member | None:
        found = await info.context.loaders.persons.load(self.model.by) if self.model.by else None
        return Member.of(found) if found else None


async def _authors(posts: "list[Post]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({post.model.author_id for post in posts})
    return [
        Member.of(found[post.model.author_id]) if post.model.author_id in found else None for post in posts
    ]


async def _spaces(posts: "list[Post]", info: Info) -> list[Space | Exception]:
    viewer = await info.context.viewer()
    built = {key: await space_of(info, viewer, key) for key in {post.model.space for post in posts}}
    return [built[post.model.space] or NotFound("There is no such space.") for post in posts]


async def _editable(posts: "list[Post]", info: Info) -> list[bool]:
    viewer = await info.context.viewer()
    return [may_edit(viewer, post.model) for post in posts]


async def _shadowed(posts: "list[Post]", info: Info) -> list[bool | None]:
    viewer = await info.context.viewer()
    moderated = set(viewer.moderated)
    return [post.model.shadowed if post.model.space in moderated else None for post in posts]


async def _sources(posts: "list[Post]", info: Info) -> list[str | None]:
    viewer = await info.context.viewer()
    return [
        post.model.written.body if is_author(viewer, post.model) or may_edit(viewer, post.model) else None
        for post in posts
    ]


async def _mentioned(posts: "list[Post]", info: Info) -> list[list[Member]]:
    return await mentioned(info, [post.model.written.mentions for post in posts])


async def _reactions(posts: "list[Post]", info: Info) -> list[list[ReactionCount]]:
    return await counts_of(info, [dict(post.model.reactions or {}) for post in posts])


async def _own_reactions(posts: "list[Post]", info: Info) -> list[str | None]:
    return await own_of(info, [(post.model.id, post.model.id) for post in posts])


async def _questions(posts: "list[Post]", info: Info) -> list[Question | None]:
    asked = {post.model.id for post in posts if post.model.kind is PostKind.QUESTION}
    found = await info.context.loaders.questions.load_many(asked) if asked else {}
    return [Question.of(found[post.model.id]) if post.model.id in found else None for post in posts]


async def _screenings(posts: "list[Post]", info: Info) -> list[list[Screening] | None]:
    return await said_of(info, [(post.model.id, post.model.space) for post in posts])


async def _held_messages(posts: "list[Post]", info: Info) -> list[str | None]:
    waiting = [post.model.id if post.model.state is PostState.PENDING else None for post in posts]
    return await messages_for(info, waiting)


async def _polls(posts: "list[Post]", info: Info) -> list[Poll | None]:
    voted_on = {post.model.id for post in posts if post.model.kind is PostKind.POLL}
    found = await info.context.loaders.polls.load_many(voted_on) if voted_on else {}
    return [
        Poll(seen=found[post.model.id], texts=post.model.options) if post.model.id in found else None
        for post in posts
    ]


async def _proposals(posts: "list[Post]", info: Info) -> list[Proposal | None]:
    proposed = {post.model.id for post in posts if post.model.kind is PostKind.PROPOSAL}
    found = await info.context.loaders.proposals.load_many(proposed) if proposed else {}
    return [Proposal(seen=found[post.model.id]) if post.model.id in found else None for post in posts]


async def _contest_entries(posts: "list[Post]", info: Info) -> list[list[ContestEntry]]:
    found = await entries_of(info, [post.model.id for post in posts if post.model.kind is PostKind.STORY])
    return [found.get(post.model.id, []) for post in posts]


async def _heads(posts: "list[Post]", info: Info) -> list[list[Comment]]:
    viewer = await info.context.viewer()
    found = await info.context.services.comment_reading.heads(
        viewer, [post.model for post in posts], CommentOrder.BEST, HEADS
    )
    return [[Comment.of(one) for one in found.get(post.model.id, ())] for post in posts]


@strawberry.type(description="What a member wrote in a space.")
class Post(Node, PostReadingFields):
    model: strawberry.Private[domain.Post]
    id: strawberry.ID = global_id("Post")
    kind: PostKind = of_model("kind", description="What it is.")
    state: PostState = of_model("state", description="Whether it is published.")
    version: Long = of_model("version", description="Counts its changes; state it when you edit.")
    title: str = of_model("written.title", description="Its title, at most 200 characters.")
    html: str = of_model(
        "written.html", description="Its text, rendered and clean: safe to be put into a page as it is."
    )
    text: str = of_model("written.text", description="Its text without any marks.")
    created_at: datetime = of_model("created_at", description="When it was begun.")
    published_at: datetime | None = of_model("published_at", description="When it was first published.")
    publish_at: datetime | None = of_model(
        "publish_at", description="When it will be, where it is scheduled."
    )
    edited_at: datetime | None = of_model("edited_at", description="When its text was last changed since.")
    is_locked: bool = of_model("locked", description="Whether it takes no answers and no changes.")
    comment_count: Long = of_model("comments", description="How many comments it has.")
    author: Member | None = batched(_authors, description="Who wrote it; null where they are not visible.")
    space: Space = batched(_spaces, description="Where it stands.")
    mentions: list[Member] = batched(_mentioned, description="The members that its text mentions.")
    viewer_may_edit: bool = batched(_editable, description="Whether the caller may change it.")
    is_shadowed: bool | None = batched(
        _shadowed,
        description="Whether its author alone sees it, who is shadow-limited; null for who does not look after the space.",
    )
    source: str | None = batched(
        _sources, description="Its text as Markdown, for who may change it; null for others."
    )

    reactions: list[ReactionCount] = batched(
        _reactions,
        description="How many reacted how, in the programme's order; those that nobody gave are left out.",
    )
    viewer_reaction: str | None = batched(
        _own_reactions, description="The caller's own reaction; null where there is none."
    )
    question: Question | None = batched(
        _questions,
        description="What became of it as a question; null where it is none, or nobody saw it yet.",
    )
    held_message: str | None = batched(
        _held_messages,
        description="While it waits for a moderator: what the programme says of why. In the viewer's locale.",
    )
    screenings: list[Screening] | None = batched(
        _screenings,
        description="What the screening rules said of it, the latest first; for who looks after the space, null for others.",
    )
    poll: Poll | None = batched(_polls, description="What it is voted on; null where it is no poll.")
    proposal: Proposal | None = batched(
        _proposals,
        description="How far it has come as a proposal; null where it is none, or nobody saw it yet.",
    )
    contest_entries: list[ContestEntry] = batched(
        _contest_entries, description="The contests that it is in, of a story."
    )
    best_comments: list[Comment] = batched(
        _heads, description="The comments with most reactions, of those that answer it directly; at most 3."
    )

    @strawberry.field(description="The comments that answer it directly.")
    async def comments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Order = CommentOrder.OLDEST,
    ) -> Connection[Comment]:
        listing = LISTINGS[order_by]
        viewer = await info.context.viewer()
        page = await info.context.services.comment_reading.page(
            viewer, self.model, None, order_by, window(first, after, last, before, of=listing)
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
            info, Target(TargetKind.POST, self.model.id), reaction, first, after, last, before
        )

    @strawberry.field(description="Its tags, at most 5.")
    def tags(self) -> list[str]:
        return list(self.model.written.tags)

    @strawberry.field(description="Where it leads to.")
    def links(self) -> list[TextLink]:
        return [TextLink(url=link.url, title=link.title) for link in self.model.written.links]

    @strawberry.field(description="The addresses of the pictures that it shows.")
    def images(self) -> list[str]:
        return list(self.model.written.images)

    @strawberry.field(description="The beginning of its text, at most 200 characters.")
    def excerpt(self) -> str:
        return excerpt(self.model.written.text)

    @strawberry.field(description="Whether it stands at the head of its space.")
    def is_pinned(self) -> bool:
        return self.model.pinned_at is not None

    @strawberry.field(
        description="Why it was removed, where it is; for its author and who looks after the space."
    )
    def removal_reason(self) -> str | None:
        down = self.model.taken_down
        return down.reason if down is not None else None

    @strawberry.field(description="Its published versions, newest first.")
    async def revisions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PostRevision]:
        page = await info.context.services.post_reading.revisions(
            self.model, window(first, after, last, before, of=REVISIONS)
        )
        return connect(page, lambda one: PostRevision(model=one), REVISIONS)

    @classmethod
    def of(cls, post: domain.Post) -> "Post":
        """The GraphQL object of a post that the caller may see."""
        return cls(model=post)


async def load_post(info: Info, raw: bytes) -> Post | None:
    """The post of that id; None where it is not there for the caller."""
    found = await info.context.loaders.posts.load(raw)
    return Post.of(found) if found else None
