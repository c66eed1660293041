"""`fileComplaint`, `sendComplaintMessage`, `assignComplaint`, `answerComplaint`, `closeComplaint`, `reopenComplaint`,
`rateComplaint`."""

from typing import Annotated

import strawberry

from community.complaints.model import About
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.queries.nodes import fetch_node
from resolvers.relay import decode_bytes_id, decode_id
from resolvers.types.complaints import Complaint

_KEY = "The same key with the same input acts once."
_ACTING = "For services: whose complaint; as staff when not given."
_VERSION = "The version that was read: where it is another by now, nothing is done."
_TEXT = "Plain text, at most 5000 characters; lines may break."


@strawberry.input(description="What one is not content with.")
class FileComplaintInput:
    category: str = strawberry.field(description="The category's key.")
    text: str = strawberry.field(description=_TEXT)
    about_id: strawberry.ID | None = strawberry.field(
        default=None, description="What it is about: anything with a global id that the caller sees."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: who complains; oneself when not given."
    )
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="What to write about a complaint.")
class SendComplaintMessageInput:
    complaint_id: strawberry.ID = strawberry.field(description="A complaint that is not closed.")
    text: str = strawberry.field(description=_TEXT)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="Which complaint to take.")
class AssignComplaintInput:
    complaint_id: strawberry.ID = strawberry.field(description="A complaint to which an answer is owed.")
    version: int = strawberry.field(description=_VERSION)
    take: bool = strawberry.field(
        default=True, description="Into one's own hands, whoever has it; false: out of whosever."
    )


@strawberry.input(description="What to answer.")
class AnswerComplaintInput:
    complaint_id: strawberry.ID = strawberry.field(description="A complaint to which an answer is owed.")
    version: int = strawberry.field(description=_VERSION)
    text: str = strawberry.field(description=_TEXT)
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="Which complaint to close.")
class CloseComplaintInput:
    complaint_id: strawberry.ID = strawberry.field(description="One's own, or one that is answered.")
    version: int = strawberry.field(description=_VERSION)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which complaint to take up again.")
class ReopenComplaintInput:
    complaint_id: strawberry.ID = strawberry.field(description="One that is answered or closed.")
    text: str = strawberry.field(description=f"Why. {_TEXT}")
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: whose complaint; one's own when not given."
    )
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="How content one is with an answer.")
class RateComplaintInput:
    complaint_id: strawberry.ID = strawberry.field(description="One that is answered.")
    score: int = strawberry.field(description="1: not at all, to 5: wholly.")
    text: str | None = strawberry.field(
        default=None, description="Plain text, at most 1000 characters; lines may break."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: whose complaint; one's own when not given."
    )


@strawberry.type(description="It is filed.")
class FileComplaintSuccess:
    complaint: Complaint = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="It is written, answered, or taken up again.")
class ComplaintWrittenSuccess:
    complaint: Complaint = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="It is done.")
class ComplaintSuccess:
    complaint: Complaint = strawberry.field(description="As it is now.")


FileComplaintResult = Annotated[
    FileComplaintSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("FileComplaintResult", description=RESULT),
]
ComplaintWrittenResult = Annotated[
    ComplaintWrittenSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("ComplaintWrittenResult", description=RESULT),
]
ComplaintResult = Annotated[
    ComplaintSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("ComplaintResult", description=RESULT),
]


