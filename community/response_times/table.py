"""Response times as a table: pure."""

from community.response_times.model import ResponseReport
from gamification.insights.exports.model import Kind, Row, Table, columns, those


def response_table(report: ResponseReport) -> Table:
    """A row a period; times in seconds."""
    heads = columns(
        period=Kind.TEXT,
        starts_on=Kind.DAY,
        ends_on=Kind.DAY,
        is_complete=Kind.TRUTH,
        came=Kind.WHOLE,
        answered=Kind.WHOLE,
        median_seconds=Kind.NUMBER,
        p90_seconds=Kind.NUMBER,
    )
    rows: list[Row] = [
        (
            one.slot.key,
            one.slot.starts_on,
            one.slot.ends_on,
            one.slot.is_complete,
            one.came,
            one.answered,
            one.median.total_seconds() if one.median is not None else None,
            one.most.total_seconds() if one.most is not None else None,
        )
        for one in report.points
    ]
    return Table("response_times", heads, those(rows))
