"""Sanctions, the statements that members get of what is done against them, and their appeals."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from community.oversight import model as oversight
from community.oversight.model import SubjectKind
from community.sanctions import model as domain
from gamification.kit.actors import Permission
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Listing, Node, encode_id, global_id

if TYPE_CHECKING:
    from resolvers.types.members import Member

SANCTIONS = Listing("sanctions", (datetime, bytes))
STATEMENTS = Listing("moderation statements", (datetime, bytes))
_SUBJECTS = {SubjectKind.POST: "Post", SubjectKind.COMMENT: "Comment", SubjectKind.SANCTION: "Sanction"}

SanctionKind = domain.SanctionKind
strawberry.enum(
    SanctionKind,
    name="SanctionKind",
    description="WARNING: words alone. MUTE: they write, answer and react no more. SHADOW_LIMIT: what they write is seen by "
    "themselves and by who looks after the space, and they are not told. SUSPENSION: they do nothing at all until it ends. "
    "BAN: for good.",
)
AppealState = oversight.AppealState
strawberry.enum(
    AppealState,
    name="AppealState",
    description="OPEN: it waits. UPHELD: the decision stands. OVERTURNED: it was taken back.",
)


async def _sanctioned(sanctions: "list[Sanction]", info: Info) -> "list[Member | None]":
    from resolvers.types.members import Member

    found = await info.context.loaders.members.load_many({one.model.member_id for one in sanctions})
    return [
        Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in sanctions
    ]


async def _by(sanctions: "list[Sanction]", info: Info) -> list[str | None]:
    staff = info.context.caller.can(Permission.COMMUNITY_MODERATE)
    return [one.model.by if staff else None for one in sanctions]


async def _going_on(sanctions: "list[Sanction]", info: Info) -> list[bool]:
    now = info.context.services.now()
    return [one.model.is_on(now) for one in sanctions]


@strawberry.type(
    description="What moderators laid on a member. Staff and services see it, and the member what they are told of."
)
class Sanction(Node):
    model: strawberry.Private[domain.Sanction]
    id: strawberry.ID = global_id("Sanction")
    kind: SanctionKind = of_model("kind", description="What it is.")
    reason: str = of_model("reason", description="Why, as the member reads it.")
    began_at: datetime = of_model("began_at", description="Since when.")
    until: datetime | None = of_model("until", description="Until when; null for good.")
    ended_at: datetime | None = of_model("ended_at", description="When it ended, or was lifted.")
    is_on: bool = batched(_going_on, description="Whether it goes on.")
    by: str | None = batched(_by, description="Who laid it, as `moderator:kim`; null for members.")
    member: Annotated["Member", strawberry.lazy("resolvers.types.members")] | None = batched(
        _sanctioned, description="On whom; null where they are not visible."
    )

    @classmethod
    def of(cls, sanction: domain.Sanction) -> "Sanction":
        """The GraphQL object of a sanction that the caller may see."""
        return cls(model=sanction)


@strawberry.type(description="A member's objection to a decision, and its answer.")
class Appeal:
    model: strawberry.Private[oversight.Appeal]
    state: AppealState = of_model("state", description="What came of it.")
    text: str = of_model("text", description="What the member says.")
    at: datetime = of_model("at", description="When they said so.")
    due_at: datetime = of_model("due_at", description="Until when the answer is owed.")
    answered_at: datetime | None = of_model("answered_at", description="When it was answered.")
    answer: str | None = of_model("answer", description="What the moderator says; who, is not told.")


@strawberry.type(
    description="What a member is told of a decision against them: what, why, and until when they may appeal. Readable by the "
    "member, staff and services."
)
class ModerationStatement(Node):
    model: strawberry.Private[oversight.Statement]
    id: strawberry.ID = global_id("ModerationStatement")
    reason: str | None = of_model("reason", description="Why, in words.")
    rule: str | None = of_model("rule", description="The reason of reports, or the rule, that led to it.")
    space: str | None = of_model("space", description="In which space.")
    is_automated: bool = of_model(
        "automated", description="Whether nobody decided it, but a rule or threshold."
    )
    at: datetime = of_model("at", description="When.")
    until: datetime | None = of_model("until", description="Until when, of what lasts.")
    appeal_until: datetime = of_model("appeal_until", description="Until when it can be appealed against.")

    @strawberry.field(
        description="What was done: `hidden`, `removed`, `disqualified` (put out of a contest), `warning`, `mute`, `suspension` or "
        "`ban`."
    )
    def action(self) -> str:
        return self.model.kind.value

    @strawberry.field(description="The id of the post, comment or sanction that it is about.")
    def subject_id(self) -> strawberry.ID:
        subject = self.model.subject
        return encode_id(_SUBJECTS.get(subject.kind, "Member"), subject.id)

    @strawberry.field(description="The member's appeal; null where there is none.")
    def appeal(self) -> Appeal | None:
        return Appeal(model=self.model.appeal) if self.model.appeal is not None else None

    @classmethod
    def of(cls, statement: oversight.Statement) -> "ModerationStatement":
        """The GraphQL object of a statement that the caller may see."""
        return cls(model=statement)


async def load_statement(info: Info, raw: bytes) -> ModerationStatement | None:
    """The statement of that id; None where it is not the caller's, nor they staff."""
    found = (await info.context.services.moderating.appealing.by_ids(info.context.caller, [raw])).get(raw)
    if found is None or not await _is_theirs(info, found.member_id):
        return None
    return ModerationStatement.of(found)


async def load_sanction(info: Info, raw: bytes) -> Sanction | None:
    """The sanction of that id; None where it is not the caller's, nor they staff."""
    found = (await info.context.services.moderating.sanctioning.by_ids(info.context.caller, [raw])).get(raw)
    if found is None or not await _is_theirs(info, found.member_id):
        return None
    is_staff = info.context.caller.can(Permission.COMMUNITY_MODERATE)
    return Sanction.of(found) if is_staff or found.kind.is_told else None


async def _is_theirs(info: Info, member_id: bytes) -> bool:
    caller = info.context.caller
    if caller.can(Permission.COMMUNITY_MODERATE):
        return True
    member = await info.context.services.members.me(caller)
    return member is not None and member.id == member_id
