"""Cards, freezes and pauses by hand, and closing days that end without anybody looking."""

from datetime import date, datetime
from typing import Any

from gamification.checkins.days import DAY
from gamification.checkins.model import CheckInState, Pause, state_id
from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import (
    Conflict,
    ErrorCode,
    InsufficientPoints,
    InvalidInput,
    LimitExceeded,
    NotFound,
)
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import TransferKind
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import CheckIn, CheckInItem, ItemTerms
from gamification.programmes.definitions.check_ins import ITEMS_MAX
from gamification.settlement.check_ins import add_items, clock_for, keep, present_day, standing
from gamification.settlement.needs import Needs
from gamification.settlement.points import available_of, current
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Given

PAUSES_MAX = 200
"""Pauses kept for a member in one check-in programme, past ones included."""


class CheckInTermsService:
    """`buyCheckInItems`, `grantCheckInItems`, `pauseCheckIns`, `cancelCheckInPause`; each gives the standing."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def buy(
        self, actor: Actor, member_id: bytes | None, check_in: str, item: CheckInItem, count: int, key: str
    ) -> tuple[CheckInState, bool]:
        """Buy cards or freezes with points: all of them or none.

        Raises: NotFound where none are sold, InvalidInput, Conflict (ITEMS_FULL), InsufficientPoints,
        IdempotencyConflict.
        """
        _check_count(count, least=1)

        async def body(work: Unit) -> dict[str, Any]:
            member, definition = await open_standing(self._settlement, work, actor, member_id, check_in)
            terms = _terms(definition, item)
            if terms.price is None:
                raise NotFound("None are sold.", path=["item"])
            _check_room(standing(work.space, member, definition), terms, item, count)
            account = await current(work, member, terms.price.unit)
            price, available = terms.price.amount * count, available_of(work, account)
            if available < price:
                raise InsufficientPoints(
                    f"{price} {account.unit} are wanted, {available} can be spent.",
                    available=available,
                    requested=price,
                )
            because = _by(actor, work, definition, f"{count} × {item}")
            spent = derived_id("check-in-bought", actor.programme_id, actor.role, actor.subject, key)
            work.space.post(
                member,
                account.unit,
                -price,
                spent,
                because,
                work.space.now,
                Given(),
                kind=TransferKind.SPENT,
            )
            return _added(work, member, definition, item, count, spent, because)

        return await self._once(actor, key, "buyCheckInItems", [member_id, check_in, item, count], body)

    async def grant(
        self,
        actor: Actor,
        member_id: bytes,
        check_in: str,
        item: CheckInItem,
        count: int,
        reason: str,
        key: str,
    ) -> tuple[CheckInState, bool]:
        """Give cards or freezes to a member, or with a negative count take them away; with a reason they can read.

        Raises: Forbidden, NotFound, InvalidInput, Conflict (ITEMS_FULL), IdempotencyConflict.
        """
        actor.require(Permission.CHECK_INS_GRANT)
        check_text(reason, "reason", 500)
        _check_count(count, least=None)

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            definition = await _loaded(work, member, check_in)
            terms = _terms(definition, item)
            _check_room(standing(work.space, member, definition), terms, item, count)
            work.space.begin(await work.next_sequence())
            entry = derived_id("check-in-granted", actor.programme_id, actor.role, actor.subject, key)
            because = _by(actor, work, definition, reason)
            return _added(work, member, definition, item, count, entry, because)

        stated = [member_id, check_in, item, count, reason]
        return await self._once(actor, key, "grantCheckInItems", stated, body)

    async def pause(
        self, actor: Actor, member_id: bytes | None, check_in: str, first: date, last: date
    ) -> CheckInState:
        """Plan days off, from tomorrow on at the earliest; planning the same again changes nothing.

        Raises: NotFound, InvalidInput, Conflict where days are paused already, LimitExceeded.
        """

        async def body(work: Unit) -> CheckInState:
            member, definition = await open_standing(self._settlement, work, actor, member_id, check_in)
            state = standing(work.space, member, definition)
            clock = clock_for(work.space, member, definition)
            today = present_day(state, clock, work.space)
            pause = Pause(first, last)
            if pause in state.ledger.pauses:
                return state
            check_pause(definition, state.ledger.pauses, pause, today)
            work.space.begin(await work.next_sequence())
            pauses = tuple(sorted((*state.ledger.pauses, pause), key=lambda one: one.first))
            changed = evolve(state, ledger=evolve(state.ledger, pauses=pauses))
            return keep(work.space, changed, clock, definition, today)

        return await self._settlement.run(actor.programme_id, body)

    async def cancel_pause(
        self, actor: Actor, member_id: bytes | None, check_in: str, first: date
    ) -> CheckInState:
        """Give up what is left of the pause that begins on that day; days of it that have begun stay paused.

        Raises: NotFound where there is none, Conflict where it is over.
        """

        async def body(work: Unit) -> CheckInState:
            member, definition = await open_standing(self._settlement, work, actor, member_id, check_in)
            state = standing(work.space, member, definition)
            clock = clock_for(work.space, member, definition)
            today = present_day(state, clock, work.space)
            found = next((pause for pause in state.ledger.pauses if pause.first == first), None)
            if found is None:
                raise NotFound("No pause begins on that day.", path=["first"])
            if found.last <= today:
                raise Conflict("This pause has no day left.", path=["first"])
            work.space.begin(await work.next_sequence())
            left = [Pause(found.first, today)] if found.first <= today else []
            pauses = [pause for pause in state.ledger.pauses if pause is not found]
            pauses = sorted([*pauses, *left], key=lambda one: one.first)
            changed = evolve(state, ledger=evolve(state.ledger, pauses=tuple(pauses)))
            return keep(work.space, changed, clock, definition, today)

        return await self._settlement.run(actor.programme_id, body)

    async def close_days(self, now: datetime, limit: int = 200) -> int:
        """Close the days that have ended by `now` and cost a freeze or the streak, of up to `limit` members; how many.
        The scheduler calls it until it gives 0; doing it again, or at the same time elsewhere, changes nothing."""
        ending = await self._settlement.stores.check_ins.ending(now, limit)
        for state in ending:

            async def body(work: Unit, state: CheckInState = state) -> None:
                members = await work.stores.members.by_ids(state.programme_id, [state.member_id], work.tx)
                definition = work.space.catalogue.check_ins[state.check_in]
                await work.load(Needs(check_ins={state.id}))
                work.space.begin(await work.next_sequence())
                member = members.get(state.member_id)
                if member is None or not published(definition):
                    work.space.put_check_in(evolve(work.space.check_ins[state.id], next_close_at=None))
                    return
                clock = clock_for(work.space, member, definition)
                closed = standing(work.space, member, definition)
                # Also where nothing was over yet, as after a journey westward: then the day ends later.
                keep(work.space, closed, clock, definition, present_day(closed, clock, work.space))

            await self._settlement.run(state.programme_id, body, now)
        return len(ending)

    async def _once(
        self, actor: Actor, key: str, operation: str, stated: list[Any], body: Any
    ) -> tuple[CheckInState, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, {"input": stated}, body)
        found = await self._settlement.stores.check_ins.by_ids([result["state"]])
        return found[result["state"]], replayed


async def open_standing(
    settlement: SettlementService, work: Unit, actor: Actor, member_id: bytes | None, check_in: str
) -> tuple[Member, CheckIn]:
    """The member whom it is for, and the check-in programme, with the standing loaded. Raises: NotFound, Forbidden."""
    member = await settlement.member(actor, member_id, work.tx)
    own = actor.is_member(member.external_id, member.former)
    actor.require(Permission.CHECK_INS_OWN if own else Permission.CHECK_INS_ANY)
    return member, await _loaded(work, member, check_in)


def check_pause(definition: CheckIn, pauses: tuple[Pause, ...], wanted: Pause, today: date) -> None:
    """Raises: NotFound, InvalidInput, Conflict, LimitExceeded where the days can't be taken off."""
    terms = definition.pauses
    if terms is None:
        raise NotFound("This check-in can't be paused.", path=["checkIn"])
    if wanted.first <= today:
        raise InvalidInput(
            "A pause begins tomorrow at the earliest.", code=ErrorCode.TOO_LATE, path=["first"]
        )
    if wanted.last < wanted.first:
        raise InvalidInput("A pause ends on or after its first day.", path=["last"])
    days = (wanted.last - wanted.first).days + 1
    if days > terms.days_max:
        raise InvalidInput(
            f"A pause has at most {terms.days_max} days.",
            code=ErrorCode.TOO_LARGE,
            path=["last"],
            limit=terms.days_max,
        )
    if any(pause.first <= wanted.last and wanted.first <= pause.last for pause in pauses):
        raise Conflict("Some of these days are paused already.", path=["first"])
    for year in range(wanted.first.year, wanted.last.year + 1):
        if sum(_days_in(pause, year) for pause in (*pauses, wanted)) > terms.days_a_year:
            raise LimitExceeded(
                f"At most {terms.days_a_year} days of a year can be paused.",
                path=["last"],
                limit=terms.days_a_year,
            )
    if len(pauses) >= PAUSES_MAX:
        raise LimitExceeded(f"At most {PAUSES_MAX} pauses are kept.", path=["first"], limit=PAUSES_MAX)


