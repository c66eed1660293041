"""Keeping members' days: whoever did something is looked at again, and the whole month is added up anew.

What is written is what activity says by then, never a difference: twice is as once, and of two who do so at the same time one
conflicts and reads again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Protocol

from gamification.activity.daily import DailyCount, DailyReading, Span
from gamification.kit.periods import local_midnight, zone
from gamification.members.repository import MemberRepository
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.service import ProgrammeService
from gamification.rollups.model import MemberDay, MemberMonth, after, first_of, month_of
from gamification.rollups.repository import MonthRepository
from gamification.settlement.followup import Followup
from storage.mongo import Mongo, Tx

_AT_ONCE = 500
"""Months of members that one transaction adds up."""
_REBUILT_AT_ONCE = 100
"""Members of whom one transaction adds up everything."""
Touched = Mapping[int, Iterable[bytes]]
"""By month, the members who did something in it."""
Months = Mapping[bytes, Sequence[MemberMonth]]
"""All months of members, in order."""


class Watching(Protocol):
    """Is told of members whose months change."""

    async def changed(self, catalogue: Catalogue, before: Months, after: Months, tx: Tx) -> None:
        """They were so before this transaction, and are so with it."""

    async def look_at(self, catalogue: Catalogue, member_ids: Sequence[bytes]) -> None:
        """Something else of these members may have changed."""

    async def unsettled(self, programme_id: str) -> None:
        """Months of this programme are made anew without more being told."""


class RollupService:
    """What follows activity."""

    def __init__(
        self,
        mongo: Mongo,
        programmes: ProgrammeService,
        members: MemberRepository,
        daily: DailyReading,
        months: MonthRepository,
        now: Callable[[], datetime],
        watching: Watching | None = None,
    ) -> None:
        self._watching = watching
        self._members = members
        self._now = now
        self._mongo = mongo
        self._programmes = programmes
        self._daily = daily
        self._months = months

    async def follow(self, programme_id: str, followups: Sequence[Followup]) -> set[bytes]:
        """Add up anew what these transactions touched; the members of whom something may have changed."""
        catalogue = await self._programmes.catalogue(programme_id, fresh=True)
        moved = {pair for one in followups for pair in one.moved.items()}
        for before, heir in sorted(moved):
            await self._mongo.transaction(partial(self._move, catalogue, before, heir))
        touched: dict[int, set[bytes]] = defaultdict(set)
        for one in followups:
            for fated in one.activities:
                touched[_month(catalogue, fated.occurred_at)].add(fated.member_id)
        await self.add_up(catalogue, touched)
        members = {member_id for found in touched.values() for member_id in found}
        told = {member_id for one in followups for member_id in (*one.feeds, *one.profiles)}
        if self._watching is not None:
            others = told | {member_id for one in followups for member_id in one.touched}
            await self._watching.look_at(catalogue, sorted(others - members))
        return members | told | {heir for _, heir in moved}

    async def add_up(self, catalogue: Catalogue, touched: Touched) -> None:
        """Add up these months of these members anew."""
        pairs = sorted((month, member_id) for month, found in touched.items() for member_id in set(found))
        for start in range(0, len(pairs), _AT_ONCE):
            part = pairs[start : start + _AT_ONCE]
            await self._mongo.transaction(partial(self._add_up, catalogue, part))

    async def rebuild_due(self, programme_id: str | None = None) -> int:
        """Add up everything anew in programmes where days begin at another time now, or where other things are purchases, and
        in those that were never added up; how many members that was."""
        ids = [programme_id] if programme_id is not None else await self._programmes.keys()
        done = 0
        for found in ids:
            catalogue = await self._programmes.catalogue(found, fresh=True)
            terms = rollup_terms(catalogue)
            if await self._months.begin_run(found, terms, self._now()):
                done += await self.rebuild(catalogue)
                await self._months.end_run(found, terms)
        return done

    async def rebuild(self, catalogue: Catalogue) -> int:
        """Add up everything that a programme's members ever did; how many there are."""
        done, last = 0, None
        await self._unsettled(catalogue.programme_id)
        while members := await self._page(catalogue.programme_id, last):
            await self._mongo.transaction(partial(self._rebuild, catalogue, members))
            done, last = done + len(members), members[-1]
        await self._unsettled(catalogue.programme_id)
        return done

    async def _unsettled(self, programme_id: str) -> None:
        """Told before, so that nobody takes what is half made for whole, and after, so that all of it is looked at."""
        if self._watching is not None:
            await self._watching.unsettled(programme_id)

    async def _page(self, programme_id: str, after: bytes | None) -> list[bytes]:
        return await self._mongo.transaction(
            partial(self._members.ids_after, programme_id, after, _REBUILT_AT_ONCE)
        )

    async def _rebuild(self, catalogue: Catalogue, member_ids: Sequence[bytes], tx: Tx) -> None:
        for member_id in member_ids:
            await self._months.forget(member_id, tx)
        counts = await self._daily.of(catalogue, [Span(member_ids)], tx)
        await self._months.save(months_of(catalogue.programme_id, counts), tx)

    async def _before(self, member_ids: Sequence[bytes], tx: Tx) -> dict[bytes, list[MemberMonth]]:
        return await self._months.of_members(member_ids, tx) if self._watching is not None else {}

    async def _add_up(self, catalogue: Catalogue, pairs: Sequence[tuple[int, bytes]], tx: Tx) -> None:
        members: dict[int, list[bytes]] = defaultdict(list)
        for month, member_id in pairs:
            members[month].append(member_id)
        before = await self._before(sorted({member_id for _, member_id in pairs}), tx)
        spans = [_span(catalogue, month, found) for month, found in members.items()]
        counts = await self._daily.of(catalogue, spans, tx)
        made = {(one.month, one.member_id): one for one in months_of(catalogue.programme_id, counts)}
        nothing = [
            MemberMonth(catalogue.programme_id, member_id, month, ())
            for month, member_id in pairs
            if (month, member_id) not in made
        ]
        await self._months.save([*made.values(), *nothing], tx)
        if self._watching is not None:
            after = _with(before, [*made.values(), *nothing])
            await self._watching.changed(catalogue, before, after, tx)

    async def _move(self, catalogue: Catalogue, before: bytes, heir: bytes, tx: Tx) -> None:
        was = await self._before([before, heir], tx)
        await self._months.forget(before, tx)
        await self._rebuild(catalogue, [heir], tx)
        if self._watching is not None:
            found = await self._months.of_members([before, heir], tx)
            await self._watching.changed(catalogue, was, found, tx)


