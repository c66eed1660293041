"""What reports weigh: pure. `docs/moderation.md` says so to moderators."""

from collections.abc import Iterable
from datetime import datetime

from community.moderation.model import Case, CaseState, Record, Report
from gamification.programmes.definitions import ModerationSettings

BY_TRUST = (0.2, 0.5, 1.0, 3.0, 4.0)
"""What a report of a member of that trust weighs before anything else is known of it."""
NEWCOMERS_SHARE = 0.5
"""All reports of members of trust 0 together weigh at most so much of what hides: many new accounts hide nothing."""


def weight_of(trust: int, record: Record, severity: float) -> float:
    """What one report weighs: by trust, times how often their reports were right (from 0 to 2; 1 where nothing is known),
    times the severity of its reason."""
    accuracy = 2 * (record.agreed + 1) / (record.agreed + record.disagreed + 2)
    return BY_TRUST[trust] * accuracy * severity


def score_of(reports: Iterable[Report], hide_at: float) -> float:
    """What the reports of a round weigh together."""
    found = list(reports)
    newcomers = sum(one.weight for one in found if one.trust == 0)
    others = sum(one.weight for one in found if one.trust > 0)
    return round(min(newcomers, NEWCOMERS_SHARE * hide_at) + others, 6)


def may_reopen(case: Case, version: int, now: datetime, settings: ModerationSettings) -> bool:
    """Whether what was decided may be reported again: it was changed since, or that was long ago."""
    if case.state is CaseState.OPEN or case.decided is None:
        return True
    changed = case.content_version is not None and version > case.content_version
    return changed or now >= case.decided.at + settings.report_again_after
