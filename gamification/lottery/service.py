"""Reading draws: rounds and what is published of them for everyone signed in, what is a member's own for them and staff.
What changes draws is in `settlement/`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import LimitExceeded, NotFound
from gamification.kit.periods import Cycle, Period, period_at
from gamification.lottery.model import (
    Entrant,
    Issued,
    Play,
    Round,
    Standing,
    Win,
    entrant_id,
    issued_id,
    round_id,
    standing_id,
)
from gamification.lottery.published import instant_document, scheduled_document
from gamification.lottery.repository import LotteryRepository
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Draw, DrawKind, Status
from gamification.programmes.service import ProgrammeService
from storage.paging import Page, Window

ENTRANTS_MAX = 20_000
"""How many entrants a proof has that is read in one answer; `starguild draw export` writes longer ones."""
_NOTHING: Page[Any] = Page([], [], has_next=False, has_previous=False)


class LotteryService:
    """Every look-up is bound to the actor's programme."""

    def __init__(
        self, repository: LotteryRepository, programmes: ProgrammeService, now: Callable[[], datetime]
    ) -> None:
        self._repository = repository
        self._programmes = programmes
        self._now = now

    # -- draws and rounds

    async def draw(self, actor: Actor, key: str) -> Draw | None:
        """A draw by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).draws.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def draws(self, actor: Actor) -> list[Draw]:
        """Every visible draw, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [draw for draw in catalogue.document.draws if _visible(actor, draw)]

    async def rounds(self, actor: Actor, draw: Draw, window: Window) -> Page[Round]:
        """A draw's rounds, the one that opens last first."""
        return await self._repository.rounds_page(actor.programme_id, draw.key, window)

    async def rounds_by_keys(
        self, actor: Actor, wanted: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], Round]:
        """Rounds by (draw, key); those that nothing was committed to yet are absent."""
        ids = {round_id(actor.programme_id, draw, key) for draw, key in wanted}
        found = await self._repository.rounds_by_ids(ids)
        return {(one.draw, one.key): one for one in found.values()}

    async def rounds_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Round]:
        """Rounds by id, of this programme."""
        found = await self._repository.rounds_by_ids(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def present_key(self, actor: Actor, draw: Draw) -> str | None:
        """The key of the round that is on: today, or the scheduled round that closes next."""
        if draw.kind is DrawKind.INSTANT:
            return (await self._today(actor)).key
        coming = sorted(
            (one for one in draw.rounds if self._now() < one.closes_at), key=lambda one: one.closes_at
        )
        return coming[0].key if coming else None

    async def issued(self, actor: Actor, draws: Sequence[Draw]) -> dict[str, tuple[Issued, Issued]]:
        """What was won of draws in all, and today, by their keys."""
        programme_id, today = actor.programme_id, (await self._today(actor)).key
        ids = {draw.key: [issued_id(programme_id, draw.key, key) for key in (None, today)] for draw in draws}
        found = await self._repository.issued([one for pair in ids.values() for one in pair])
        return {
            key: (
                found.get(whole) or Issued(whole, programme_id, key, None),
                found.get(day) or Issued(day, programme_id, key, today),
            )
            for key, (whole, day) in ids.items()
        }

    async def entrants(self, found: Round, window: Window) -> Page[Entrant]:
        """A round's entrants in the order of their codes, once they are published."""
        if found.entrants_hash is None:
            return _NOTHING
        return await self._repository.entrants_page(found.id, window)

    async def winners(self, found: Round, window: Window) -> Page[Win]:
        """A scheduled round's wins in the order of drawing, once it is drawn."""
        if found.kind is DrawKind.INSTANT or found.seed is None:
            return _NOTHING
        return await self._repository.wins_page(found.id, window)

    # -- what is published

    async def proof(self, found: Round, entrants_max: int | None = ENTRANTS_MAX) -> dict[str, Any] | None:
        """The document of a scheduled round, as far as it has come; None for a day of an instant draw, of which each
        member has one. Raises: LimitExceeded beyond so many entrants."""
        if found.kind is DrawKind.INSTANT:
            return None
        if entrants_max is not None and found.entrants > entrants_max:
            raise LimitExceeded(
                f"The round has {found.entrants} entrants; beyond {entrants_max} its proof is a file of the operator's.",
                limit=entrants_max,
            )
        is_closed = found.entrants_hash is not None
        entrants = await self._repository.entrants(found.id) if is_closed else []
        wins = await self._repository.wins_of_round(found.id) if found.seed is not None else []
        return scheduled_document(found, entrants, wins)

    async def proof_of_day(self, actor: Actor, member: Member, found: Round) -> dict[str, Any] | None:
        """The document of a member's draws of a day; None where there is none, or for whom it is not."""
        if not may_see_private(actor, member) or found.kind is not DrawKind.INSTANT or found.odds is None:
            return None
        return instant_document(found, member.id, await self._repository.plays_in(found.id, member.id))

    async def export(self, programme_id: str, draw: str, key: str) -> dict[str, Any]:
        """The document of a scheduled round, however long. Raises: NotFound."""
        wanted = round_id(programme_id, draw, key)
        found = (await self._repository.rounds_by_ids([wanted])).get(wanted)
        document = await self.proof(found, None) if found is not None else None
        if document is None:
            raise NotFound(f"There is no round {key!r} of a scheduled draw {draw!r}.", path=["round"])
        return document

    # -- what is a member's own

    async def standings(self, actor: Actor, member: Member, draws: Sequence[Draw]) -> dict[str, Standing]:
        """A member's standing in instant draws, by their keys; absent before the first draw."""
        if not may_see_private(actor, member):
            return {}
        ids = {standing_id(actor.programme_id, draw.key, member.id) for draw in draws}
        return {one.draw: one for one in (await self._repository.standings(ids)).values()}

    async def today(self, actor: Actor) -> str:
        """The key of the present day."""
        return (await self._today(actor)).key

    async def plays(self, actor: Actor, member: Member, draw: str | None, window: Window) -> Page[Play]:
        """A member's instant draws, newest first."""
        if not may_see_private(actor, member):
            return _NOTHING
        return await self._repository.plays_page(actor.programme_id, member.id, draw, window)

    async def entries(self, actor: Actor, member: Member, window: Window) -> Page[Entrant]:
        """A member's entries in scheduled rounds, newest first."""
        if not may_see_private(actor, member):
            return _NOTHING
        return await self._repository.entries_page(actor.programme_id, member.id, window)

    async def wins(self, actor: Actor, member: Member, window: Window) -> Page[Win]:
        """What a member won, newest first."""
        if not may_see_private(actor, member):
            return _NOTHING
        return await self._repository.wins_of_member(actor.programme_id, member.id, window)

    async def plays_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Play]:
        """Plays by id, of this programme. The caller checks that the actor may read their member's."""
        found = await self._repository.plays_by_ids(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def wins_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Win]:
        """Wins by id, as `plays_by_ids`."""
        found = await self._repository.wins_by_ids(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def entries_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Entrant]:
        """Entries by id, as `plays_by_ids`."""
        found = await self._repository.entrants_by_ids(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def entry(self, actor: Actor, member: Member, found: Round) -> Entrant | None:
        """A member's entry in a round."""
        wanted = entrant_id(found.id, member.id)
        return (await self.entries_by_ids(actor, [wanted])).get(wanted)

    async def _today(self, actor: Actor) -> Period:
        catalogue: Catalogue = await self._programmes.catalogue(actor.programme_id)
        return period_at(Cycle.DAILY, self._now(), catalogue.settings.time_zone)


def _visible(actor: Actor, draw: Draw) -> bool:
    return draw.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
