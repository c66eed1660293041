"""Reports as tables, a row a point: pure."""

from gamification.insights.exports.model import Cell, Kind, Row, Table, columns, those
from gamification.insights.reports.activity import ActivityReport
from gamification.insights.reports.economy import EconomyReport
from gamification.insights.reports.participation import ParticipationReport
from gamification.insights.reports.referrals import ReferralReport
from gamification.insights.reports.returning import (
    ChurnReport,
    LifecycleReport,
    RepurchaseReport,
    RetentionReport,
)
from gamification.insights.reports.slots import Slot
from gamification.referrals.model import ReferralStatus
from gamification.segments.lifecycle import Stage

TEXT, WHOLE, NUMBER, DAY, TRUTH = Kind.TEXT, Kind.WHOLE, Kind.NUMBER, Kind.DAY, Kind.TRUTH
_PERIOD = {"period": TEXT, "starts_on": DAY, "ends_on": DAY, "is_complete": TRUTH}


def _of(slot: Slot) -> tuple[Cell, ...]:
    return slot.key, slot.starts_on, slot.ends_on, slot.is_complete


def activity_table(report: ActivityReport) -> Table:
    """What members did and bought."""
    heads = columns(
        **_PERIOD,
        active_members=WHOLE,
        weekly_active_members=WHOLE,
        monthly_active_members=WHOLE,
        daily_mean=NUMBER,
        stickiness=NUMBER,
        new_members=WHOLE,
        activities=WHOLE,
        purchases=WHOLE,
        buyers=WHOLE,
        first_time_buyers=WHOLE,
        spend=WHOLE,
        mean_basket=NUMBER,
    )
    rows: list[Row] = [
        (
            *_of(one.slot),
            *(one.of("a"), one.weekly, one.monthly, one.daily_mean, one.stickiness, one.of("j"), one.of("n")),
            *(one.of("p"), one.of("b"), one.of("f"), one.of("s"), one.basket),
        )
        for one in report.points
    ]
    return Table("activity", heads, those(rows))


def retention_table(report: RetentionReport) -> Table:
    """A row for each cell."""
    heads = columns(
        cohort=TEXT, starts_on=DAY, size=WHOLE, later=WHOLE, active=WHOLE, buying=WHOLE, is_complete=TRUTH
    )
    rows: list[Row] = [
        (one.slot.key, one.slot.starts_on, one.size, cell.later, cell.active, cell.buying, cell.is_complete)
        for one in report.rows
        for cell in one.cells
    ]
    return Table("retention", heads, those(rows))


def churn_table(report: ChurnReport) -> Table:
    """Who did not come in the period after."""
    heads = columns(**_PERIOD, members=WHOLE, kept=WHOLE, lost=WHOLE, rate=NUMBER)
    rows: list[Row] = [(*_of(one.slot), one.members, one.kept, one.lost, one.rate) for one in report.points]
    return Table("churn", heads, those(rows))


def lifecycle_table(report: LifecycleReport) -> Table:
    """A column for each stage."""
    heads = columns(**_PERIOD, **{stage.value: WHOLE for stage in Stage})
    rows: list[Row] = [(*_of(one.slot), *(one.stages[stage] for stage in Stage)) for one in report.points]
    return Table("lifecycle", heads, those(rows))


def repurchase_table(report: RepurchaseReport) -> Table:
    """Who bought again."""
    heads = columns(
        **_PERIOD,
        buyers=WHOLE,
        repeat_buyers=WHOLE,
        repeat_rate=NUMBER,
        returning_buyers=WHOLE,
        again=WHOLE,
        again_rate=NUMBER,
    )
    rows: list[Row] = [
        (*_of(one.slot), one.buyers, one.repeat, one.repeat_rate, one.returning, one.again, one.again_rate)
        for one in report.points
    ]
    return Table("repurchase", heads, those(rows))


def participation_table(report: ParticipationReport) -> Table:
    """A row for each tier in each month."""
    heads = columns(
        **_PERIOD,
        tier=TEXT,
        members=WHOLE,
        active=WHOLE,
        participation=NUMBER,
        target_percent=NUMBER,
        is_met=TRUTH,
    )
    rows: list[Row] = [
        (
            *_of(point.slot),
            one.tier,
            one.members,
            one.active,
            one.participation,
            float(one.target) if one.target is not None else None,
            one.is_met,
        )
        for point in report.points
        for one in point.tiers
    ]
    return Table("participation", heads, those(rows))


def economy_table(report: EconomyReport) -> Table:
    """A unit's points."""
    heads = columns(
        **_PERIOD,
        opening=WHOLE,
        issued=WHOLE,
        spent=WHOLE,
        expired=WHOLE,
        reversed=WHOLE,
        held=WHOLE,
        pending=WHOLE,
        change=WHOLE,
        outstanding=WHOLE,
        on_hold=WHOLE,
        liability=WHOLE,
        breakage=NUMBER,
        breakage_of_issued=NUMBER,
    )
    rows: list[Row] = []
    for one in report.points:
        flows = one.flows
        rows.append(
            (
                *_of(one.slot),
                *(one.opening, flows.issued, flows.spent, flows.expired, flows.reversed, flows.held),
                *(flows.pending, flows.change, one.closing, one.held, report.worth(one.closing + one.held)),
                *(flows.breakage, one.breakage_of_issued),
            )
        )
    return Table("economy", heads, those(rows))


def referral_table(report: ReferralReport) -> Table:
    """A column for each status."""
    heads = columns(**_PERIOD, used=WHOLE, **{one.value: WHOLE for one in ReferralStatus})
    rows: list[Row] = [
        (*_of(one.slot), one.used, *(one.of(status) for status in ReferralStatus)) for one in report.points
    ]
    return Table("referrals", heads, those(rows))