@strawberry.type
class ComplaintMutations:
    @strawberry.mutation(
        description="File a complaint: one's own, or by a service any member's. An answer is owed within the time that the "
        "category states. Conflict: COMPLAINT_LIMIT, where 20 wait for an answer."
    )
    async def file_complaint(
        self, info: Info, input: Annotated[FileComplaintInput, INPUT]
    ) -> FileComplaintResult:
        target = _member(input.member_id)
        about = await _about(info, input.about_id) if input.about_id is not None else None
        complaint, replayed = await info.context.services.complaints.file(
            info.context.caller, target, input.category, input.text, about, input.idempotency_key
        )
        return FileComplaintSuccess(complaint=Complaint(model=complaint), replayed=replayed)

    @strawberry.mutation(
        description="Write about a complaint that is not closed: its member to staff, or staff and services to its member. "
        "Conflict: COMPLAINT_STATE."
    )
    async def send_complaint_message(
        self, info: Info, input: Annotated[SendComplaintMessageInput, INPUT]
    ) -> ComplaintWrittenResult:
        complaint, replayed = await info.context.services.complaints.write(
            info.context.caller,
            _member(input.member_id),
            _complaint(input.complaint_id),
            input.text,
            input.idempotency_key,
        )
        return ComplaintWrittenSuccess(complaint=Complaint(model=complaint), replayed=replayed)

    @strawberry.mutation(
        description="Take a complaint into one's hands, or give it out of them; for staff and services. Conflicts: "
        "STALE_VERSION, COMPLAINT_STATE."
    )
    async def assign_complaint(
        self, info: Info, input: Annotated[AssignComplaintInput, INPUT]
    ) -> ComplaintResult:
        complaint = await info.context.services.complaints.assign(
            info.context.caller, _complaint(input.complaint_id), input.version, take=input.take
        )
        return ComplaintSuccess(complaint=Complaint(model=complaint))

    @strawberry.mutation(
        description="Answer a complaint, as it was read; for staff and services. The member is told. Conflicts: STALE_VERSION "
        "where anything was written or done since, COMPLAINT_STATE where no answer is owed."
    )
    async def answer_complaint(
        self, info: Info, input: Annotated[AnswerComplaintInput, INPUT]
    ) -> ComplaintWrittenResult:
        complaint, replayed = await info.context.services.complaints.answer(
            info.context.caller,
            _complaint(input.complaint_id),
            input.version,
            input.text,
            input.idempotency_key,
        )
        return ComplaintWrittenSuccess(complaint=Complaint(model=complaint), replayed=replayed)

    @strawberry.mutation(
        description="Close a complaint: its member whenever they like, staff and services once it is answered. Twice is the "
        "same as once. Conflicts: STALE_VERSION, COMPLAINT_STATE."
    )
    async def close_complaint(
        self, info: Info, input: Annotated[CloseComplaintInput, INPUT]
    ) -> ComplaintResult:
        complaint = await info.context.services.complaints.close(
            info.context.caller, _member(input.member_id), _complaint(input.complaint_id), input.version
        )
        return ComplaintSuccess(complaint=Complaint(model=complaint))

    @strawberry.mutation(
        description="Take one's complaint up again, with why; by a service any member's. An answer is owed anew. Conflict: "
        "COMPLAINT_STATE, also where the time for it is over."
    )
    async def reopen_complaint(
        self, info: Info, input: Annotated[ReopenComplaintInput, INPUT]
    ) -> ComplaintWrittenResult:
        complaint, replayed = await info.context.services.complaints.reopen(
            info.context.caller,
            _member(input.member_id),
            _complaint(input.complaint_id),
            input.text,
            input.idempotency_key,
        )
        return ComplaintWrittenSuccess(complaint=Complaint(model=complaint), replayed=replayed)

    @strawberry.mutation(
        description="Say how content one is with the answer, by a service for any member; the last time counts. Conflict: "
        "COMPLAINT_STATE, where there is none."
    )
    async def rate_complaint(
        self, info: Info, input: Annotated[RateComplaintInput, INPUT]
    ) -> ComplaintResult:
        complaint = await info.context.services.complaints.rate(
            info.context.caller,
            _member(input.member_id),
            _complaint(input.complaint_id),
            input.score,
            input.text,
        )
        return ComplaintSuccess(complaint=Complaint(model=complaint))


def _member(stated: strawberry.ID | None) -> bytes | None:
    return member_id(stated) if stated is not None else None


def _complaint(stated: strawberry.ID) -> bytes:
    """The id's bytes. Raises: NotFound."""
    found = decode_bytes_id(stated, "Complaint")
    if found is None:
        raise NotFound("There is no such complaint.", path=["complaintId"])
    return found


async def _about(info: Info, stated: strawberry.ID) -> About:
    """What the caller sees under that id. Raises: NotFound."""
    decoded = decode_id(stated)
    if decoded is None or await fetch_node(info, stated) is None:
        raise NotFound("There is nothing with this id.", path=["aboutId"])
    return About(*decoded)
