"""Two states of one kind as the one that is left: pure. Each takes what the survivor has first, then the merged one's,
which is stated with the survivor's ids already."""

from collections.abc import Mapping
from datetime import datetime

from gamification.badges.model import BadgeAward, CollectionState
from gamification.kit.records import evolve
from gamification.programmes.definitions import Measure, Task
from gamification.referrals.model import Given, ReachedMilestone, Referrer
from gamification.tasks.model import Progress
from gamification.tasks.progress import DISTINCT_VALUES_MAX


def awards(kept: BadgeAward, other: BadgeAward, now: datetime) -> BadgeAward:
    """It stands on the grounds of both, as from the earlier of those that stood, with the number of an edition that either
    has, the kept one's first. Where a person revoked the kept one, it stays revoked."""
    grounds = {
        ground: max(level for one in (kept, other) for name, level in one.grounds.items() if name == ground)
        for ground in (*kept.grounds, *other.grounds)
    }
    numbers = [
        number
        for one in (kept, other)
        for number in ((one.number,) if one.number is not None else ()) + one.former_numbers
    ]
    missed = kept.missed and other.missed
    stood = [one for one in (kept, other) if one.stands]
    first = min(stood, key=lambda one: one.awarded_at, default=kept)
    stands = bool(grounds) and not kept.barred and not missed
    ended = kept if not kept.stands else other
    return evolve(
        kept,
        grounds=grounds,
        level=max(grounds.values()) if stands else kept.level,
        awarded_at=first.awarded_at,
        cause=first.cause,
        missed=missed,
        number=numbers[0] if numbers else None,
        former_numbers=tuple(numbers[1:]),
        revoked_at=None if stands else ended.revoked_at or now,
        revocation=None if stands else ended.revocation,
    )


def progress(kept: Progress, other: Progress, task: Task) -> Progress:
    """All that either counted is counted. Completed where one was: by the completion whose reward was given, else that
    which can still be claimed, else the earlier one, so that a reward is not given again. What both were given is kept,
    to be taken back with the completion."""
    lead, second = sorted((kept, other), key=_rank)
    places = [
        place
        for one in (lead, second)
        for place in ((one.place,) if one.place is not None else ()) + one.former_places
    ]
    distinct = _distinct(kept.distinct, other.distinct)
    counted = kept.value + other.value
    return evolve(
        lead,
        id=kept.id,
        member_id=kept.member_id,
        value=len(distinct) if task.measure is Measure.DISTINCT else counted,
        distinct=distinct,
        completions=kept.completions + other.completions,
        place=places[0] if places else None,
        former_places=tuple(places[1:]),
        missed=lead.missed and not places,
        transfers=(*lead.transfers, *second.transfers),
        scores=(*lead.scores, *second.scores),
        reward_sequence=max(lead.reward_sequence, second.reward_sequence),
    )


def _rank(one: Progress) -> tuple[bool, bool, bool, bool, float]:
    """Which of two comes first."""
    at = one.completed_at.timestamp() if one.completed_at else 0.0
    return (not one.is_complete, one.claimed_at is None, one.missed, one.lapsed_at is not None, at)


def _distinct(kept: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    total = dict(kept)
    for name, times in other.items():
        if name in total or len(total) < DISTINCT_VALUES_MAX:
            total[name] = total.get(name, 0) + times
    return total


def collections(kept: CollectionState, other: CollectionState) -> CollectionState:
    """Complete where one was; what both completions gave is kept, to be taken back with it."""
    lead = kept if kept.is_complete or not other.is_complete else other
    return evolve(
        lead,
        id=kept.id,
        member_id=kept.member_id,
        completions=kept.completions + other.completions,
        transfers=(*kept.transfers, *other.transfers),
        awards=tuple(dict.fromkeys((*kept.awards, *other.awards))),
    )


def referrers(kept: Referrer, other: Referrer) -> Referrer:
    """Everybody whom either brought counts; a milestone stands where one had reached it, with what both were given."""
    by_count = {one.count: one for one in kept.milestones}
    for one in other.milestones:
        known = by_count.get(one.count)
        by_count[one.count] = one if known is None else _milestone(known, one)
    return evolve(
        kept,
        rewarded=kept.rewarded + other.rewarded,
        milestones=tuple(by_count[count] for count in sorted(by_count)),
    )


def _milestone(kept: ReachedMilestone, other: ReachedMilestone) -> ReachedMilestone:
    return evolve(
        kept,
        runs=kept.runs + other.runs,
        stands=kept.stands or other.stands,
        given=Given(
            (*kept.given.transfers, *other.given.transfers),
            (*kept.given.scores, *other.given.scores),
            tuple(dict.fromkeys((*kept.given.awards, *other.given.awards))),
        ),
        sequence=max(kept.sequence, other.sequence),
    )
