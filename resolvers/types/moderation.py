"""Cases in the moderators' queue, reports, the log, and how moderation goes."""

from datetime import datetime
from enum import Enum

import strawberry

from community.moderation import model as domain
from community.moderation import statistics as figures
from community.oversight import model as oversight
from community.oversight.model import SubjectKind
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
from resolvers.types.comments import Comment
from resolvers.types.members import Member
from resolvers.types.posts import Post
from resolvers.types.sanctions import ModerationStatement, Sanction
from resolvers.types.screening import Screening
from resolvers.types.spaces import Space, space_of

QUEUE = Listing("moderation queue", (float, datetime, bytes))
REPORTS = Listing("reports", (datetime, bytes))
LOG = Listing("moderation log", (int,))

ModerationCaseKind = domain.CaseKind
strawberry.enum(
    ModerationCaseKind,
    name="ModerationCaseKind",
    description="CONTENT: a post or comment that was reported, held or flagged. APPEAL: a member objects to a statement. BAN: "
    "a ban that a second moderator is to confirm.",
)
ModerationCaseState = domain.CaseState
strawberry.enum(
    ModerationCaseState, name="ModerationCaseState", description="OPEN: it waits. DECIDED: somebody did."
)
ModerationSource = domain.Source
strawberry.enum(
    ModerationSource,
    name="ModerationSource",
    description="REPORT of members, SCREENING by rules, APPEAL of a member, a MODERATOR who asks for another.",
)
ModerationDecision = domain.Decision
strawberry.enum(
    ModerationDecision,
    name="ModerationDecision",
    description="Of content: KEEP it, and the reports were wrong; REMOVE it, and they were right; IGNORE them: it stays, and "
    "nobody was wrong. Of an appeal: UPHOLD the decision, or OVERTURN it. Of a ban: CONFIRM or REJECT it.",
)
ReportVerdict = domain.Verdict
strawberry.enum(
    ReportVerdict,
    name="ReportVerdict",
    description="What a moderator's decision says of it: AGREED, DISAGREED, or IGNORED.",
)
ModerationActKind = oversight.ActKind
strawberry.enum(ModerationActKind, name="ModerationActKind", description="What was done.")


@strawberry.enum(description="What an act is about.")
class ModerationSubjectKind(Enum):
    POST = "post"
    COMMENT = "comment"
    MEMBER = "member"
    SANCTION = "sanction"
    STATEMENT = "statement"
    CASE = "case"