def _days_in(pause: Pause, year: int) -> int:
    first, last = max(pause.first, date(year, 1, 1)), min(pause.last, date(year + 1, 1, 1) - DAY)
    return max((last - first).days + 1, 0)


async def _loaded(work: Unit, member: Member, check_in: str) -> CheckIn:
    """The check-in programme, with the member's standing loaded. Raises: NotFound."""
    definition = work.space.catalogue.check_ins.get(check_in)
    if definition is None or not published(definition):
        raise NotFound(f"There is no check-in {check_in[:100]!r}.", path=["checkIn"])
    await work.load(Needs(check_ins={state_id(member.programme_id, member.id, check_in)}))
    return definition


def _terms(definition: CheckIn, item: CheckInItem) -> ItemTerms:
    terms = definition.terms_of(item)
    if terms is None:
        raise NotFound("This check-in has none of these.", path=["item"])
    return terms


def _check_count(count: int, least: int | None) -> None:
    if count == 0 or abs(count) > ITEMS_MAX or (least is not None and count < least):
        raise InvalidInput(
            f"count must be {'1' if least else f'-{ITEMS_MAX}'} to {ITEMS_MAX}, and not 0.",
            path=["count"],
            limit=ITEMS_MAX,
        )


def _check_room(state: CheckInState, terms: ItemTerms, item: CheckInItem, count: int) -> None:
    held = state.held(item)
    if count > 0 and held + count > terms.held_max:
        raise Conflict(
            f"{held} are held; {terms.held_max} can be.", code=ErrorCode.ITEMS_FULL, path=["count"]
        )
    if held + count < 0:
        raise Conflict(f"Only {held} are held.", path=["count"])


def _by(actor: Actor, work: Unit, definition: CheckIn, reason: str) -> Cause:
    return Cause(
        actor=f"{actor.role}:{actor.subject}",
        reason=reason,
        check_in=definition.key,
        programme_version=work.space.catalogue.version,
    )


def _added(
    work: Unit,
    member: Member,
    definition: CheckIn,
    item: CheckInItem,
    count: int,
    entry_id: bytes,
    because: Cause,
) -> dict[str, Any]:
    entry = add_items(work.space, member, definition, item, count, entry_id, because)
    assert entry is not None  # noqa: S101 - there is room, as was checked
    return {"state": state_id(member.programme_id, member.id, definition.key)}