def months_of(programme_id: str, counts: Iterable[DailyCount]) -> list[MemberMonth]:
    """Members' months from what was counted by day, in order of members and time."""
    days: dict[tuple[bytes, date], list[DailyCount]] = defaultdict(list)
    for one in counts:
        days[one.member_id, date.fromisoformat(one.day)].append(one)
    months: dict[tuple[bytes, int], list[MemberDay]] = defaultdict(list)
    for (member_id, day), found in sorted(days.items()):
        months[member_id, month_of(day)].append(
            MemberDay(
                day,
                {one.type: one.count for one in sorted(found, key=lambda one: one.type)},
                sum(one.count for one in found if one.spend is not None),
                sum(one.spend for one in found if one.spend is not None),
            )
        )
    return [
        MemberMonth(programme_id, member_id, month, tuple(found))
        for (member_id, month), found in months.items()
    ]


def _with(before: Months, changed: Iterable[MemberMonth]) -> dict[bytes, list[MemberMonth]]:
    """Months as they are once these have changed."""
    after = {member_id: {one.month: one for one in months} for member_id, months in before.items()}
    for one in changed:
        after[one.member_id][one.month] = one
    return {
        member_id: [one for _, one in sorted(months.items()) if one.days]
        for member_id, months in after.items()
    }


def rollup_terms(catalogue: Catalogue) -> str:
    """By what days are told apart and purchases known."""
    settings = catalogue.settings
    spends = sorted((one.key, one.spend) for one in catalogue.document.activity_types if one.spend)
    return repr((settings.time_zone, settings.money.digits, spends))


def _month(catalogue: Catalogue, at: datetime) -> int:
    return month_of(at.astimezone(zone(catalogue.settings.time_zone)).date())


def _span(catalogue: Catalogue, month: int, member_ids: Sequence[bytes]) -> Span:
    time_zone = catalogue.settings.time_zone
    return Span(
        member_ids,
        local_midnight(first_of(month), time_zone),
        local_midnight(first_of(after(month)), time_zone),
    )
