"""How moderation goes: pure figures over cases."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from community.moderation.model import Case, CaseKind, CaseState, Decision
from gamification.kit.records import record

AGES = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
"""The bounds of the backlog's ages; what waits longer is older than a week."""


@record(frozen=True, slots=True)
class Handled:
    """What one moderator decided in the time."""

    by: str
    decisions: int


@record(frozen=True, slots=True)
class Statistics:
    """Of cases opened in a time: how many, how many of them were decided, and the seconds from opening to the first action of
    anybody: the median and the ninth tenth, None before any. `agreed` and `judged`: decided cases that members reported, and
    those of them where the reports were right or wrong. `appeals` answered, and `overturned` of them. `backlog`: what is open
    now by age: up to an hour, a day, a week, and older."""

    opened: int
    decided: int
    first_action_median_s: int | None
    first_action_p90_s: int | None
    judged: int
    agreed: int
    appeals: int
    overturned: int
    backlog: tuple[int, int, int, int]
    by_decision: Mapping[Decision, int]
    moderators: tuple[Handled, ...]


def statistics_of(cases: Sequence[Case], waiting: Iterable[datetime], now: datetime) -> Statistics:
    """The figures of these cases, and of what waits since these times."""
    decided = [one for one in cases if one.state is CaseState.DECIDED and one.decided is not None]
    times = sorted(
        int((one.acted_at - one.opened_at).total_seconds()) for one in cases if one.acted_at is not None
    )
    decisions = Counter(one.decided.decision for one in decided if one.decided is not None)
    reported = [one.decided.decision for one in decided if one.decided is not None and one.reports]
    judged = [one for one in reported if one in (Decision.KEEP, Decision.REMOVE)]
    appeals = [
        one.decided.decision for one in decided if one.decided is not None and one.kind is CaseKind.APPEAL
    ]
    by = Counter(one.decided.by for one in decided if one.decided is not None)
    return Statistics(
        opened=len(cases),
        decided=len(decided),
        first_action_median_s=_quantile(times, 0.5),
        first_action_p90_s=_quantile(times, 0.9),
        judged=len(judged),
        agreed=judged.count(Decision.REMOVE),
        appeals=len(appeals),
        overturned=appeals.count(Decision.OVERTURN),
        backlog=_ages(waiting, now),
        by_decision=dict(decisions),
        moderators=tuple(Handled(name, count) for name, count in by.most_common()),
    )


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    """By the nearest rank."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * round(share * 100) // 100))
    return ordered[rank - 1]


def _ages(waiting: Iterable[datetime], now: datetime) -> tuple[int, int, int, int]:
    counts = [0, 0, 0, 0]
    bounds = list(AGES.values())
    for since in waiting:
        age = now - since
        counts[next((index for index, bound in enumerate(bounds) if age <= bound), 3)] += 1
    return (counts[0], counts[1], counts[2], counts[3])
