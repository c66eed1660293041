"""What can become of a complaint: pure. Each function gives it as it is then, one version later."""

from datetime import datetime

from community.complaints.model import Complaint, ComplaintState, Rating
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput
from gamification.kit.records import evolve

SCORE_MAX = 5
_UNANSWERED = (ComplaintState.OPEN, ComplaintState.IN_PROGRESS, ComplaintState.REOPENED)


def require_version(complaint: Complaint, version: int) -> None:
    """Raises: Conflict (STALE_VERSION) where something has changed since it was read."""
    if complaint.version != version:
        raise Conflict(
            f"This is version {complaint.version} by now, not {version}: read it again.",
            code=ErrorCode.STALE_VERSION,
            path=["version"],
        )


def written_to(complaint: Complaint) -> Complaint:
    """After a message. Raises: Conflict (COMPLAINT_STATE) where it is closed."""
    _require(complaint, *_UNANSWERED, ComplaintState.ANSWERED)
    return _changed(complaint)


def taken(complaint: Complaint, by: str) -> Complaint:
    """In somebody's hands, whoever had it before. Raises: Conflict (COMPLAINT_STATE) where no answer is owed."""
    _require(complaint, *_UNANSWERED)
    return _changed(complaint, state=ComplaintState.IN_PROGRESS, assignee=by)


def released(complaint: Complaint) -> Complaint:
    """In nobody's hands. Raises: Conflict (COMPLAINT_STATE) where it was in none."""
    _require(complaint, ComplaintState.IN_PROGRESS)
    state = ComplaintState.REOPENED if complaint.reopened else ComplaintState.OPEN
    return _changed(complaint, state=state, assignee=None)


def answered(complaint: Complaint, by: str, now: datetime) -> Complaint:
    """Answered: nothing is owed. Raises: Conflict (COMPLAINT_STATE) where no answer was."""
    _require(complaint, *_UNANSWERED)
    return _changed(
        complaint,
        state=ComplaintState.ANSWERED,
        assignee=by,
        due_at=None,
        answered_at=now,
        first_answered_at=complaint.first_answered_at or now,
    )


def closed(complaint: Complaint, now: datetime, *, by_member: bool) -> Complaint:
    """Over: by its member at any time, by staff once it is answered. Raises: Conflict (COMPLAINT_STATE)."""
    if by_member:
        _require(complaint, *_UNANSWERED, ComplaintState.ANSWERED)
    else:
        _require(complaint, ComplaintState.ANSWERED)
    return _changed(
        complaint, state=ComplaintState.CLOSED, due_at=None, closed_at=now, closed_by_member=by_member
    )


def reopened(complaint: Complaint, now: datetime, until: datetime, due_at: datetime) -> Complaint:
    """Taken up again by its member, until then; an answer is owed anew. Raises: Conflict (COMPLAINT_STATE)."""
    _require(complaint, ComplaintState.ANSWERED, ComplaintState.CLOSED)
    if now > until:
        raise Conflict(
            "The time to take this complaint up again is over; file another.",
            code=ErrorCode.COMPLAINT_STATE,
            path=["complaintId"],
        )
    return _changed(
        complaint,
        state=ComplaintState.REOPENED,
        due_at=due_at,
        closed_at=None,
        closed_by_member=False,
        reopened=complaint.reopened + 1,
    )


def rated(complaint: Complaint, rating: Rating) -> Complaint:
    """With how content its member is; the last time counts. Raises: InvalidInput, Conflict (COMPLAINT_STATE) where there is no
    answer to be content with."""
    if not 1 <= rating.score <= SCORE_MAX:
        raise InvalidInput(f"score is 1 to {SCORE_MAX}.", path=["score"], limit=SCORE_MAX)
    if complaint.answered_at is None or complaint.state.owes:
        raise _wrong(complaint)
    return _changed(complaint, rating=rating)


def over_since(complaint: Complaint) -> datetime:
    """Since when it is answered or closed, whichever came last; when it was filed, where it is neither."""
    return max(at for at in (complaint.filed_at, complaint.answered_at, complaint.closed_at) if at)


def _changed(complaint: Complaint, **changes: object) -> Complaint:
    return evolve(complaint, version=complaint.version + 1, **changes)  # type: ignore[arg-type]  # of its fields


def _require(complaint: Complaint, *states: ComplaintState) -> None:
    if complaint.state not in states:
        raise _wrong(complaint)


def _wrong(complaint: Complaint) -> Conflict:
    return Conflict(
        f"This complaint is {complaint.state}.", code=ErrorCode.COMPLAINT_STATE, path=["complaintId"]
    )
