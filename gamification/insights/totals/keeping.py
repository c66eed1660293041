"""Keeping totals: by what a member's part was and is, in the transaction that changes it.

Nothing is added up by a clock: how many were active within thirty days is known of each day as soon as somebody does something,
or does not any more. So days on which no worker ran need no making up for.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog

from gamification.insights.totals.counting import buys_of, count, days_of, span_of
from gamification.insights.totals.model import Card, Cells, Run, Terms, add_to, settled, terms_of
from gamification.insights.totals.repository import TotalsRepository
from gamification.insights.totals.subjects import Seen, SubjectReading
from gamification.kit.records import evolve
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.service import ProgrammeService
from gamification.rollups.model import MemberDay, MemberMonth
from gamification.rollups.repository import MonthRepository
from gamification.rollups.service import rollup_terms
from storage.mongo import Mongo, Tx

log = structlog.get_logger()
AT_ONCE = 200
REBUILT_AT_ONCE = 500
"""Members that one transaction counts anew."""
Months = Mapping[bytes, Sequence[MemberMonth]]


class TotalsKeeping:
    """The worker's."""

    def __init__(
        self,
        mongo: Mongo,
        programmes: ProgrammeService,
        months: MonthRepository,
        repository: TotalsRepository,
        subjects: SubjectReading,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._programmes = programmes
        self._months = months
        self._repository = repository
        self._subjects = subjects
        self._now = now

    async def changed(self, catalogue: Catalogue, before: Months, after: Months, tx: Tx) -> None:
        """Count these members' months as they are from now on, within the transaction that writes them."""
        run = await self._repository.run(catalogue.programme_id, tx)
        if run is not None:
            ids = sorted(before.keys() | after.keys())
            cards = await self._repository.cards(ids, tx)
            days = {one: (days_of(before.get(one, ())), days_of(after.get(one, ()))) for one in ids}
            await self._count(terms_of(catalogue), run, cards, days, tx)

    async def look_at(self, catalogue: Catalogue, member_ids: Sequence[bytes]) -> None:
        """Count anew members of whom something but their days has changed: they joined, their tier or account changed, they
        were erased."""
        for start in range(0, len(member_ids), AT_ONCE):
            part = list(member_ids[start : start + AT_ONCE])
            await self._mongo.transaction(partial(self._look_at, catalogue, part))

    async def unsettled(self, programme_id: str) -> None:
        """What is kept may not be what members' days say; it is made anew."""
        await self._mongo.transaction(partial(self._repository.mark_stale, programme_id))

    async def _look_at(self, catalogue: Catalogue, member_ids: Sequence[bytes], tx: Tx) -> None:
        run = await self._repository.run(catalogue.programme_id, tx)
        if run is None:
            return
        cards = await self._repository.cards(member_ids, tx)
        months = await self._months.of_members(member_ids, tx)
        days = {one: (found := days_of(months[one]), found) for one in member_ids}
        await self._count(terms_of(catalogue), run, cards, days, tx)

    async def _count(
        self,
        terms: Terms,
        run: Run,
        cards: Mapping[bytes, Card],
        days: Mapping[bytes, tuple[list[MemberDay], list[MemberDay]]],
        tx: Tx,
    ) -> None:
        counted: dict[bytes, Card | None] = {}
        for member_id in days:
            card = cards.get(member_id)
            counted[member_id] = card if card and card.generation == run.target(card) else None
        seen = await self._subjects.of(terms, run.programme_id, counted, tx)
        changes: dict[int, Cells] = {}
        kept: list[Card] = []
        is_stale = False
        for member_id, one in seen.items():
            card, (before, after) = counted[member_id], days[member_id]
            target = run.target(card)
            if run.terms_in(target) != terms.name:
                # It is made anew by other terms; until then it stays as it was.
                is_stale = True
                continue
            cells = _difference(terms, card, one, before, after)
            fresh = Card(member_id, target, one.subject, one.entries, buys_of(after))
            if cells or fresh != card:
                # Written even where it says the same: who counts this member at the same time conflicts.
                add_to(changes.setdefault(target, {}), cells)
                kept.append(fresh)
        if is_stale:
            await self._repository.mark_stale(run.programme_id, tx)
        await self._repository.save_cards(run.programme_id, kept, tx)
        for target, cells in changes.items():
            await self._repository.add(run.programme_id, target, settled(cells), tx)

    # -- making them anew

    async def rebuild_due(self, programme_id: str | None = None) -> int:
        """Add up everything anew in programmes whose terms have changed, and in those that were never added up; how many
        members that was. What a crash left half done is gone on with."""
        ids = [programme_id] if programme_id is not None else await self._programmes.keys()
        done = 0
        for found in ids:
            catalogue = await self._programmes.catalogue(found, fresh=True)
            # Their months come first, by the same worker.
            if await self._months.terms_of(found) != rollup_terms(catalogue):
                continue
            done += await self.rebuild(catalogue)
        return done

    async def rebuild(self, catalogue: Catalogue, *, anyway: bool = False) -> int:
        """The same for one programme; `anyway`: even where nothing has changed. How many members were counted."""
        terms = terms_of(catalogue)
        begin = partial(self._begin, catalogue.programme_id, terms, anyway=anyway)
        run = await self._mongo.transaction(lambda tx: begin(tx=tx))
        if run is None:
            return 0
        await self._repository.clear(run)
        done, place = 0, run.place
        while page := await self._subjects.after(catalogue.programme_id, place, REBUILT_AT_ONCE):
            await self._mongo.transaction(partial(self._count_page, terms, run, page))
            done, place = done + len(page), page[-1]
            await self._repository.go_on(run.programme_id, place, self._now())
        ended = await self._mongo.transaction(partial(self._end, run.programme_id))
        await self._repository.clear(ended)
        log.info("insights.rebuilt", programme=run.programme_id, members=done, whole=not ended.stale)
        return done

    async def _begin(self, programme_id: str, terms: Terms, *, anyway: bool, tx: Tx) -> Run | None:
        run = await self._repository.run(programme_id, tx) or Run(programme_id)
        due = anyway or not run.generation or run.stale or run.terms != terms.name
        if not due or await self._repository.is_busy(programme_id, self._now(), tx):
            return None
        goes_on = run.building is not None and run.building_terms == terms.name and not run.stale
        if not goes_on:
            building = max(run.generation, run.building or 0) + 1
            run = evolve(run, building=building, building_terms=terms.name, place=None, stale=False)
        await self._repository.save_run(run, self._now(), tx)
        return run

    async def _count_page(self, terms: Terms, run: Run, member_ids: Sequence[bytes], tx: Tx) -> None:
        """Members who were counted since, as they did something, are counted already."""
        assert run.building is not None  # noqa: S101 - it was begun
        cards = await self._repository.cards(member_ids, tx)
        left: dict[bytes, Card | None] = {
            one: None for one in member_ids if one not in cards or cards[one].generation != run.building
        }
        seen = await self._subjects.of(terms, run.programme_id, left, tx)
        months = await self._months.of_members(list(seen), tx)
        cells: Cells = {}
        kept = []
        for member_id, one in seen.items():
            days = days_of(months[member_id])
            add_to(cells, count(one.subject, days, terms))
            add_to(cells, one.booked)
            kept.append(Card(member_id, run.building, one.subject, one.entries, buys_of(days)))
        await self._repository.save_cards(run.programme_id, kept, tx)
        await self._repository.add(run.programme_id, run.building, settled(cells), tx)

    async def _end(self, programme_id: str, tx: Tx) -> Run:
        run = await self._repository.run(programme_id, tx)
        assert run is not None  # noqa: S101 - it was begun
        if run.building is not None and not run.stale:
            run = evolve(
                run,
                generation=run.building,
                terms=run.building_terms,
                made_at=self._now(),
                building=None,
                building_terms=None,
                place=None,
            )
        await self._repository.save_run(run, None, tx)
        return run


def _difference(
    terms: Terms, card: Card | None, seen: Seen, before: list[MemberDay], after: list[MemberDay]
) -> Cells:
    """By how much a member's part has changed; all of it where it was not counted yet."""
    cells: Cells = {}
    if card is None:
        add_to(cells, count(seen.subject, after, terms))
    else:
        span = span_of(before, after)
        if span is not None or card.subject != seen.subject:
            # Without a day that differs, none is counted that could.
            within = span or (1, 0)
            add_to(cells, count(seen.subject, after, terms, within))
            add_to(cells, count(card.subject, before, terms, within), -1)
    add_to(cells, seen.booked)
    return settled(cells)
