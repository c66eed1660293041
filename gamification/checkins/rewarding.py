"""What a day gives, by its place in the streak: pure."""

from collections.abc import Iterable, Mapping
from datetime import date

from gamification.checkins.model import DayState
from gamification.programmes.definitions import CheckIn, MilestoneRepeat, Reward


def rewards_of(
    definition: CheckIn, state: DayState, position: int, milestones: Iterable[int]
) -> tuple[Reward, ...]:
    """What a day of that state and place gives, with the milestones that stand on it."""
    given: tuple[Reward, ...] = ()
    if state is DayState.CHECKED_IN or (
        state is DayState.MADE_UP and definition.make_up is not None and definition.make_up.rewarded
    ):
        given = definition.rewards_at(position)
    standing = set(milestones)
    for milestone in definition.milestones:
        if milestone.streak in standing:
            given += milestone.reward
    return given


def reached_on(
    definition: CheckIn, positions: Mapping[date, int], reached: Mapping[int, date], since: date
) -> dict[int, date]:
    """The days on which the milestones that are given once stand: the first that reached each. Days before `since` are
    not among the positions, and keep what they reached."""
    found = {streak: day for streak, day in reached.items() if day < since}
    for milestone in definition.milestones:
        if milestone.repeat is MilestoneRepeat.ONCE and milestone.streak not in found:
            first = min((d for d, place in positions.items() if place == milestone.streak), default=None)
            if first is not None:
                found[milestone.streak] = first
    return found


def milestones_on(
    definition: CheckIn, day: date, position: int, reached: Mapping[int, date]
) -> tuple[int, ...]:
    """The milestones, by their streak, that stand on a day of that place."""
    return tuple(
        milestone.streak
        for milestone in definition.milestones
        if milestone.streak == position
        and (milestone.repeat is MilestoneRepeat.EACH_STREAK or reached.get(position) == day)
    )
