"""Complaints: an answer is owed where the state says so, and what was written is about something there is."""

from collections.abc import Mapping

from community.complaints.model import Complaint, MessageKind
from community.complaints.repository import ComplaintRepository
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.verification.report import Report


async def check_complaints(
    complaints: ComplaintRepository,
    catalogue: Catalogue,
    members: Mapping[bytes, Member],
    report: Report,
) -> None:
    """Each complaint is of a member and a category that there are, and has a time for its answer just while one is owed. Each
    message is about a complaint, of the same member; as often as one was taken up again, its member has said why."""
    found = {one.id: one async for one in complaints.stream(catalogue.programme_id)}
    answers: dict[bytes, int] = {}
    reopenings: dict[bytes, int] = {}
    async for message in complaints.stream_messages(catalogue.programme_id):
        report.count("complaint messages")
        about = found.get(message.complaint_id)
        if about is None or about.member_id != message.member_id:
            report.differs(f"complaint message {message.id.hex()}: what it is about is missing, or another's")
        counted = {MessageKind.ANSWER: answers, MessageKind.REOPENING: reopenings}.get(message.kind)
        if counted is not None:
            counted[message.complaint_id] = counted.get(message.complaint_id, 0) + 1
    for one in found.values():
        report.count("complaints")
        name = f"complaint {one.id.hex()}"
        if one.member_id not in members or one.category not in catalogue.complaint_categories:
            report.differs(f"{name}: its member or its category is missing")
        report.compare(f"{name} reopened", one.reopened, reopenings.get(one.id, 0))
        _check_state(one, answers.get(one.id, 0), name, report)


def _check_state(complaint: Complaint, answers: int, name: str, report: Report) -> None:
    if (complaint.due_at is not None) != complaint.state.owes:
        report.differs(f"{name}: it is {complaint.state}, and an answer is owed by {complaint.due_at}")
    if (complaint.answered_at is not None) != (answers > 0):
        report.differs(f"{name}: it was answered at {complaint.answered_at}, by {answers} answers")
