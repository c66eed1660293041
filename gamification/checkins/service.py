"""Reading check-ins. What changes them is in `settlement/` and `activity/`."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from gamification.checkins.days import DAY, DayClock, clock_of
from gamification.checkins.model import COUNTS, CheckInDay, CheckInState, DayState, new_state, state_id
from gamification.checkins.repository import CheckInRepository
from gamification.checkins.streak import close, is_paused, judge
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput
from gamification.kit.records import evolve, record
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import CheckIn, Status, TaskZone
from gamification.programmes.service import ProgrammeService


@record(frozen=True, slots=True)
class Standing:
    """How a member stands now: the stored standing with the days judged that have ended since it was written. `today`
    is the present day, from `begins_at` to `ends_at`."""

    definition: CheckIn
    state: CheckInState
    today: date
    begins_at: datetime
    ends_at: datetime
    joined_on: date

    @property
    def is_checked_in(self) -> bool:
        return self.today in self.state.ledger.days

    @property
    def next_position(self) -> int:
        """The place in the streak of the next day that is checked in."""
        return self.state.run.streak + 1


@record(frozen=True, slots=True)
class CalendarDay:
    """One day of a calendar; `stored` where something is known of it. `can_make_up`: a card would make it count."""

    day: date
    state: DayState
    stored: CheckInDay | None
    can_make_up: bool


class CheckInReadingService:
    """Check-in programmes are open to everyone signed in; standings to the member, staff and services."""

    def __init__(self, repository: CheckInRepository, programmes: ProgrammeService) -> None:
        self._repository = repository
        self._programmes = programmes

    async def check_in(self, actor: Actor, key: str) -> CheckIn | None:
        """A check-in programme by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).check_ins.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def check_ins(self, actor: Actor) -> list[CheckIn]:
        """Every visible check-in programme, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [found for found in catalogue.document.check_ins if _visible(actor, found)]

    async def standings(
        self, actor: Actor, members: Sequence[Member], now: datetime
    ) -> dict[bytes, list[Standing]]:
        """How these members stand in every published check-in programme, in file order, by member id."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        definitions = [found for found in catalogue.document.check_ins if published(found)]
        readable = [member for member in members if may_see_private(actor, member)]
        if not definitions:
            return {member.id: [] for member in readable}
        ids = [state_id(actor.programme_id, m.id, d.key) for m in readable for d in definitions]
        states = await self._repository.by_ids(ids)
        return {
            member.id: [standing_of(catalogue, d, member, states, now) for d in definitions]
            for member in readable
        }

    async def standing(
        self, catalogue: Catalogue, definition: CheckIn, member: Member, now: datetime
    ) -> Standing:
        """How one member stands. The caller checks that the actor may read it."""
        states = await self._repository.by_ids([state_id(catalogue.programme_id, member.id, definition.key)])
        return standing_of(catalogue, definition, member, states, now)

    async def calendar(self, standing: Standing, month: str) -> list[CalendarDay]:
        """Every day of a month such as `2026-11`. The caller checks that the actor may read the member's.
        Raises: InvalidInput."""
        first = _first_of(month)
        last = (first + timedelta(days=31)).replace(day=1) - DAY
        state = standing.state
        stored = {
            day.day: day
            for day in await self._repository.days_of(state.member_id, state.check_in, first, last)
        }
        judged = judge(state.ledger, standing.today).states
        days = []
        day = first
        while day <= last:
            days.append(_calendar_day(standing, day, stored.get(day), judged.get(day)))
            day += DAY
        return days


def standing_of(
    catalogue: Catalogue,
    definition: CheckIn,
    member: Member,
    states: dict[bytes, CheckInState],
    now: datetime,
) -> Standing:
    """The member's standing as it is now, whether or not the days that ended since were closed yet."""
    of_programme = definition.zone is TaskZone.PROGRAMME
    zone = catalogue.settings.time_zone if of_programme else None
    clock = clock_of(member, definition.starts_at_minute, zone)
    found = state_id(catalogue.programme_id, member.id, definition.key)
    state = states.get(found) or new_state(catalogue.programme_id, member.id, definition.key)
    today = clock.day_at(now)
    closed = state.ledger.closed
    if closed is not None:
        today = max(today, closed + DAY)
    state = _closed(state, clock, today)
    return Standing(
        definition,
        state,
        today,
        clock.begins_at(today),
        clock.begins_at(today + DAY),
        clock.day_at(member.joined_at),
    )


def _closed(state: CheckInState, clock: DayClock, today: date) -> CheckInState:
    closed = state.ledger.closed
    if closed is None or closed == today - DAY:
        return state
    first = max(closed + DAY, today - timedelta(days=366))
    over = [first + number * DAY for number in range((today - first).days)]
    short = state.ledger.short | {day for day in over if state.run.streak and clock.is_short(day)}
    ledger = close(evolve(state.ledger, short=short), today - DAY)
    return evolve(state, ledger=ledger, run=judge(ledger, today).run)


def _calendar_day(
    standing: Standing, day: date, stored: CheckInDay | None, judged: DayState | None
) -> CalendarDay:
    ledger = standing.state.ledger
    became = judged or (stored.state if stored is not None else DayState.MISSED)
    if ledger.anchor is not None and day > ledger.anchor and judged is None:
        became = DayState.WITHDRAWN if became is DayState.WITHDRAWN else DayState.MISSED
    if became not in COUNTS and is_paused(ledger, day):
        became = DayState.PAUSED
    elif became is DayState.MISSED and day == standing.today:
        became = DayState.OPEN
    elif became is DayState.MISSED and day > standing.today:
        became = DayState.FUTURE
    elif became is DayState.MISSED and day < standing.joined_on:
        became = DayState.BEFORE
    makes_up = standing.definition.make_up
    can_make_up = (
        became in (DayState.MISSED, DayState.WITHDRAWN)
        and makes_up is not None
        and max(standing.today - timedelta(days=makes_up.days), standing.joined_on) <= day < standing.today
    )
    return CalendarDay(day, became, stored, can_make_up)


def _first_of(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        first = None
    if first is None or not 1970 <= first.year <= 2200 or f"{first:%Y-%m}" != month:
        raise InvalidInput(f"{month[:20]!r} is no month such as 2026-11.", path=["month"])
    return first


def _visible(actor: Actor, definition: CheckIn) -> bool:
    return definition.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
