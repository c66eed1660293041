"""`checkIn`, `makeUpCheckIn`, `buyCheckInItems`, `grantCheckInItems`, `pauseCheckIns`, `cancelCheckInPause`."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from gamification.checkins.model import CheckInDay as DayModel
from gamification.checkins.model import CheckInState
from gamification.checkins.service import CalendarDay, Standing
from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    IdempotencyConflictError,
    InsufficientPointsError,
    InvalidInputError,
    NotFoundError,
)
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.check_ins import CheckInDay, CheckInStanding
from resolvers.types.tasks import CheckInItem

_KEY = "The check-in programme's key."
_FOR = "For services: for whom; oneself when not given."
_ONCE = "The same key with the same input acts once."
_REPLAYED = "True where the key had acted before."
_NOW = "The member's standing now."


@strawberry.input(description="A check-in.")
class CheckInInput:
    check_in: str = strawberry.field(description=_KEY)
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="When it happened, for a client that was offline: within the programme's `offlineSeconds`. Now when "
        "not given.",
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_FOR)
    idempotency_key: str = strawberry.field(description=_ONCE)


@strawberry.input(description="A missed day to be made up with a card.")
class MakeUpCheckInInput:
    check_in: str = strawberry.field(description=_KEY)
    day: date = strawberry.field(description="The missed day, as the calendar names it.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_FOR)
    idempotency_key: str = strawberry.field(description=_ONCE)


@strawberry.input(description="Cards or freezes to be bought with points.")
class BuyCheckInItemsInput:
    check_in: str = strawberry.field(description=_KEY)
    item: CheckInItem = strawberry.field(description="Which.")
    count: int = strawberry.field(default=1, description="How many: 1 to 1,000; all of them or none.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_FOR)
    idempotency_key: str = strawberry.field(description=_ONCE)


@strawberry.input(description="Cards or freezes given by hand.")
class GrantCheckInItemsInput:
    member_id: strawberry.ID = strawberry.field(description="To whom.")
    check_in: str = strawberry.field(description=_KEY)
    item: CheckInItem = strawberry.field(description="Which.")
    count: int = strawberry.field(description="How many, at most 1,000; negative takes away.")
    reason: str = strawberry.field(description="Why; the member can read it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description=_ONCE)


@strawberry.input(description="Days off, both ends included.")
class PauseCheckInsInput:
    check_in: str = strawberry.field(description=_KEY)
    first: date = strawberry.field(description="The first day off: tomorrow at the earliest.")
    last: date = strawberry.field(description="The last day off.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_FOR)


@strawberry.input(description="A pause to be given up.")
class CancelCheckInPauseInput:
    check_in: str = strawberry.field(description=_KEY)
    first: date = strawberry.field(description="The first day of the pause.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_FOR)


@strawberry.type(description="The day is checked in.")
class CheckInSuccess:
    day: CheckInDay = strawberry.field(description="The day, as it is now.")
    standing: CheckInStanding = strawberry.field(description=_NOW)
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type(description="The day is made up.")
class MakeUpCheckInSuccess:
    day: CheckInDay = strawberry.field(description="The day, as it is now.")
    standing: CheckInStanding = strawberry.field(description=_NOW)
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type(description="The items are bought.")
class BuyCheckInItemsSuccess:
    standing: CheckInStanding = strawberry.field(description=_NOW)
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type(description="The items are given, or taken away.")
class GrantCheckInItemsSuccess:
    standing: CheckInStanding = strawberry.field(description=_NOW)
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type(description="The days are off.")
class PauseCheckInsSuccess:
    standing: CheckInStanding = strawberry.field(description=_NOW)


@strawberry.type(description="What was left of the pause is given up.")
class CancelCheckInPauseSuccess:
    standing: CheckInStanding = strawberry.field(description=_NOW)


CheckInResult = Annotated[
    CheckInSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("CheckInResult", description=RESULT),
]
MakeUpCheckInResult = Annotated[
    MakeUpCheckInSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("MakeUpCheckInResult", description=RESULT),
]
BuyCheckInItemsResult = Annotated[
    BuyCheckInItemsSuccess
    | InsufficientPointsError
    | ConflictError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("BuyCheckInItemsResult", description=RESULT),
]
GrantCheckInItemsResult = Annotated[
    GrantCheckInItemsSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("GrantCheckInItemsResult", description=RESULT),
]
PauseCheckInsResult = Annotated[
    PauseCheckInsSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("PauseCheckInsResult", description=RESULT),
]
CancelCheckInPauseResult = Annotated[
    CancelCheckInPauseSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("CancelCheckInPauseResult", description=RESULT),
]


@strawberry.type
class CheckInMutations:
    @strawberry.mutation(
        description="Check in on the present day, once a day: oneself, or by a service anyone."
    )
    async def check_in(self, info: Info, input: Annotated[CheckInInput, INPUT]) -> CheckInResult:
        day, replayed = await info.context.services.check_ins.check_in(
            info.context.caller,
            _target(input.member_id),
            input.check_in,
            input.occurred_at,
            input.idempotency_key,
        )
        shown, standing = await _of_day(info, day)
        return CheckInSuccess(day=shown, standing=standing, replayed=replayed)

    @strawberry.mutation(
        description="Make a missed day count with a card: one's own, or by a service anyone's."
    )
    async def make_up_check_in(
        self, info: Info, input: Annotated[MakeUpCheckInInput, INPUT]
    ) -> MakeUpCheckInResult:
        day, replayed = await info.context.services.check_ins.make_up(
            info.context.caller, _target(input.member_id), input.check_in, input.day, input.idempotency_key
        )
        shown, standing = await _of_day(info, day)
        return MakeUpCheckInSuccess(day=shown, standing=standing, replayed=replayed)

    @strawberry.mutation(
        description="Buy make-up cards or freezes with points: for oneself, or by a service for anyone."
    )
    async def buy_check_in_items(
        self, info: Info, input: Annotated[BuyCheckInItemsInput, INPUT]
    ) -> BuyCheckInItemsResult:
        state, replayed = await info.context.services.check_in_terms.buy(
            info.context.caller,
            _target(input.member_id),
            input.check_in,
            input.item,
            input.count,
            input.idempotency_key,
        )
        return BuyCheckInItemsSuccess(standing=await _of_state(info, state), replayed=replayed)

    @strawberry.mutation(
        description="Give a member make-up cards or freezes, with a reason; for operators and services."
    )
    async def grant_check_in_items(
        self, info: Info, input: Annotated[GrantCheckInItemsInput, INPUT]
    ) -> GrantCheckInItemsResult:
        state, replayed = await info.context.services.check_in_terms.grant(
            info.context.caller,
            member_id(input.member_id),
            input.check_in,
            input.item,
            input.count,
            input.reason,
            input.idempotency_key,
        )
        return GrantCheckInItemsSuccess(standing=await _of_state(info, state), replayed=replayed)

    @strawberry.mutation(
        description="Plan days off, which break no streak: for oneself, or by a service for anyone. The same again "
        "changes nothing."
    )
    async def pause_check_ins(
        self, info: Info, input: Annotated[PauseCheckInsInput, INPUT]
    ) -> PauseCheckInsResult:
        state = await info.context.services.check_in_terms.pause(
            info.context.caller, _target(input.member_id), input.check_in, input.first, input.last
        )
        return PauseCheckInsSuccess(standing=await _of_state(info, state))

    @strawberry.mutation(description="Give up the days of a pause that have not begun yet.")
    async def cancel_check_in_pause(
        self, info: Info, input: Annotated[CancelCheckInPauseInput, INPUT]
    ) -> CancelCheckInPauseResult:
        state = await info.context.services.check_in_terms.cancel_pause(
            info.context.caller, _target(input.member_id), input.check_in, input.first
        )
        return CancelCheckInPauseSuccess(standing=await _of_state(info, state))


def _target(stated: strawberry.ID | None) -> bytes | None:
    return member_id(stated) if stated is not None else None


async def _of_day(info: Info, day: DayModel) -> tuple[CheckInDay, CheckInStanding]:
    standing = await _standing(info, day.member_id, day.check_in)
    return CheckInDay.of(CalendarDay(day.day, day.state, day, can_make_up=False)), CheckInStanding.of(
        standing
    )


async def _of_state(info: Info, state: CheckInState) -> CheckInStanding:
    return CheckInStanding.of(await _standing(info, state.member_id, state.check_in))


async def _standing(info: Info, member: bytes, check_in: str) -> Standing:
    """As stored now, for whoever was allowed to change it."""
    services, programme_id = info.context.services, info.context.caller.programme_id
    found = (await services.stores.members.by_ids(programme_id, [member]))[member]
    catalogue = await services.programmes.catalogue(programme_id, fresh=True)
    definition = catalogue.check_ins[check_in]
    return await services.check_in_readings.standing(catalogue, definition, found, services.now())
