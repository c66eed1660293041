"""Questions beside their posts, the bounties offered for them, and how questions fared."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.questions import model as domain
from community.questions.repository import Tally
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Node, global_id
from resolvers.scalars import Long
from resolvers.types.ledger import Unit, unit_of
from resolvers.types.members import Member

if TYPE_CHECKING:
    from resolvers.types.comments import Comment
    from resolvers.types.posts import Post

LazyComment = Annotated["Comment", strawberry.lazy("resolvers.types.comments")]
LazyPost = Annotated["Post", strawberry.lazy("resolvers.types.posts")]
BountyState = domain.BountyState
strawberry.enum(
    BountyState,
    name="BountyState",
    description="OPEN until its end: PAID to whose answer was accepted, SHARED among the best answers, or RETURNED to who "
    "offered it.",
)
QuestionMark = domain.QuestionMark
strawberry.enum(
    QuestionMark,
    name="QuestionMark",
    description="UNANSWERED: by nobody but who asked. UNACCEPTED: no answer is accepted. BOUNTY: points are offered.",
)


async def _payment_members(paid: "list[BountyPayment]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.persons.load_many({one.model.member_id for one in paid})
    return [Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in paid]


async def _payment_answers(paid: "list[BountyPayment]", info: Info) -> "list[Comment | None]":
    return await _comments(info, [one.model.comment_id for one in paid])


@strawberry.type(description="What an answer got of a bounty.")
class BountyPayment:
    model: strawberry.Private[domain.BountyPayment]
    amount: Long = of_model("amount", description="How much, in the unit's smallest part.")
    member: Member | None = batched(
        _payment_members, description="Who answered; null where they are not visible."
    )
    answer: LazyComment | None = batched(
        _payment_answers, description="The answer; null where it is not there for the caller."
    )


async def _units(bounties: "list[Bounty]", info: Info) -> list[Unit]:
    units = {key: await unit_of(info, key) for key in dict.fromkeys(one.model.unit for one in bounties)}
    return [units[one.model.unit] for one in bounties]


async def _posts(bounties: "list[Bounty]", info: Info) -> "list[Post | Exception]":
    from resolvers.types.posts import Post

    found = await info.context.loaders.posts.load_many({one.model.post_id for one in bounties})
    return [
        Post.of(found[one.model.post_id])
        if one.model.post_id in found
        else NotFound("There is no such post.")
        for one in bounties
    ]


@strawberry.type(description="Points that an asker offers for answers to their question.")
class Bounty(Node):
    model: strawberry.Private[domain.Bounty]
    id: strawberry.ID = global_id("Bounty")
    state: BountyState = of_model("state", description="What became of it.")
    amount: Long = of_model("amount", description="How much is offered, in the unit's smallest part.")
    began_at: datetime = of_model("began_at", description="When it was offered.")
    ends_at: datetime = of_model(
        "ends_at", description="From when it is offered no more; it is settled within seconds."
    )
    settled_at: datetime | None = of_model(
        "settled_at", description="When it was paid or returned; null while it is open."
    )
    unit: Unit = batched(_units, description="Of which unit.")
    post: LazyPost = batched(_posts, description="The question.")

    @strawberry.field(
        description="Who got how much, at most 20; empty while it is open, and where it was returned."
    )
    def payments(self) -> list[BountyPayment]:
        return [BountyPayment(model=one) for one in self.model.payments]

    @classmethod
    def of(cls, bounty: domain.Bounty) -> "Bounty":
        """The GraphQL object of a bounty that the caller may see."""
        return cls(model=bounty)


async def _accepted(questions: "list[Question]", info: Info) -> "list[Comment | None]":
    viewer = await info.context.viewer()
    own = [viewer.is_member(one.model.asker_id) for one in questions]
    chosen = [chosen_of(one.model, own=mine) for one, mine in zip(questions, own, strict=True)]
    return await _comments(info, chosen)


async def _accepted_at(questions: "list[Question]", info: Info) -> list[datetime | None]:
    viewer = await info.context.viewer()
    return [chosen_at(one.model, own=viewer.is_member(one.model.asker_id)) for one in questions]


async def _bounties(questions: "list[Question]", info: Info) -> list[Bounty | None]:
    ids = [one.model.bounty_id for one in questions]
    found = await info.context.loaders.bounties.load_many({one for one in ids if one is not None})
    return [Bounty.of(found[one]) if one is not None and one in found else None for one in ids]


@strawberry.type(description="What became of a question.")
class Question:
    model: strawberry.Private[domain.Question]
    answer_count: Long = of_model(
        "answers",
        description="How many answers it has, of others than who asked: comments that answer it directly.",
    )
    accepted_answer: LazyComment | None = batched(
        _accepted, description="The answer that is accepted; null where none is."
    )
    bounty: Bounty | None = batched(
        _bounties, description="The last that was offered for an answer; null where none was."
    )
    accepted_at: datetime | None = batched(
        _accepted_at, description="When the answer was accepted; null where none is."
    )

    @strawberry.field(
        description="When the earliest answer that stands was written, of others than who asked."
    )
    def first_answered_at(self) -> datetime | None:
        return self.model.first.at if self.model.first is not None else None

    @strawberry.field(description="How many seconds after it was published that was.")
    def first_response_seconds(self) -> Long | None:
        seconds = self.model.response_seconds
        return Long(seconds) if seconds is not None else None

    @classmethod
    def of(cls, question: domain.Question) -> "Question":
        """The GraphQL object of a question whose post the caller may see."""
        return cls(model=question)


@strawberry.type(description="How the questions of a while fared.")
class QuestionStatistics:
    model: strawberry.Private[Tally]
    asked: Long = of_model("asked", description="How many were asked, of those that others see.")
    answered: Long = of_model("answered", description="How many of them somebody else has answered.")
    accepted: Long = of_model("accepted", description="How many of them have an accepted answer.")
    median_first_response_seconds: float | None = of_model(
        "median_seconds",
        description="Half of those answered had their first answer within so many seconds; null where none is answered.",
    )

    @strawberry.field(
        description="Which part of them nobody else has answered, 0 to 1; null where none was asked."
    )
    def unanswered_share(self) -> float | None:
        asked = self.model.asked
        return (asked - self.model.answered) / asked if asked else None


def chosen_of(question: domain.Question, *, own: bool) -> bytes | None:
    """The answer that somebody sees as accepted: an asker's own eyes may see another one."""
    if own and question.private_choice is not None:
        return question.private_choice
    return question.accepted.comment_id if question.accepted and question.accepted.stands else None


def chosen_at(question: domain.Question, *, own: bool) -> datetime | None:
    """When they see it as accepted."""
    if own and question.private_choice is not None:
        return question.private_at
    return question.accepted.at if question.accepted and question.accepted.stands else None


async def _comments(info: Info, ids: list[bytes | None] | list[bytes]) -> "list[Comment | None]":
    from resolvers.types.comments import Comment

    found = await info.context.loaders.comments.load_many({one for one in ids if one is not None})
    return [Comment.of(found[one]) if one is not None and one in found else None for one in ids]


async def load_bounty(info: Info, raw: bytes) -> Bounty | None:
    """The bounty of that id; None where it is not there for the caller."""
    found = await info.context.loaders.bounties.load(raw)
    return Bounty.of(found) if found else None
