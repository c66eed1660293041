"""`attendGathering`, `recordAttendance`, `strikeAttendance`, `createCalendarFeed`, `revokeCalendarFeed`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import NotFoundError
from resolvers.mutations.gatherings import ACTING, GATHERING, RsvpResult, RsvpSuccess, gathering_id
from resolvers.mutations.members import member_id
from resolvers.mutations.posts import acting
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.gatherings import Gathering, GatheringRsvp


@strawberry.input(description="That one came.")
class AttendGatheringInput:
    gathering_id: strawberry.ID = strawberry.field(description=GATHERING)
    code: str = strawberry.field(description="The 6 digits that are shown there.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=ACTING)


@strawberry.input(description="Who came: the member, or whose token it is.")
class RecordAttendanceInput:
    gathering_id: strawberry.ID = strawberry.field(description=GATHERING)
    member_id: strawberry.ID | None = strawberry.field(default=None, description="The member.")
    token: str | None = strawberry.field(default=None, description="What was scanned from their screen.")


@strawberry.input(description="Who did not come after all.")
class StrikeAttendanceInput:
    gathering_id: strawberry.ID = strawberry.field(description=GATHERING)
    member_id: strawberry.ID = strawberry.field(description="The member.")
    reason: str = strawberry.field(description="Why, for the records; at most 500 characters.")


@strawberry.input(description="Whose calendar.")
class CalendarFeedInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=ACTING)


@strawberry.type(
    description="The feed is there, and whatever address there was before reads nothing any more."
)
class CreateCalendarFeedSuccess:
    address: str = strawberry.field(
        description="Where on this server a calendar program reads it. Whoever knows it reads what one goes to: it is told "
        "once, and kept nowhere."
    )


@strawberry.type(description="Nobody reads it any more.")
class RevokeCalendarFeedSuccess:
    revoked: bool = strawberry.field(description="Whether there was one.")


CreateCalendarFeedResult = Annotated[
    CreateCalendarFeedSuccess | NotFoundError,
    strawberry.union("CreateCalendarFeedResult", description=RESULT),
]
RevokeCalendarFeedResult = Annotated[
    RevokeCalendarFeedSuccess | NotFoundError,
    strawberry.union("RevokeCalendarFeedResult", description=RESULT),
]


@strawberry.type
class AttendanceMutations:
    @strawberry.mutation(
        description="Note that one came to a gathering that one goes to, by the code that is shown there; twice is the same as "
        "once. Conflicts: GATHERING_STATE, ATTENDANCE_CLOSED, RSVP_STATE for who is not going, CODE_REFUSED; CODE_LOCKED for "
        "ten minutes after 5 wrong codes."
    )
    async def attend_gathering(self, info: Info, input: Annotated[AttendGatheringInput, INPUT]) -> RsvpResult:
        gathering, rsvp = await info.context.services.attendance.attend(
            info.context.caller, acting(input.member_id), gathering_id(input.gathering_id), input.code
        )
        return RsvpSuccess(rsvp=GatheringRsvp(model=rsvp), gathering=Gathering.of(gathering))

    @strawberry.mutation(
        description="Note that a member came, until 7 days after the gathering's end; twice is the same as once. Who was not "
        "going gets a place where there is one. For who looks after the space. Conflicts: GATHERING_STATE, ATTENDANCE_CLOSED, "
        "RSVP_STATE for who was taken out, CODE_REFUSED for a token that is none or has lapsed, GATHERING_FULL."
    )
    async def record_attendance(
        self, info: Info, input: Annotated[RecordAttendanceInput, INPUT]
    ) -> RsvpResult:
        gathering, rsvp = await info.context.services.attendance.record(
            info.context.caller,
            gathering_id(input.gathering_id),
            member_id(input.member_id) if input.member_id is not None else None,
            input.token,
        )
        return RsvpSuccess(rsvp=GatheringRsvp(model=rsvp), gathering=Gathering.of(gathering))

    @strawberry.mutation(
        description="Say that a member did not come after all, and take back what it counted for; twice is the same as once. "
        "For who looks after the space. Conflict: RSVP_STATE where nothing was noted."
    )
    async def strike_attendance(
        self, info: Info, input: Annotated[StrikeAttendanceInput, INPUT]
    ) -> RsvpResult:
        gathering, rsvp = await info.context.services.attendance.strike(
            info.context.caller,
            gathering_id(input.gathering_id),
            member_id(input.member_id),
            input.reason,
        )
        return RsvpSuccess(rsvp=GatheringRsvp(model=rsvp), gathering=Gathering.of(gathering))

    @strawberry.mutation(
        description="Make the secret address at which one's own calendar reads what one goes to, in place of any before. For "
        "members, and services for any of them."
    )
    async def create_calendar_feed(
        self, info: Info, input: Annotated[CalendarFeedInput, INPUT]
    ) -> CreateCalendarFeedResult:
        token = await info.context.services.calendar_feeds.create(
            info.context.caller, acting(input.member_id)
        )
        return CreateCalendarFeedSuccess(address=f"/calendars/{token}.ics")

    @strawberry.mutation(
        description="Let nobody read one's calendar by its address any more; twice is the same as once. For members, and "
        "services for any of them."
    )
    async def revoke_calendar_feed(
        self, info: Info, input: Annotated[CalendarFeedInput, INPUT]
    ) -> RevokeCalendarFeedResult:
        revoked = await info.context.services.calendar_feeds.revoke(
            info.context.caller, acting(input.member_id)
        )
        return RevokeCalendarFeedSuccess(revoked=revoked)
