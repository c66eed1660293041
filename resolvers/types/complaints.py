"""Complaints of members, and the answers that they are owed."""

from datetime import datetime, timedelta

import strawberry

from community.complaints import model as domain
from community.complaints.reading import ComplaintOrder as Order
from community.complaints.statistics import Statistics
from gamification.kit.actors import Permission
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    global_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus

MESSAGES = Listing("complaint messages", (bytes,))
ComplaintState = domain.ComplaintState
strawberry.enum(
    ComplaintState,
    name="ComplaintState",
    description="OPEN: nobody has taken it yet. IN_PROGRESS: somebody has. ANSWERED: the member may close it, or take it up "
    "again. REOPENED: they have, and an answer is owed anew. CLOSED: it is over.",
)
ComplaintOrder = Order
strawberry.enum(
    ComplaintOrder,
    name="ComplaintOrder",
    description="DUE: those to which an answer is owed, the soonest first. NEWEST: all, filed last first.",
)
ComplaintMessageKind = domain.MessageKind
strawberry.enum(
    ComplaintMessageKind,
    name="ComplaintMessageKind",
    description="ANSWER: by which it was answered. REOPENING: why the member took it up again. MESSAGE: any other.",
)


@strawberry.type(description="What members may complain about.")
class ComplaintCategory(Node):
    model: strawberry.Private[definitions.ComplaintCategory]
    key: str = of_model("key", description="Its key in the programme file.")
    status: DefinitionStatus = of_model("status", description="Whether it takes effect.")
    version: int = of_model("version", description="Counts the changes to it, from 1.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    answer_within: str = of_model(
        "answer_within", description="How long after filing an answer is owed, an ISO 8601 duration."
    )
    reopen_within: str = of_model(
        "reopen_within",
        description="How long after the answer one may take a complaint up again, an ISO 8601 duration.",
    )


@strawberry.type(description="Something that was written about a complaint.")
class ComplaintMessage:
    model: strawberry.Private[domain.Message]
    kind: ComplaintMessageKind = of_model("kind", description="What it is.")
    text: str = of_model("text", description="As it was written: plain text, never HTML.")
    at: datetime = of_model("at", description="When.")

    @strawberry.field(description="Whether staff wrote it; else the member did.")
    def from_staff(self) -> bool:
        return self.model.by is not None

    @strawberry.field(
        description="Who of staff wrote it, as `moderator:kim`. Staff and services see it; null for members, and for what a "
        "member wrote."
    )
    def author(self, info: Info) -> str | None:
        return self.model.by if info.context.caller.can(Permission.COMPLAINTS_HANDLE) else None


@strawberry.type(description="How content a member was with an answer.")
class ComplaintRating:
    model: strawberry.Private[domain.Rating]
    score: int = of_model("score", description="1 to 5.")
    text: str | None = of_model("text", description="As it was written: plain text, never HTML.")
    at: datetime = of_model("at", description="When.")


async def _members(complaints: "list[Complaint]", info: Info) -> "list[Member | None]":
    found = await info.context.loaders.members.load_many(one.model.member_id for one in complaints)
    return [
        Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in complaints
    ]


