"""`submitTaskEvidence`, `withdrawTaskEvidence`, `approveTaskEvidence`, `rejectTaskEvidence`, `revokeTaskApproval`."""

from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.types.task_evidence import EvidenceRefusedError, TaskSubmission, TaskSubmissionMovedError

_KEY = "The same key with the same input acts once."
_VERSION = "The version that was looked at: where it is another by now, nothing is done."


@strawberry.input(description="Evidence to hand in.")
class SubmitTaskEvidenceInput:
    task: str = strawberry.field(description="The task's key.")
    text: str | None = strawberry.field(
        default=None, description="At most `approval.textMax` characters; lines may break."
    )
    link: str | None = strawberry.field(
        default=None, description="An http or https address of a named host, at most 2000 characters."
    )
    replaces: strawberry.ID | None = strawberry.field(
        default=None, description="A submission that waits, in whose place this one is handed in."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: whose it is; one's own when not given."
    )
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="It is handed in.")
class SubmitTaskEvidenceSuccess:
    submission: TaskSubmission = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


SubmitTaskEvidenceResult = Annotated[
    SubmitTaskEvidenceSuccess
    | EvidenceRefusedError
    | TaskSubmissionMovedError
    | ConflictError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("SubmitTaskEvidenceResult", description=RESULT),
]


@strawberry.input(description="What to withdraw.")
class WithdrawTaskEvidenceInput:
    submission_id: strawberry.ID = strawberry.field(description="A submission that waits.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="It is withdrawn.")
class WithdrawTaskEvidenceSuccess:
    submission: TaskSubmission = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


WithdrawTaskEvidenceResult = Annotated[
    WithdrawTaskEvidenceSuccess
    | TaskSubmissionMovedError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("WithdrawTaskEvidenceResult", description=RESULT),
]


@strawberry.input(description="What to approve.")
class ApproveTaskEvidenceInput:
    submission_id: strawberry.ID = strawberry.field(description="A submission that waits.")
    version: int = strawberry.field(description=_VERSION)
    note: str | None = strawberry.field(default=None, description="For staff; at most 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="It counts.")
class ApproveTaskEvidenceSuccess:
    submission: TaskSubmission = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


ApproveTaskEvidenceResult = Annotated[
    ApproveTaskEvidenceSuccess
    | TaskSubmissionMovedError
    | ConflictError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("ApproveTaskEvidenceResult", description=RESULT),
]


@strawberry.input(description="What to reject.")
class RejectTaskEvidenceInput:
    submission_id: strawberry.ID = strawberry.field(description="A submission that waits.")
    version: int = strawberry.field(description=_VERSION)
    reason: str = strawberry.field(description="Why; the member reads it. At most 500 characters.")
    note: str | None = strawberry.field(default=None, description="For staff; at most 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="It is rejected.")
class RejectTaskEvidenceSuccess:
    submission: TaskSubmission = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


RejectTaskEvidenceResult = Annotated[
    RejectTaskEvidenceSuccess
    | TaskSubmissionMovedError
    | ConflictError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("RejectTaskEvidenceResult", description=RESULT),
]


@strawberry.input(description="What to revoke.")
class RevokeTaskApprovalInput:
    submission_id: strawberry.ID = strawberry.field(description="A submission that is approved.")
    version: int = strawberry.field(description=_VERSION)
    reason: str = strawberry.field(description="Why; the member reads it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="It counts no more, and what it caused is taken back.")
class RevokeTaskApprovalSuccess:
    submission: TaskSubmission = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


RevokeTaskApprovalResult = Annotated[
    RevokeTaskApprovalSuccess
    | TaskSubmissionMovedError
    | ConflictError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("RevokeTaskApprovalResult", description=RESULT),
]


@strawberry.type
class TaskEvidenceMutations:
    @strawberry.mutation(
        description="Hand in evidence for a task that moderators approve, for its present period: one's own, or by a "
        "service anyone's."
    )
    async def submit_task_evidence(
        self, info: Info, input: Annotated[SubmitTaskEvidenceInput, INPUT]
    ) -> SubmitTaskEvidenceResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        replaces = _submission(input.replaces, "replaces") if input.replaces is not None else None
        submission, replayed = await info.context.services.evidence.submit(
            info.context.caller, target, input.task, input.text, input.link, replaces, input.idempotency_key
        )
        return SubmitTaskEvidenceSuccess(submission=TaskSubmission.of(submission), replayed=replayed)

    @strawberry.mutation(
        description="Withdraw what waits for a moderator: one's own, or by a service anyone's."
    )
    async def withdraw_task_evidence(
        self, info: Info, input: Annotated[WithdrawTaskEvidenceInput, INPUT]
    ) -> WithdrawTaskEvidenceResult:
        submission, replayed = await info.context.services.evidence.withdraw(
            info.context.caller, _submission(input.submission_id), input.idempotency_key
        )
        return WithdrawTaskEvidenceSuccess(submission=TaskSubmission.of(submission), replayed=replayed)

    @strawberry.mutation(
        description="Let what was handed in count towards its task; for moderators and operators, never of their own."
    )
    async def approve_task_evidence(
        self, info: Info, input: Annotated[ApproveTaskEvidenceInput, INPUT]
    ) -> ApproveTaskEvidenceResult:
        submission, replayed = await info.context.services.approvals.approve(
            info.context.caller,
            _submission(input.submission_id),
            input.version,
            input.note,
            input.idempotency_key,
        )
        return ApproveTaskEvidenceSuccess(submission=TaskSubmission.of(submission), replayed=replayed)

    @strawberry.mutation(
        description="Refuse what was handed in, with a reason that the member reads; for moderators and operators, never of "
        "their own."
    )
    async def reject_task_evidence(
        self, info: Info, input: Annotated[RejectTaskEvidenceInput, INPUT]
    ) -> RejectTaskEvidenceResult:
        submission, replayed = await info.context.services.approvals.reject(
            info.context.caller,
            _submission(input.submission_id),
            input.version,
            input.reason,
            input.note,
            input.idempotency_key,
        )
        return RejectTaskEvidenceSuccess(submission=TaskSubmission.of(submission), replayed=replayed)

    @strawberry.mutation(
        description="Take an approval back, and all that it caused, once; for moderators and operators, never of their own."
    )
    async def revoke_task_approval(
        self, info: Info, input: Annotated[RevokeTaskApprovalInput, INPUT]
    ) -> RevokeTaskApprovalResult:
        submission, replayed = await info.context.services.approvals.revoke(
            info.context.caller,
            _submission(input.submission_id),
            input.version,
            input.reason,
            input.idempotency_key,
        )
        return RevokeTaskApprovalSuccess(submission=TaskSubmission.of(submission), replayed=replayed)


def _submission(stated: strawberry.ID, field: str = "submissionId") -> bytes:
    """The id's bytes. Raises: NotFound."""
    found = decode_bytes_id(stated, "TaskSubmission")
    if found is None:
        raise NotFound("There is no such submission.", path=[field])
    return found
