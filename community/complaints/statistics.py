"""How complaints were dealt with: pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from community.complaints.model import Complaint, ComplaintState
from gamification.kit.records import record

_CONTENT_FROM = 4
_MEDIAN, _MOST = 50, 90


@record(frozen=True, slots=True)
class Statistics:
    """Of the complaints filed in a time. `in_time`: first answered by when it was owed; `late`: answered later, or owed and not
    answered. Times are medians, and below which nine of ten lie; None of none. `content`: how many rated 4 or 5."""

    filed: int
    answered: int
    in_time: int
    late: int
    closed: int
    reopened: int
    rated: int
    content: int
    to_answer: timedelta | None
    to_answer_most: timedelta | None
    to_close: timedelta | None
    to_close_most: timedelta | None


def statistics_of(complaints: Iterable[Complaint], now: datetime) -> Statistics:
    """Add them up."""
    filed = answered = in_time = late = reopened = rated = content = 0
    to_answer: list[timedelta] = []
    to_close: list[timedelta] = []
    for one in complaints:
        filed += 1
        reopened += one.reopened > 0
        if one.first_answered_at is not None:
            answered += 1
            to_answer.append(one.first_answered_at - one.filed_at)
            in_time += one.first_answered_at <= one.first_due_at
            late += one.first_answered_at > one.first_due_at
        elif one.is_overdue(now):
            late += 1
        if one.state is ComplaintState.CLOSED and one.closed_at is not None:
            to_close.append(one.closed_at - one.filed_at)
        if one.rating is not None:
            rated += 1
            content += one.rating.score >= _CONTENT_FROM
    to_answer.sort()
    to_close.sort()
    return Statistics(
        filed=filed,
        answered=answered,
        in_time=in_time,
        late=late,
        closed=len(to_close),
        reopened=reopened,
        rated=rated,
        content=content,
        to_answer=percentile(to_answer, _MEDIAN),
        to_answer_most=percentile(to_answer, _MOST),
        to_close=percentile(to_close, _MEDIAN),
        to_close_most=percentile(to_close, _MOST),
    )


def percentile(ordered: Sequence[timedelta], percent: int) -> timedelta | None:
    """The least of them that so many percent of them don't exceed (nearest rank); None of none."""
    if not ordered:
        return None
    return ordered[max(-(-len(ordered) * percent // 100), 1) - 1]
