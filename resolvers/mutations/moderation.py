"""`reportContent`, `claimCase`, `decideCase`, `decideCases`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.moderation.deciding import BULK_MAX, NewSanction, Ruling
from community.oversight.model import Subject, SubjectKind
from gamification.kit.errors import DomainError, InvalidInput, NotFound
from resolvers.context import Info
from resolvers.errors import ConflictError, Error, InvalidInputError, NotFoundError
from resolvers.mutations.posts import acting
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id, decode_id
from resolvers.scalars import Long
from resolvers.types.moderation import ModerationCase, ModerationDecision
from resolvers.types.sanctions import SanctionKind

_ACTING = "For services: whose; one's own when not given."
_KINDS = {"Post": SubjectKind.POST, "Comment": SubjectKind.COMMENT}


@strawberry.input(description="What is wrong with what.")
class ReportContentInput:
    target_id: strawberry.ID = strawberry.field(description="A post or a comment of somebody else.")
    reason: str = strawberry.field(description="The key of one of the programme's reasons.")
    note: str | None = strawberry.field(
        default=None, description="More for moderators; at most 500 characters."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Whether to keep a case to oneself for a while.")
class ClaimCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The case.")
    claimed: bool = strawberry.field(default=True, description="False: no more.")


@strawberry.input(description="What is laid on the author with the decision.")
class NewSanctionInput:
    kind: SanctionKind = strawberry.field(description="What it is.")
    until: datetime | None = strawberry.field(
        default=None, description="Until when; for good when not given."
    )


@strawberry.input(description="A decision, and what goes with it.")
class RulingInput:
    decision: ModerationDecision = strawberry.field(description="What is decided.")
    reason: str | None = strawberry.field(
        default=None, description="What the member reads; at most 500 characters."
    )
    template: str | None = strawberry.field(
        default=None, description="The key of the programme's template, in place of `reason`."
    )
    lock: bool = strawberry.field(default=False, description="Of a post: it takes no answers any more.")
    move_to: str | None = strawberry.field(default=None, description="Of a post: the key of another space.")
    sanction: NewSanctionInput | None = strawberry.field(
        default=None, description="Of content: what is laid on its author; for moderators and operators."
    )


@strawberry.input(description="On which case to decide what.")
class DecideCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The case.")
    version: Long = strawberry.field(description="The case's `version` as it was read.")
    ruling: RulingInput = strawberry.field(description="The decision.")


@strawberry.input(description="A case as it was read.")
class CaseVersionInput:
    case_id: strawberry.ID = strawberry.field(description="The case.")
    version: Long = strawberry.field(description="Its `version` as it was read.")


@strawberry.input(description="On which cases to decide the same.")
class DecideCasesInput:
    cases: list[CaseVersionInput] = strawberry.field(description=f"1 to {BULK_MAX} cases.")
    ruling: RulingInput = strawberry.field(description="The decision on each of them.")


@strawberry.type(description="It is reported.")
class ReportContentSuccess:
    reason: str = strawberry.field(description="The reason that it is reported for.")
    at: datetime = strawberry.field(description="When it was.")
    reported_before: bool = strawberry.field(
        description="Whether that was done before; then nothing changed."
    )


@strawberry.type(description="The case is as stated.")
class CaseSuccess:
    case: ModerationCase = strawberry.field(description="The case as it is now.")


@strawberry.type(description="What became of one case of many.")
class CaseOutcome:
    case_id: strawberry.ID = strawberry.field(description="The case.")
    case: ModerationCase | None = strawberry.field(description="As decided; null where it was not.")
    error: Error | None = strawberry.field(description="Why it was not; null where it was.")


@strawberry.type(description="Each case was looked at by itself.")
class DecideCasesSuccess:
    log_number: Long = strawberry.field(description="The log's entry that all of them are a part of.")
    outcomes: list[CaseOutcome] = strawberry.field(description="In the order stated.")


ReportContentResult = Annotated[
    ReportContentSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("ReportContentResult", description=RESULT),
]
CaseResult = Annotated[
    CaseSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("CaseResult", description=RESULT),
]
DecideCasesResult = Annotated[
    DecideCasesSuccess | InvalidInputError | NotFoundError,
    strawberry.union("DecideCasesResult", description=RESULT),
]


@strawberry.type
class ModerationMutations:
    @strawberry.mutation(
        description="Say that a post or comment breaks the rules; again is the same as once. What weighs enough is hidden "
        "until a moderator decides. Conflicts: ALREADY_REVIEWED where a moderator has decided and nothing changed since, "
        "POST_STATE."
    )
    async def report_content(
        self, info: Info, input: Annotated[ReportContentInput, INPUT]
    ) -> ReportContentResult:
        report, known = await info.context.services.moderating.reporting.report(
            info.context.caller, acting(input.member_id), _subject(input.target_id), input.reason, input.note
        )
        return ReportContentSuccess(reason=report.reason, at=report.at, reported_before=known)

    @strawberry.mutation(
        description="Keep a case to oneself, so that nobody else decides on it meanwhile, or no more. For those who see it. "
        "Conflicts: CASE_DECIDED, CASE_CLAIMED."
    )
    async def claim_case(self, info: Info, input: Annotated[ClaimCaseInput, INPUT]) -> CaseResult:
        case = await info.context.services.moderating.deciding.claim(
            info.context.caller, case_id(input.case_id), claimed=input.claimed
        )
        return CaseSuccess(case=ModerationCase.of(case))

    @strawberry.mutation(
        description="Decide on a case, as it was read. For moderators and operators, and on posts and comments for those who "
        "look after the space, on who has a lower role there. Conflicts: STALE_VERSION, CASE_DECIDED, CASE_CLAIMED, and "
        "OWN_DECISION for one's own and for an appeal against one's own decision."
    )
    async def decide_case(self, info: Info, input: Annotated[DecideCaseInput, INPUT]) -> CaseResult:
        case = await info.context.services.moderating.deciding.decide(
            info.context.caller, case_id(input.case_id), input.version, _ruling(input.ruling)
        )
        return CaseSuccess(case=ModerationCase.of(case))

    @strawberry.mutation(
        description="Decide the same on many cases, each by itself: what can't be decided keeps no other. For moderators and "
        "operators."
    )
    async def decide_cases(self, info: Info, input: Annotated[DecideCasesInput, INPUT]) -> DecideCasesResult:
        stated = [(case_id(one.case_id), one.version) for one in input.cases]
        number, results = await info.context.services.moderating.deciding.decide_many(
            info.context.caller, stated, _ruling(input.ruling)
        )
        outcomes = [
            CaseOutcome(
                case_id=asked.case_id,
                case=ModerationCase.of(one.case) if one.case is not None else None,
                error=_error(one.error),
            )
            for asked, one in zip(input.cases, results, strict=True)
        ]
        return DecideCasesSuccess(log_number=Long(number), outcomes=outcomes)


def case_id(stated: strawberry.ID) -> bytes:
    """Raises: NotFound for what is no case's id."""
    raw = decode_bytes_id(stated, "ModerationCase")
    if raw is None:
        raise NotFound("There is no such case.", path=["caseId"])
    return raw


def _subject(stated: strawberry.ID) -> Subject:
    decoded = decode_id(stated)
    kind = _KINDS.get(decoded[0]) if decoded is not None else None
    raw = decode_bytes_id(stated, decoded[0]) if decoded is not None else None
    if kind is None or raw is None:
        raise NotFound("There is no such post or comment.", path=["targetId"])
    return Subject(kind, raw)


def _ruling(stated: RulingInput) -> Ruling:
    if stated.reason is not None and stated.template is not None:
        raise InvalidInput("State a reason or a template, not both.", path=["ruling", "template"])
    sanction = stated.sanction
    return Ruling(
        stated.decision,
        stated.reason,
        stated.template,
        stated.lock,
        stated.move_to,
        NewSanction(sanction.kind, sanction.until) if sanction is not None else None,
    )


def _error(error: DomainError | None) -> Error | None:
    if error is None:
        return None
    kind: type[Error] = ConflictError
    if isinstance(error, NotFound):
        kind = NotFoundError
    elif isinstance(error, InvalidInput):
        kind = InvalidInputError
    found: Error = kind.of(error)
    return found
