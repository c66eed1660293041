"""What members handed in, against the activities by which what was approved counts."""

from gamification.settlement.unit import Stores
from gamification.tasks.submissions import Submission, SubmissionState
from gamification.verification.replay import Expected
from gamification.verification.report import Report

_STATES = {
    (): SubmissionState.PENDING,
    (SubmissionState.APPROVED,): SubmissionState.APPROVED,
    (SubmissionState.APPROVED, SubmissionState.REVOKED): SubmissionState.REVOKED,
    (SubmissionState.REJECTED,): SubmissionState.REJECTED,
    (SubmissionState.WITHDRAWN,): SubmissionState.WITHDRAWN,
    (SubmissionState.SUPERSEDED,): SubmissionState.SUPERSEDED,
}
"""What a submission is after which decisions."""


async def check_approvals(stores: Stores, programme_id: str, expected: Expected, report: Report) -> None:
    """Exactly what is approved has an activity that stands, of the same member, task and period; and each submission is
    what the decisions on it made of it. That the activity counted is checked with the others."""
    approved = dict(expected.approved)
    async for one in stores.submissions.stream(programme_id):
        report.count("task submissions")
        name = f"submission {one.task} {one.period} {one.number} of {one.member_id.hex()}"
        _check_decisions(one, name, report)
        counts = (one.activity_id, one.member_id, one.task, one.period)
        stands = one.state is SubmissionState.APPROVED
        report.compare(f"{name} counts by", counts if stands else None, approved.pop(one.id, None))
    for found, (_, member_id, task, period) in approved.items():
        report.differs(
            f"task {task} {period} of {member_id.hex()}: the submission {found.hex()} counts, but is missing"
        )


def _check_decisions(submission: Submission, name: str, report: Report) -> None:
    decisions = tuple(one.state for one in submission.decisions)
    report.compare(f"{name} state", submission.state, _STATES.get(decisions))
    report.compare(f"{name} version", submission.version, len(decisions) + 1)