async def _reporters(reports: "list[Report]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({one.model.reporter_id for one in reports})
    return [
        Member.of(found[one.model.reporter_id]) if one.model.reporter_id in found else None for one in reports
    ]


@strawberry.type(description="A member's word against a post or comment.")
class Report:
    model: strawberry.Private[domain.Report]
    reason: str = of_model("reason", description="The key of the programme's reason.")
    note: str | None = of_model("note", description="What they said besides.")
    at: datetime = of_model("at", description="When.")
    weight: float = of_model("weight", description="What it adds to the case's score.")
    verdict: ReportVerdict | None = of_model("verdict", description="What came of it; null while it is open.")
    reporter: Member | None = batched(_reporters, description="Who; null where they are not visible.")


@strawberry.type(description="How often something was reported for a reason.")
class ReportReasonCount:
    reason: str = strawberry.field(description="The reason's key.")
    count: Long = strawberry.field(description="How many reports.")


@strawberry.type(description="A decision on a case.")
class CaseDecision:
    model: strawberry.Private[domain.Decided]
    decision: ModerationDecision = of_model("decision", description="What was decided.")
    at: datetime = of_model("at", description="When.")
    by: str = of_model(
        "by", description="Who: `system`, role and subject as `moderator:kim`, or a member's id."
    )
    reason: str | None = of_model("reason", description="The words that the member reads.")


async def _members(cases: "list[ModerationCase]", info: Info) -> list[Member | None]:
    found = await info.context.loaders.members.load_many({one.model.member_id for one in cases})
    return [Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in cases]


async def _posts(cases: "list[ModerationCase]", info: Info) -> list[Post | None]:
    wanted = {one.model.subject.id for one in cases if one.model.subject.kind is SubjectKind.POST}
    found = await info.context.loaders.posts.load_many(wanted)
    return [Post.of(found[one.model.subject.id]) if one.model.subject.id in found else None for one in cases]


async def _comments(cases: "list[ModerationCase]", info: Info) -> list[Comment | None]:
    wanted = {one.model.subject.id for one in cases if one.model.subject.kind is SubjectKind.COMMENT}
    found = await info.context.loaders.comments.load_many(wanted)
    return [
        Comment.of(found[one.model.subject.id]) if one.model.subject.id in found else None for one in cases
    ]


async def _spaces(cases: "list[ModerationCase]", info: Info) -> list[Space | None]:
    viewer = await info.context.viewer()
    keys = {one.model.space for one in cases if one.model.space is not None}
    built = {key: await space_of(info, viewer, key) for key in keys}
    return [built[one.model.space] if one.model.space is not None else None for one in cases]


async def _statements(cases: "list[ModerationCase]", info: Info) -> list[ModerationStatement | None]:
    wanted = [one.model.subject.id for one in cases if one.model.subject.kind is SubjectKind.STATEMENT]
    appealing = info.context.services.moderating.appealing
    found = await appealing.by_ids(info.context.caller, wanted) if wanted else {}
    return [
        ModerationStatement.of(found[one.model.subject.id]) if one.model.subject.id in found else None
        for one in cases
    ]


async def _screenings(cases: "list[ModerationCase]", info: Info) -> list[list[Screening]]:
    wanted = [one.model.subject.id for one in cases if one.model.rules]
    found = await info.context.services.screening.of_targets(info.context.caller, wanted) if wanted else {}
    return [[Screening(model=each) for each in found.get(one.model.subject.id, ())] for one in cases]


async def _bans(cases: "list[ModerationCase]", info: Info) -> list[Sanction | None]:
    wanted = [one.model.subject.id for one in cases if one.model.subject.kind is SubjectKind.SANCTION]
    sanctioning = info.context.services.moderating.sanctioning
    found = await sanctioning.by_ids(info.context.caller, wanted) if wanted else {}
    return [
        Sanction.of(found[one.model.subject.id]) if one.model.subject.id in found else None for one in cases
    ]


@strawberry.type(
    description="All that is said against one post, comment or decision. For moderators and operators, and of posts and "
    "comments for those who look after the space."
)
class ModerationCase(Node):
    model: strawberry.Private[domain.Case]
    id: strawberry.ID = global_id("ModerationCase")
    kind: ModerationCaseKind = of_model("kind", description="What it is.")
    state: ModerationCaseState = of_model("state", description="Whether it waits.")
    version: Long = of_model("version", description="Counts its changes; state it when you decide.")
    round: int = of_model("round", description="How often it was opened.")
    opened_at: datetime = of_model("opened_at", description="When it was opened, the last time.")
    acted_at: datetime | None = of_model("acted_at", description="When somebody first took it up.")
    due_at: datetime | None = of_model("due_at", description="Until when an answer is owed, where one is.")
    score: float = of_model("score", description="What the reports weigh together.")
    report_count: Long = of_model("reports", description="How many reports there are of this round.")
    is_hidden: bool = of_model("hidden", description="Whether the reports hid it until somebody decides.")
    claimed_by: str | None = of_model(
        "claimed_by", description="Who has it to themselves, as `moderator:kim`."
    )
    claimed_until: datetime | None = of_model("claimed_until", description="Until when.")
    member: Member | None = batched(_members, description="Whose it is; null where they are not visible.")
    post: Post | None = batched(_posts, description="The post, where it is about one.")
    comment: Comment | None = batched(_comments, description="The comment, where it is about one.")
    statement: ModerationStatement | None = batched(
        _statements, description="What is appealed against, where it is an appeal."
    )
    sanction: Sanction | None = batched(_bans, description="The ban, where one is to be confirmed.")
    space: Space | None = batched(_spaces, description="Where it stands; null for what stands nowhere.")
    screenings: list[Screening] = batched(
        _screenings, description="What rules found in it, the latest first."
    )

    @strawberry.field(description="Why it came to be.")
    def sources(self) -> list[ModerationSource]:
        return list(self.model.sources)

    @strawberry.field(description="The keys of the screening rules that held or flagged it.")
    def rules(self) -> list[str]:
        return list(self.model.rules)

    @strawberry.field(description="How often it was reported for what.")
    def reasons(self) -> list[ReportReasonCount]:
        return [
            ReportReasonCount(reason=key, count=Long(count))
            for key, count in sorted((self.model.reasons or {}).items())
        ]

    @strawberry.field(description="The last decision; null before the first.")
    def decision(self) -> CaseDecision | None:
        return CaseDecision(model=self.model.decided) if self.model.decided is not None else None

    @strawberry.field(description="The reports of every round, newest first.")
    async def reports(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Report]:
        page = await info.context.services.moderating.reading.reports(
            self.model, window(first, after, last, before, of=REPORTS)
        )
        return connect(page, lambda one: Report(model=one), REPORTS)

    @classmethod
    def of(cls, case: domain.Case) -> "ModerationCase":
        """The GraphQL object of a case that the caller may see."""
        return cls(model=case)


async def load_case(info: Info, raw: bytes) -> ModerationCase | None:
    """The case of that id; None where it is not there for the caller."""
    viewer = await info.context.viewer()
    found = (await info.context.services.moderating.reading.by_ids(viewer, [raw])).get(raw)
    return ModerationCase.of(found) if found is not None else None


@strawberry.type(description="What waits for moderators.")
class ModerationQueue:
    waiting: Long = strawberry.field(description="How many cases, counted up to 10 000.")
    first: ModerationCase | None = strawberry.field(description="What weighs most, of as much the oldest.")


async def _touched(entries: "list[ModerationLogEntry]", info: Info) -> list[Member | None]:
    ids = {one.model.act.member_id for one in entries} - {None}
    found = await info.context.loaders.members.load_many(one for one in ids if one is not None)
    return [
        Member.of(found[one.model.act.member_id])
        if one.model.act.member_id is not None and one.model.act.member_id in found
        else None
        for one in entries
    ]


_IDS = {
    SubjectKind.POST: "Post",
    SubjectKind.COMMENT: "Comment",
    SubjectKind.MEMBER: "Member",
    SubjectKind.SANCTION: "Sanction",
    SubjectKind.STATEMENT: "ModerationStatement",
    SubjectKind.CASE: "ModerationCase",
}


@strawberry.type(description="Something that a label says of an act.")
class ModerationDetail:
    key: str = strawberry.field(description="What.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(
    description="An act of moderation. Entries are only ever added, and each holds the hash of the one before it, which "
    "`verify` checks."
)
class ModerationLogEntry:
    model: strawberry.Private[oversight.LogEntry]
    number: Long = of_model("number", description="Its place in the programme's log, from 1.")
    at: datetime = of_model("at", description="When.")
    by: str = of_model(
        "by", description="Who: `system`, role and subject as `moderator:kim`, or a member's id."
    )
    kind: ModerationActKind = of_model("act.kind", description="What was done.")
    space: str | None = of_model("act.space", description="In which space.")
    reason: str | None = of_model("act.reason", description="The words that were given; null once erased.")
    rule: str | None = of_model("act.rule", description="The reason of reports, or the rule, that led to it.")
    until: datetime | None = of_model("act.until", description="Until when, of what lasts.")
    parent: Long | None = of_model("act.parent", description="The number of the entry that it is a part of.")
    member: Member | None = batched(_touched, description="Whom it concerns; null where not visible.")

    @strawberry.field(description="What it is about.")
    def subject_kind(self) -> ModerationSubjectKind:
        return ModerationSubjectKind(self.model.act.subject.kind.value)

    @strawberry.field(description="The id of what it is about.")
    def subject_id(self) -> strawberry.ID:
        subject = self.model.act.subject
        return encode_id(_IDS[subject.kind], subject.id)

    @strawberry.field(description="More of it.")
    def details(self) -> list[ModerationDetail]:
        return [
            ModerationDetail(key=key, value=value)
            for key, value in sorted((self.model.act.details or {}).items())
        ]

    @strawberry.field(description="The SHA-256 that the next entry holds, in hexadecimal.")
    def hash(self) -> str:
        return self.model.hash.hex()


@strawberry.type(description="How many open cases wait how long.")
class ModerationBacklog:
    hour: Long = strawberry.field(description="Up to an hour.")
    day: Long = strawberry.field(description="Up to a day.")
    week: Long = strawberry.field(description="Up to a week.")
    older: Long = strawberry.field(description="Longer.")


@strawberry.type(description="How often a decision was taken.")
class ModerationDecisionCount:
    decision: ModerationDecision = strawberry.field(description="The decision.")
    count: Long = strawberry.field(description="How often.")


@strawberry.type(description="How much a moderator decided.")
class ModeratorActivity:
    by: str = strawberry.field(description="Who, as `moderator:kim`.")
    decisions: Long = strawberry.field(description="On how many cases.")


@strawberry.type(description="How moderation goes: of cases that were opened in a time, at most 10 000.")
class ModerationStatistics:
    model: strawberry.Private[figures.Statistics]
    opened: Long = of_model("opened", description="How many were opened.")
    decided: Long = of_model("decided", description="How many of them were decided.")
    first_action_median_seconds: Long | None = of_model(
        "first_action_median_s", description="From opening to the first action of anybody, in the middle."
    )
    first_action_p90_seconds: Long | None = of_model(
        "first_action_p90_s", description="The same for nine of ten."
    )
    judged: Long = of_model("judged", description="Decided cases where reports were right or wrong.")
    agreed: Long = of_model("agreed", description="Those of them where they were right.")
    appeals: Long = of_model("appeals", description="How many appeals were answered.")
    overturned: Long = of_model("overturned", description="How many of them took a decision back.")

    @strawberry.field(description="What is open now, by age.")
    def backlog(self) -> ModerationBacklog:
        hour, day, week, older = (Long(count) for count in self.model.backlog)
        return ModerationBacklog(hour=hour, day=day, week=week, older=older)

    @strawberry.field(description="How often each decision was taken.")
    def decisions(self) -> list[ModerationDecisionCount]:
        return [
            ModerationDecisionCount(decision=one, count=Long(count))
            for one, count in sorted(self.model.by_decision.items())
        ]

    @strawberry.field(description="Who decided how much, most first.")
    def moderators(self) -> list[ModeratorActivity]:
        return [ModeratorActivity(by=one.by, decisions=Long(one.decisions)) for one in self.model.moderators]
