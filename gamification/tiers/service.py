"""Reading ladders, tiers, history and forecasts. What changes tiers is in `settlement/`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from gamification.kit.actors import Actor, Permission
from gamification.kit.records import evolve, record
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Ladder, Status
from gamification.programmes.service import ProgrammeService
from gamification.tiers.assessment import Terms, assess, new_state
from gamification.tiers.forecast import Forecast, forecast
from gamification.tiers.measuring import figures
from gamification.tiers.model import TierChange, TierState, state_id
from gamification.tiers.repository import TierRepository
from storage.paging import Page, Window


@record(frozen=True, slots=True)
class TierStanding:
    """A member's place on a ladder as of now, with the measures' figures. What is due shows already, though the worker
    may not have written it yet."""

    ladder: Ladder
    state: TierState
    figures: Mapping[str, int]


class TierService:
    """Ladders are open to everyone signed in; tiers to the member, staff and services."""

    def __init__(
        self, repository: TierRepository, programmes: ProgrammeService, now: Callable[[], datetime]
    ) -> None:
        self._repository = repository
        self._programmes = programmes
        self._now = now

    async def ladders(self, actor: Actor) -> list[Ladder]:
        """Every visible ladder, in file order; archived ones too."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [ladder for ladder in catalogue.document.ladders if _visible(actor, ladder)]

    async def standings(self, actor: Actor, members: Sequence[Member]) -> dict[bytes, list[TierStanding]]:
        """The place of these members on every ladder that takes effect, in file order, by member id."""
        readable = [member.id for member in members if may_see_private(actor, member)]
        catalogue, now = await self._programmes.catalogue(actor.programme_id), self._now()
        found: dict[bytes, list[TierStanding]] = {member: [] for member in readable}
        for ladder in catalogue.document.ladders:
            if published(ladder) and readable:
                terms = await self._terms(catalogue, ladder)
                for member, state in (await self._states(terms, actor.programme_id, readable, now)).items():
                    measured = figures(ladder, state.days, now, terms.time_zone)
                    found[member].append(TierStanding(ladder, state, measured))
        return found

    async def held(self, catalogue: Catalogue, member: Member) -> dict[str, str | None]:
        """The tier that a member holds by the key of each ladder, as it was last written: the worker writes what is due
        within a minute. For what is gated and read often."""
        ladders = {
            state_id(catalogue.programme_id, ladder, member.id): ladder for ladder in catalogue.ladders
        }
        states = await self._repository.states(ladders)
        return {ladders[found]: state.tier for found, state in states.items()}

    async def forecast(self, actor: Actor, member: Member, ladder_key: str | None) -> Forecast | None:
        """What is missing on that ladder, or the first; None where there is no such ladder, or not for this actor."""
        catalogue, now = await self._programmes.catalogue(actor.programme_id), self._now()
        ladders = [ladder for ladder in catalogue.document.ladders if published(ladder)]
        ladder = next((one for one in ladders if ladder_key in (None, one.key)), None)
        if ladder is None or not may_see_private(actor, member):
            return None
        terms = await self._terms(catalogue, ladder)
        state = (await self._states(terms, actor.programme_id, [member.id], now))[member.id]
        return forecast(terms, state, now)

    async def history(
        self, actor: Actor, member: Member, ladder: str | None, window: Window
    ) -> Page[TierChange]:
        """A member's changes of tier, newest first; empty for those who may not read them."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        return await self._repository.history(member.id, ladder, window)

    async def changes_until(
        self, actor: Actor, member: Member, until: datetime
    ) -> list[tuple[Ladder, list[TierChange]]]:
        """What happened before that instant, in order, on every ladder that takes effect or did for this member, in file
        order. There are at most as many as reviews and rises in a member's time. Empty for those who may not read it."""
        if not may_see_private(actor, member):
            return []
        catalogue = await self._programmes.catalogue(actor.programme_id)
        found: dict[str, list[TierChange]] = {}
        for change in await self._repository.changes_of(member.id):
            if change.occurred_at < until:
                found.setdefault(change.ladder, []).append(change)
        return [
            (ladder, found.get(ladder.key, []))
            for ladder in catalogue.document.ladders
            if published(ladder) or ladder.key in found
        ]

    async def changes(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, TierChange]:
        """Changes by id, of this programme. The caller checks that the actor may read their member's."""
        found = await self._repository.changes(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def _terms(self, catalogue: Catalogue, ladder: Ladder) -> Terms:
        rounds = await self._repository.rounds(catalogue.programme_id, ladder.key) if ladder.pyramid else {}
        return Terms(ladder, catalogue.settings.time_zone, catalogue.version, rounds)

    async def _states(
        self, terms: Terms, programme_id: str, members: Sequence[bytes], now: datetime
    ) -> dict[bytes, TierState]:
        """Their states as of now; of who has none yet, from what was ever measured."""
        ids = {state_id(programme_id, terms.ladder.key, member): member for member in members}
        stored = {ids[key]: state for key, state in (await self._repository.states(ids)).items()}
        missing = [member for member in members if member not in stored]
        measures = [measure.key for measure in terms.ladder.measures]
        days = await self._repository.measured(programme_id, terms.ladder, measures, missing, terms.time_zone)
        for member in missing:
            stored[member] = evolve(new_state(terms, programme_id, member, now), days=days[member])
        return {member: assess(terms, stored[member], now).state for member in members}


def _visible(actor: Actor, ladder: Ladder) -> bool:
    return ladder.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