@strawberry.type(description="A member's complaint. Readable by the member, staff and services.")
class Complaint(Node):
    model: strawberry.Private[domain.Complaint]
    id: strawberry.ID = global_id("Complaint")
    text: str = of_model(
        "text", description="As it was filed: plain text, never HTML. Empty once the member is erased."
    )
    state: ComplaintState = of_model("state", description="What became of it.")
    version: int = of_model(
        "version", description="Counts its changes and messages, from 1; stated by whoever answers."
    )
    filed_at: datetime = of_model("filed_at", description="When it was filed.")
    due_at: datetime | None = of_model(
        "due_at", description="Until when an answer is owed; null where none is."
    )
    answered_at: datetime | None = of_model("answered_at", description="When it was last answered.")
    closed_at: datetime | None = of_model(
        "closed_at", description="When it was closed; null while it is not."
    )
    reopened: int = of_model("reopened", description="How often the member took it up again.")
    member: Member | None = batched(_members, description="Whose it is.")

    @strawberry.field(description="What it is of; null where there is no such category any more.")
    async def category(self, info: Info) -> ComplaintCategory | None:
        found = (await info.context.catalogue()).complaint_categories.get(self.model.category)
        return await build_category(info, found) if found else None

    @strawberry.field(
        description="What it is about, as far as the caller may see it; null where it is about nothing else."
    )
    async def about(self, info: Info) -> Node | None:
        from resolvers.queries.nodes import fetch_node

        about = self.model.about
        return await fetch_node(info, encode_id(about.kind, about.id)) if about is not None else None

    @strawberry.field(description="Whether the answer that is owed is late.")
    def is_overdue(self, info: Info) -> bool:
        return self.model.is_overdue(info.context.services.now())

    @strawberry.field(
        description="Who of staff has it, as `moderator:kim`. Staff and services see it; null for members, and where nobody "
        "has."
    )
    def assignee(self, info: Info) -> str | None:
        return self.model.assignee if info.context.caller.can(Permission.COMPLAINTS_HANDLE) else None

    @strawberry.field(description="How content the member is with the answer; null where they did not say.")
    def rating(self) -> ComplaintRating | None:
        return ComplaintRating(model=self.model.rating) if self.model.rating else None

    @strawberry.field(description="What was written about it, oldest first.")
    async def messages(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ComplaintMessage]:
        page = await info.context.services.complaint_reading.messages(
            self.model, window(first, after, last, before, of=MESSAGES)
        )
        return connect(page, lambda one: ComplaintMessage(model=one), MESSAGES)


@strawberry.type(description="How many complaints there are.")
class ComplaintCounts:
    open: Long = strawberry.field(description="That nobody has taken yet.")
    in_progress: Long = strawberry.field(description="That somebody has.")
    reopened: Long = strawberry.field(
        description="That their members took up again, and nobody has taken yet."
    )
    answered: Long = strawberry.field(description="That are answered, and not closed.")
    closed: Long = strawberry.field(description="That are closed.")
    overdue: Long = strawberry.field(description="To which an answer is late.")


@strawberry.type(description="How the complaints of a time were dealt with.")
class ComplaintStatistics:
    model: strawberry.Private[Statistics]
    filed: Long = of_model("filed", description="How many were filed.")
    answered: Long = of_model("answered", description="How many of them were answered.")
    answered_in_time: Long = of_model("in_time", description="First answered by when it was owed.")
    late: Long = of_model("late", description="Answered later, or owed and not answered yet.")
    closed: Long = of_model("closed", description="How many are closed.")
    reopened: Long = of_model("reopened", description="How many their members took up again.")
    rated: Long = of_model("rated", description="With how many their members said how content they are.")
    content: Long = of_model("content", description="Of those, with 4 or 5 of 5.")

    @strawberry.field(description="Median time to the first answer, in seconds; null where none was.")
    def seconds_to_answer(self) -> Long | None:
        return _seconds(self.model.to_answer)

    @strawberry.field(description="Nine of ten were answered within these seconds; null where none was.")
    def seconds_to_answer_most(self) -> Long | None:
        return _seconds(self.model.to_answer_most)

    @strawberry.field(description="Median time to the close, in seconds; null where none was.")
    def seconds_to_close(self) -> Long | None:
        return _seconds(self.model.to_close)

    @strawberry.field(description="Nine of ten were closed within these seconds; null where none was.")
    def seconds_to_close_most(self) -> Long | None:
        return _seconds(self.model.to_close_most)


def _seconds(span: timedelta | None) -> Long | None:
    return Long(round(span.total_seconds())) if span is not None else None


async def build_category(info: Info, category: definitions.ComplaintCategory) -> ComplaintCategory:
    """The GraphQL object of a category."""
    return ComplaintCategory(
        id=encode_id("ComplaintCategory", category.key),
        model=category,
        name=await label(info, category),
        description=await text(info, category.description),
    )


async def load_complaint(info: Info, raw: bytes) -> Complaint | None:
    """The complaint of that id, for who may read it."""
    found = await info.context.services.complaint_reading.by_ids(info.context.caller, [raw])
    return Complaint(model=found[raw]) if raw in found else None
