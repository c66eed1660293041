"""The index as charts, in zh and en. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from community.belonging.index import dimension, mean_of
from community.belonging.model import Snapshot
from gamification.insights.charts.bars import bar_chart
from gamification.insights.charts.figures import Language
from gamification.insights.charts.lines import line_chart
from gamification.insights.charts.model import About, Series
from gamification.programmes.definitions import BelongingDimension, BelongingIndicator

_I, _D = BelongingIndicator, BelongingDimension
NAMES: Mapping[BelongingIndicator | BelongingDimension, tuple[str, str]] = {
    _D.BEHAVIOUR: ("行为", "Behaviour"),
    _D.EMOTION: ("情感", "Emotion"),
    _D.COGNITION: ("认知", "Cognition"),
    _I.PARTICIPATION: ("活动参与率", "Participation"),
    _I.REDEMPTION: ("权益兑换频次", "Redemptions"),
    _I.INTERACTION: ("社群互动", "Interaction"),
    _I.REFERRAL: ("推荐", "Referrals"),
    _I.NPS: ("净推荐值", "Net promoters"),
    _I.SENTIMENT: ("情感倾向与提及", "Sentiment and mention"),
    _I.RETURN: ("沉默会员回归", "Silent members' return"),
    _I.SATISFACTION: ("满意度", "Satisfaction"),
    _I.PERCEIVED_VALUE: ("价值感知", "Perceived value"),
    _I.BADGES: ("勋章收集", "Badges"),
    _I.KNOWLEDGE: ("知识内容使用", "Use of knowledge"),
    _I.AWARENESS: ("品牌认知", "Brand awareness"),
}
_TITLE = ("归属感指数", "Belonging index")
_UNKNOWN = ("未知", "not known")
_LACKING = ("缺少数据", "Not known")


def named(what: BelongingIndicator | BelongingDimension, language: Language) -> str:
    """What it is called."""
    return _in(NAMES[what], language)


def indicators_chart(snapshot: Snapshot, language: Language, width: int) -> str:
    """A bar for each indicator that weighs something; of what is not known there is none, and its label says so."""
    shown = [one for one in BelongingIndicator if snapshot.weights[one]]
    unknown = [one for one in shown if snapshot.readings[one].value is None]
    labels = [
        f"{named(one, language)} ({_in(_UNKNOWN, language)})" if one in unknown else named(one, language)
        for one in shown
    ]
    values = tuple(_rounded(snapshot.readings[one].value) for one in shown)
    lacking = ", ".join(named(one, language) for one in unknown)
    about = About(
        f"{_in(_TITLE, language)} {snapshot.period}",
        f"{_in(_LACKING, language)}: {lacking}." if lacking else "",
        language=language,
        width=width,
    )
    return bar_chart(about, labels, [Series(_in(_TITLE, language), values)])


def trend_chart(months: Sequence[Snapshot], language: Language, width: int) -> str:
    """The whole and its three dimensions over months, the latest first as they are read."""
    in_order = sorted(months, key=lambda one: one.period)
    whole = [mean_of(BelongingIndicator, one.readings, one.weights, None).value for one in in_order]
    series = [Series(_in(_TITLE, language), tuple(map(_rounded, whole)))]
    for part in BelongingDimension:
        values = (_rounded(dimension(part, one.readings, one.weights, None).value) for one in in_order)
        series.append(Series(named(part, language), tuple(values)))
    days = [date(int(one.period[:4]), int(one.period[5:]), 1) for one in in_order]
    return line_chart(About(_in(_TITLE, language), language=language, width=width), days, series)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _in(said: tuple[str, str], language: Language) -> str:
    return said[0] if language is Language.ZH else said[1]
