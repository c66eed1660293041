"""`createGathering`, `editGathering`, `cancelGathering`, `rsvp`, `removeRsvp`; attendance is in `attendance.py`."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.gatherings.limits import Stated
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.posts import acting
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.scalars import Long
from resolvers.types.gatherings import Gathering, GatheringRsvp, RsvpState

ACTING = "For services: whose; one's own when not given."
GATHERING = "The gathering."


@strawberry.input(description="What a gathering is to be.")
class GatheringInput:
    title: str = strawberry.field(description="1 to 200 characters.")
    body: str = strawberry.field(description="What it is about, as Markdown; 1 to 10000 characters.")
    starts_at: datetime = strawberry.field(description="When it begins; at most three years ahead.")
    ends_at: datetime = strawberry.field(description="When it ends: in the future, 31 days later at most.")
    time_zone: str = strawberry.field(description="The IANA zone that its times are stated by.")
    place: str | None = strawberry.field(
        default=None, description="Where it is, at most 500 characters. A place, an onlineUrl, or both."
    )
    online_url: str | None = strawberry.field(
        default=None, description="Where online it is; shown to who is going alone."
    )
    capacity: int | None = strawberry.field(
        default=None, description="How many can go, 1 to 100000; as many as like when not given."
    )
    rsvp_by: datetime | None = strawberry.field(
        default=None, description="Until when one asks for a place; until its end when not given."
    )
    remind_hours: list[int] = strawberry.field(
        default_factory=lambda: [24],
        description="How many hours before it begins who goes is reminded: at most 5 figures of 1 to 336.",
    )
    attendance_opens_minutes: int = strawberry.field(
        default=30, description="How long before it begins members may note that they came, 0 to 1440."
    )
    attendance_closes_minutes: int = strawberry.field(
        default=60, description="How long after it ends members may note that they came, 0 to 1440."
    )
    campaign: str | None = strawberry.field(
        default=None,
        description="The key of the campaign that it belongs to. Staff and services say so; whoever else looks after it leaves it as "
        "it is by stating none.",
    )


@strawberry.input(description="What to hold where.")
class CreateGatheringInput:
    space: str = strawberry.field(description="The space's key; who reads it sees the gathering.")
    gathering: GatheringInput = strawberry.field(description="What it is to be.")
    idempotency_key: str = strawberry.field(
        description="Any text of 1 to 200 characters; the same again does nothing twice."
    )


@strawberry.input(description="What a gathering is to be instead.")
class EditGatheringInput:
    gathering_id: strawberry.ID = strawberry.field(description=GATHERING)
    version: Long = strawberry.field(description="The gathering's `version` as it was read.")
    gathering: GatheringInput = strawberry.field(description="All of what it is to be.")


@strawberry.input(description="What not to hold.")
class CancelGatheringInput:
    gathering_id: strawberry.ID = strawberry.field(description=GATHERING)
    reason: str = strawberry.field(
        description="Why; everyone who sees it reads that. At most 500 characters."
    )


@strawberry.input(description="Whether one comes.")
class RsvpInput:
    gathering_id: strawberry.ID = strawberry.field(description=GATHERING)
    response: RsvpState = strawberry.field(description="GOING, INTERESTED or NOT_GOING.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=ACTING)


@strawberry.input(description="Whom to take out of a gathering.")
class RemoveRsvpInput:
    gathering_id: strawberry.ID = strawberry.field(description=GATHERING)
    member_id: strawberry.ID = strawberry.field(description="The member.")
    reason: str = strawberry.field(description="Why, for the records; at most 500 characters.")


@strawberry.type(description="It is made.")
class CreateGatheringSuccess:
    gathering: Gathering = strawberry.field(description=GATHERING)
    replayed: bool = strawberry.field(description="Whether it had been made before with this key.")


@strawberry.type(description="It is changed.")
class GatheringSuccess:
    gathering: Gathering = strawberry.field(description="The gathering as it is now.")


@strawberry.type(description="The answer is as stated here.")
class RsvpSuccess:
    rsvp: GatheringRsvp = strawberry.field(description="The member's answer now.")
    gathering: Gathering = strawberry.field(description="The gathering as it is now.")


CreateGatheringResult = Annotated[
    CreateGatheringSuccess | InvalidInputError | NotFoundError | ConflictError | IdempotencyConflictError,
    strawberry.union("CreateGatheringResult", description=RESULT),
]
GatheringResult = Annotated[
    GatheringSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("GatheringResult", description=RESULT),
]
RsvpResult = Annotated[
    RsvpSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("RsvpResult", description=RESULT),
]


@strawberry.type
class GatheringMutations:
    @strawberry.mutation(
        description="Make a gathering. For who looks after the space: its owners and moderators, staff and services."
    )
    async def create_gathering(
        self, info: Info, input: Annotated[CreateGatheringInput, INPUT]
    ) -> CreateGatheringResult:
        gathering, replayed = await info.context.services.gatherings.create(
            info.context.caller, input.space, _stated(input.gathering), input.idempotency_key
        )
        return CreateGatheringSuccess(gathering=Gathering.of(gathering), replayed=replayed)

    @strawberry.mutation(
        description="Change a gathering. Who goes, waits or is interested is told where its time or place change. For who "
        "looks after the space. Conflicts: STALE_VERSION, GATHERING_STATE where it is cancelled or over."
    )
    async def edit_gathering(
        self, info: Info, input: Annotated[EditGatheringInput, INPUT]
    ) -> GatheringResult:
        gathering = await info.context.services.gatherings.edit(
            info.context.caller, gathering_id(input.gathering_id), input.version, _stated(input.gathering)
        )
        return GatheringSuccess(gathering=Gathering.of(gathering))

    @strawberry.mutation(
        description="Let a gathering not take place, and tell all who go, wait or are interested; twice is the same as once. "
        "For who looks after the space. Conflict: GATHERING_STATE where it is over, or members have come to it."
    )
    async def cancel_gathering(
        self, info: Info, input: Annotated[CancelGatheringInput, INPUT]
    ) -> GatheringResult:
        gathering = await info.context.services.gatherings.cancel(
            info.context.caller, gathering_id(input.gathering_id), input.reason
        )
        return GatheringSuccess(gathering=Gathering.of(gathering))

    @strawberry.mutation(
        description="Say whether one comes; twice is the same as once. Who finds no place waits, and moves up by themselves "
        "until it begins. For members who read the space, and services for any of them. Conflicts: GATHERING_STATE where it "
        "is cancelled or over, RSVP_CLOSED where it is too late to ask for a place, RSVP_STATE for who was taken out or has "
        "come."
    )
    async def rsvp(self, info: Info, input: Annotated[RsvpInput, INPUT]) -> RsvpResult:
        gathering, rsvp = await info.context.services.rsvps.rsvp(
            info.context.caller, acting(input.member_id), gathering_id(input.gathering_id), input.response
        )
        return RsvpSuccess(rsvp=GatheringRsvp(model=rsvp), gathering=Gathering.of(gathering))

    @strawberry.mutation(
        description="Take a member out of a gathering, and give their place to who waits; twice is the same as once. What "
        "their coming counted for is taken back. For who looks after the space. Conflict: RSVP_STATE."
    )
    async def remove_rsvp(self, info: Info, input: Annotated[RemoveRsvpInput, INPUT]) -> RsvpResult:
        gathering, rsvp = await info.context.services.rsvps.remove(
            info.context.caller,
            gathering_id(input.gathering_id),
            member_id(input.member_id),
            input.reason,
        )
        return RsvpSuccess(rsvp=GatheringRsvp(model=rsvp), gathering=Gathering.of(gathering))


def _stated(given: GatheringInput) -> Stated:
    return Stated(
        given.title,
        given.body,
        given.starts_at,
        given.ends_at,
        given.time_zone,
        given.place,
        given.online_url,
        given.capacity,
        given.rsvp_by,
        tuple(given.remind_hours),
        given.attendance_opens_minutes,
        given.attendance_closes_minutes,
        given.campaign,
    )


def gathering_id(given: strawberry.ID) -> bytes:
    """The gathering's raw id. Raises: NotFound."""
    raw = decode_bytes_id(given, "Gathering")
    if raw is None:
        raise NotFound("There is no such gathering.", path=["gatheringId"])
    return raw
