"""From two sums, of what was rehearsed and of what happened, to what a rehearsal found: pure."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from gamification.leaderboards.model import Record
from gamification.leaderboards.ordering import sort_key, tie_of
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Leaderboard, Ties
from gamification.rehearsal.result import (
    SHOWN,
    BoardSum,
    CountSum,
    DaySum,
    MemberSum,
    RewardSum,
    RuleSum,
    TierSum,
    UnitSum,
    Winner,
)
from gamification.rehearsal.sums import Sums


def units_of(now: Sums, was: Sums, catalogue: Catalogue) -> tuple[UnitSum, ...]:
    """Points by unit, in file order."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for first, sums in ((0, now), (2, was)):
        for (_, unit), (given, taken) in sums.points.items():
            totals[unit][first] += given
            totals[unit][first + 1] += taken
    return tuple(UnitSum(unit, *totals[unit]) for unit in catalogue.units if unit in totals)


def days_of(now: Sums, was: Sums, catalogue: Catalogue) -> tuple[DaySum, ...]:
    """Everything by day, in order."""
    units = list(catalogue.units)
    by_day: dict[int, dict[str, list[int]]] = defaultdict(dict)
    for first, sums in ((0, now), (2, was)):
        for (day, unit), (given, taken) in sums.points.items():
            figures = by_day[day].setdefault(unit, [0, 0, 0, 0])
            figures[first] += given
            figures[first + 1] += taken
    paid = now.rewards_on.keys() | was.rewards_on.keys()
    all_days = by_day.keys() | paid
    return tuple(
        DaySum(
            date.fromordinal(day).isoformat(),
            tuple(UnitSum(unit, *by_day[day][unit]) for unit in units if any(by_day[day].get(unit, ()))),
            now.rewards_on[day],
            was.rewards_on[day],
            now.costs_on[day],
            was.costs_on[day],
        )
        for day in sorted(all_days)
        if day in paid or any(any(figures) for figures in by_day[day].values())
    )


def rewards_of(now: Sums, was: Sums, catalogue: Catalogue) -> tuple[RewardSum, ...]:
    """Rewards of the catalogue, in file order."""
    return tuple(
        RewardSum(
            key,
            now.rewards[key],
            was.rewards[key],
            now.failed[key],
            None if reward.cost is None else now.costs[key],
            was.costs[key],
        )
        for key, reward in catalogue.rewards.items()
        if now.rewards[key] or was.rewards[key] or now.failed[key]
    )


def counts_of(now: Counter[str], was: Counter[str], keys: Iterable[str]) -> tuple[CountSum, ...]:
    """Counts by key, in file order."""
    return tuple(CountSum(key, now[key], was[key]) for key in keys if now[key] or was[key])


def tiers_of(now: Sums, was: Sums) -> tuple[TierSum, ...]:
    """Changes of tiers, in the order of their names."""
    changes = sorted(now.tiers.keys() | was.tiers.keys(), key=lambda one: tuple(part or "" for part in one))
    return tuple(TierSum(*change, now.tiers[change], was.tiers[change]) for change in changes)


def rules_of(fired: Mapping[str, int], catalogue: Catalogue) -> tuple[RuleSum, ...]:
    """Every rule that takes effect, in file order, then what campaigns multiply."""
    stated = [rule.key for rule in catalogue.document.rules if published(rule)]
    multiplied = sorted(key for key in fired if key.startswith("campaigns."))
    return tuple(RuleSum(key, fired.get(key, 0)) for key in (*stated, *multiplied))


class Places:
    """The first of a board's period, of however many records come."""

    def __init__(self, board: Leaderboard) -> None:
        self._board = board
        self._best: list[tuple[int, bytes, Record]] = []
        self.size = 0

    def add(self, record: Record) -> None:
        """Let a record take part, if boards show it."""
        if record.standing is None or not record.listed:
            return
        self.size += 1
        key = sort_key(self._board, record.standing.score)
        tie = tie_of(self._board, record.standing, record.shown_id)
        self._best.append((key, tie, record))
        if len(self._best) > 50 * SHOWN:
            self._cut()

    def _cut(self) -> None:
        self._best = heapq.nsmallest(SHOWN, self._best, key=lambda one: one[:2])

    def first(self) -> list[Record]:
        """In rank order."""
        self._cut()
        return [record for _, _, record in self._best]

    def summed(self, period: str, stored: Mapping[bytes, Record]) -> BoardSum:
        """The winners, each beside the score that they have."""
        winners: list[Winner] = []
        for place, record in enumerate(self.first(), start=1):
            assert record.standing is not None  # noqa: S101 - else it takes no part
            score, subscore = record.standing.score, record.standing.subscore
            last = winners[-1] if winners else None
            shared = (
                last is not None
                and self._board.ties is Ties.SHARED
                and (last.score, last.subscore) == (score, subscore)
            )
            known = stored.get(record.id)
            was = known.standing.score if known is not None and known.standing is not None else None
            rank = last.rank if shared and last is not None else place
            winners.append(Winner(rank, record.member_id, score, subscore, was))
        return BoardSum(self._board.key, period, self.size, tuple(winners))


class Differences:
    """Members who would have other points than they got, and of each unit those who gain and lose most, of however many come."""

    def __init__(self) -> None:
        self.members: set[bytes] = set()
        self._gains: dict[str, list[MemberSum]] = defaultdict(list)
        self._losses: dict[str, list[MemberSum]] = defaultdict(list)

    def add(self, member_id: bytes, unit: str, points: int, was: int) -> None:
        """Let a member take part, if there is a difference."""
        if points == was:
            return
        self.members.add(member_id)
        found = (self._gains if points > was else self._losses)[unit]
        found.append(MemberSum(member_id, unit, points, was))
        if len(found) > 50 * SHOWN:
            found[:] = _greatest(found)

    def most(self) -> tuple[MemberSum, ...]:
        """Who gain most, by unit."""
        return tuple(one for unit in sorted(self._gains) for one in _greatest(self._gains[unit]))

    def least(self) -> tuple[MemberSum, ...]:
        """Who lose most, by unit."""
        return tuple(one for unit in sorted(self._losses) for one in _greatest(self._losses[unit]))


def _greatest(found: list[MemberSum]) -> list[MemberSum]:
    return heapq.nsmallest(SHOWN, found, key=lambda one: (-abs(one.points - one.was), one.member_id))
