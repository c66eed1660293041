"""What members give: to each other, within a day's limit, and to good causes, until a cap is raised. Pure.

Both are counted with the earning caps' uses; what leaves an account is negative there.
"""

from datetime import datetime

from gamification.kit.identifiers import derived_id
from gamification.kit.periods import Cycle, period_at
from gamification.ledger.caps import CapUse
from gamification.programmes.definitions import GoodCause


def given_in_day(programme_id: str, member_id: bytes, unit: str, at: datetime, time_zone: str) -> CapUse:
    """What counts how much a member gave of a unit on that day; nothing yet."""
    period = period_at(Cycle.DAILY, at, time_zone).key
    found = derived_id("given", programme_id, member_id, unit, period)
    return CapUse(found, programme_id, f"{unit}/given/daily", period)


def raised_for(programme_id: str, cause: GoodCause) -> CapUse:
    """What counts how much a cause was given; nothing yet."""
    return CapUse(derived_id("raised", programme_id, cause.key), programme_id, f"causes/{cause.key}", "all")
