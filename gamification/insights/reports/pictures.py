"""Reports as charts, in zh and en: pure."""

from collections.abc import Sequence

from gamification.insights.charts.figures import Language, Measure
from gamification.insights.charts.heatmap import Row, heat_map
from gamification.insights.charts.lines import line_chart
from gamification.insights.charts.model import About, Series
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
from gamification.insights.totals.periods import By
from gamification.referrals.model import ReferralStatus
from gamification.segments.lifecycle import Stage

_ZH = {
    "Active members": "活跃会员",
    "of the day": "日活跃",
    "of 7 days": "7 日活跃",
    "of 30 days": "30 日活跃",
    "active": "活跃",
    "buying": "购买",
    "joined": "新会员",
    "members": "人",
    "Retention": "留存",
    "Churn": "流失率",
    "Repurchase": "复购率",
    "more than once": "期内复购",
    "again after the period before": "上期买家再购",
    "Lifecycle": "生命周期",
    "new": "新客",
    "returned": "回流",
    "at risk": "有流失风险",
    "silent": "沉默",
    "prospects": "未购买",
    "Points": "积分",
    "issued": "发放",
    "spent": "消耗",
    "expired": "过期",
    "outstanding": "未用",
    "Participation": "参与率",
    "no tier": "无等级",
    "Referrals": "推荐",
    "codes used": "使用推荐码",
    "rewarded": "已奖励",
}
_STAGES = (
    (Stage.ACTIVE, "active"),
    (Stage.NEW, "new"),
    (Stage.RETURNED, "returned"),
    (Stage.AT_RISK, "at risk"),
    (Stage.SILENT, "silent"),
    (Stage.PROSPECT, "prospects"),
)
_TIERS_MAX = 6


def _said(text: str, language: Language) -> str:
    return _ZH[text] if language is Language.ZH else text


def _lines(
    title: str,
    slots: Sequence[Slot],
    named: Sequence[tuple[str, Sequence[float | None]]],
    language: Language,
    width: int,
    *,
    unit: str = "",
    measure: Measure = Measure.NUMBER,
) -> str:
    about = About(
        _said(title, language),
        unit=_said(unit, language) if unit else "",
        language=language,
        measure=measure,
        width=width,
    )
    days = [one.starts_on for one in slots]
    return line_chart(about, days, [Series(name, tuple(values)) for name, values in named])


def activity_chart(report: ActivityReport, language: Language, width: int) -> str:
    """Active members; of weeks and months with those who bought and those who joined."""
    slots = [one.slot for one in report.points]
    names = {"of the day": "a", "of 7 days": "w", "of 30 days": "m"}
    if slots[0].by is not By.DAY:
        names = {"active": "a", "buying": "b", "joined": "j"}
    named = [
        (_said(name, language), [float(one.of(count)) for one in report.points])
        for name, count in names.items()
    ]
    return _lines("Active members", slots, named, language, width, unit="members")


def retention_chart(report: RetentionReport, language: Language, width: int, *, buying: bool = False) -> str:
    """A row of cells for each cohort; a period that is not over is left out."""
    columns = max((len(one.cells) for one in report.rows), default=1)
    rows = []
    for one in report.rows:
        found = [
            (cell.buying if buying else cell.active) / one.size if cell.is_complete and one.size else None
            for cell in one.cells
        ]
        rows.append(Row(one.slot.key, one.size, (*found, *[None] * (columns - len(found)))))
    about = About(_said("Retention", language), language=language, measure=Measure.SHARE, width=width)
    return heat_map(about, [str(later) for later in range(columns)], rows)


def churn_chart(report: ChurnReport, language: Language, width: int) -> str:
    """The rate by period."""
    named = [(_said("Churn", language), [one.rate for one in report.points])]
    slots = [one.slot for one in report.points]
    return _lines("Churn", slots, named, language, width, measure=Measure.SHARE)


def lifecycle_chart(report: LifecycleReport, language: Language, width: int) -> str:
    """Members by stage."""
    named = [
        (_said(name, language), [float(one.stages[stage]) for one in report.points])
        for stage, name in _STAGES
    ]
    slots = [one.slot for one in report.points]
    return _lines("Lifecycle", slots, named, language, width, unit="members")


def repurchase_chart(report: RepurchaseReport, language: Language, width: int) -> str:
    """Both rates by period."""
    named = [
        (_said("more than once", language), [one.repeat_rate for one in report.points]),
        (_said("again after the period before", language), [one.again_rate for one in report.points]),
    ]
    slots = [one.slot for one in report.points]
    return _lines("Repurchase", slots, named, language, width, measure=Measure.SHARE)


def participation_chart(report: ParticipationReport, language: Language, width: int) -> str:
    """The share of each tier that was active, of six tiers at most, the highest."""
    names = [one.tier for one in report.points[0].tiers][-_TIERS_MAX:]
    named: list[tuple[str, Sequence[float | None]]] = []
    for name in names:
        values = [
            next((one.participation for one in point.tiers if one.tier == name), None)
            for point in report.points
        ]
        named.append((name if name is not None else _said("no tier", language), values))
    slots = [one.slot for one in report.points]
    return _lines("Participation", slots, named, language, width, measure=Measure.SHARE)


def economy_chart(report: EconomyReport, language: Language, width: int) -> str:
    """What was issued, spent and lapsed, and what is outstanding."""
    named = [
        (_said("issued", language), [float(one.flows.issued) for one in report.points]),
        (_said("spent", language), [float(one.flows.spent) for one in report.points]),
        (_said("expired", language), [float(one.flows.expired) for one in report.points]),
        (_said("outstanding", language), [float(one.closing) for one in report.points]),
    ]
    return _lines("Points", [one.slot for one in report.points], named, language, width)


def referral_chart(report: ReferralReport, language: Language, width: int) -> str:
    """Codes that were used, and those of them that were rewarded."""
    rewarded = [float(one.of(ReferralStatus.REWARDED)) for one in report.points]
    named = [
        (_said("codes used", language), [float(one.used) for one in report.points]),
        (_said("rewarded", language), rewarded),
    ]
    return _lines("Referrals", [one.slot for one in report.points], named, language, width)
