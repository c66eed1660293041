"""Where a member stands with the programme: pure."""

from datetime import date
from enum import StrEnum

from gamification.programmes.definitions import Lifecycle
from gamification.rollups.history import History


class Stage(StrEnum):
    """PROSPECT: nothing yet. NEW: the first time was lately. ACTIVE: the last time was. AT_RISK: the last time is a while ago.
    SILENT: it is long ago. RETURNED: they came back lately after a silence."""

    PROSPECT = "prospect"
    NEW = "new"
    ACTIVE = "active"
    AT_RISK = "at_risk"
    SILENT = "silent"
    RETURNED = "returned"


def stage_of(history: History, terms: Lifecycle, *, by_purchase: bool) -> Stage:
    """The stage by purchases, or by activity of any kind. Silence goes before all; then whether they came back, then whether
    they are new, then whether they are at risk."""
    days = history.purchase_days() if by_purchase else [one.day for one in history.days]
    if not days:
        return Stage.PROSPECT
    today = history.today
    since = (today - days[-1]).days
    if since >= terms.silent:
        return Stage.SILENT
    back = _came_back(days, terms.silent)
    if back is not None and (today - back).days < terms.returned:
        return Stage.RETURNED
    if (today - days[0]).days < terms.new:
        return Stage.NEW
    return Stage.AT_RISK if since >= terms.at_risk else Stage.ACTIVE


def _came_back(days: list[date], silent: int) -> date | None:
    """The last day that followed a silence."""
    for before, day in zip(reversed(days[:-1]), reversed(days[1:]), strict=True):
        if (day - before).days >= silent:
            return day
    return None
