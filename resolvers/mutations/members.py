"""`joinProgramme`, `updateProfile`, `setMemberStanding`."""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from gamification.kit.errors import InvalidInput, NotFound
from gamification.members.model import Identity, NewMember, ProfileChange
from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.queries.members import IdentityInput
from resolvers.relay import decode_bytes_id
from resolvers.types.member_boards import BoardPresence
from resolvers.types.members import Member, MemberStanding


@strawberry.input(description="Who joins. A member joins as their token's subject, a service joins anyone.")
class JoinProgrammeInput:
    external_id: str | None = strawberry.field(
        default=None, description="The programme's own name for them; the token's subject when not given."
    )
    display_name: str | None = strawberry.field(default=None, description="At most 100 characters.")
    avatar_url: str | None = strawberry.field(default=None, description="An http or https address.")
    locale: str | None = strawberry.field(
        default=None, description="Such as `en`; the programme's by default."
    )
    time_zone: str | None = strawberry.field(default=None, description="IANA; the programme's by default.")
    attributes: JSON | None = strawberry.field(
        default=None, description="For services: at most 16 KiB of JSON."
    )
    identities: list[IdentityInput] | None = strawberry.field(
        default=None, description="For services: names in other systems, each one member's only."
    )
    birthday: str | None = strawberry.field(
        default=None,
        description="`1990-02-28`, or `02-28` without a year. Members can't change it themselves later.",
    )


@strawberry.type(description="They are a member.")
class JoinProgrammeSuccess:
    member: Member = strawberry.field(description="Who joined.")
    joined: bool = strawberry.field(
        description="False where they were a member before; then nothing changed."
    )


JoinProgrammeResult = Annotated[
    JoinProgrammeSuccess | InvalidInputError | ConflictError | NotFoundError,
    strawberry.union("JoinProgrammeResult", description=RESULT),
]


@strawberry.input(description="What to change; what is not given stays.")
class UpdateProfileInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description="One's own when not given.")
    display_name: str | None = strawberry.field(default=None, description="At most 100 characters.")
    avatar_url: str | None = strawberry.field(
        default=None, description="An http or https address; empty removes it."
    )
    locale: str | None = strawberry.field(default=None, description="Such as `zh-Hans`.")
    time_zone: str | None = strawberry.field(default=None, description="IANA.")
    attributes: JSON | None = strawberry.field(
        default=None, description="For staff and services; replaces all."
    )
    identities: list[IdentityInput] | None = strawberry.field(
        default=None, description="For staff and services; replaces all."
    )
    birthday: str | None = strawberry.field(
        default=None,
        description="`1990-02-28`, or `02-28` without a year. Members state it once; staff and services change it, and an "
        "empty text removes it.",
    )
    tags: list[str] | None = strawberry.field(
        default=None,
        description="For staff and services; replaces all: at most 50, of at most 50 characters each.",
    )


@strawberry.type(description="The profile is changed.")
class UpdateProfileSuccess:
    member: Member = strawberry.field(description="As it is now.")


UpdateProfileResult = Annotated[
    UpdateProfileSuccess | InvalidInputError | ConflictError | NotFoundError,
    strawberry.union("UpdateProfileResult", description=RESULT),
]


@strawberry.input(description="A moderator's decision on a member.")
class SetMemberStandingInput:
    member_id: strawberry.ID = strawberry.field(description="On whom.")
    standing: MemberStanding = strawberry.field(description="What they are from now on.")
    reason: str = strawberry.field(description="Why; at most 500 characters.")


@strawberry.type(description="The standing is set; boards follow within seconds, past ones too.")
class SetMemberStandingSuccess:
    member: Member = strawberry.field(description="As they are now.")


SetMemberStandingResult = Annotated[
    SetMemberStandingSuccess | InvalidInputError | NotFoundError,
    strawberry.union("SetMemberStandingResult", description=RESULT),
]


@strawberry.input(description="How boards are to show a member.")
class SetBoardPresenceInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description="One's own when not given.")
    presence: BoardPresence = strawberry.field(description="What boards show from now on, past ones too.")
    pseudonym: str | None = strawberry.field(
        default=None, description="Exactly for PSEUDONYM: at most 100 characters."
    )


@strawberry.type(description="The presence is set; boards follow within seconds, past ones too.")
class SetBoardPresenceSuccess:
    member: Member = strawberry.field(description="As they are now.")


SetBoardPresenceResult = Annotated[
    SetBoardPresenceSuccess | InvalidInputError | NotFoundError,
    strawberry.union("SetBoardPresenceResult", description=RESULT),
]


@strawberry.type
class MemberMutations:
    @strawberry.mutation(description="Join the programme; joining again changes nothing.")
    async def join_programme(
        self, info: Info, input: Annotated[JoinProgrammeInput, INPUT]
    ) -> JoinProgrammeResult:
        caller = info.context.caller
        new = NewMember(
            external_id=input.external_id if input.external_id is not None else caller.subject,
            display_name=input.display_name,
            avatar_url=input.avatar_url,
            locale=input.locale,
            time_zone=input.time_zone,
            attributes=json_object(input.attributes, "attributes") or {},
            identities=_identities(input.identities) or (),
            birthday=input.birthday,
        )
        member, joined = await info.context.services.members.join(caller, new)
        return JoinProgrammeSuccess(member=Member.of(member), joined=joined)

    @strawberry.mutation(description="Change a profile: one's own, or by staff and services anyone's.")
    async def update_profile(
        self, info: Info, input: Annotated[UpdateProfileInput, INPUT]
    ) -> UpdateProfileResult:
        caller = info.context.caller
        change = ProfileChange(
            display_name=input.display_name,
            avatar_url=input.avatar_url,
            locale=input.locale,
            time_zone=input.time_zone,
            attributes=json_object(input.attributes, "attributes"),
            identities=_identities(input.identities),
            birthday=input.birthday,
            tags=tuple(input.tags) if input.tags is not None else None,
        )
        target = member_id(input.member_id) if input.member_id is not None else None
        member = await info.context.services.members.update_profile(caller, target, change)
        return UpdateProfileSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Hide, ban or restore a member; for moderators and operators. It is logged, and lifts what else bans a member "
        "who is banned no more; who is to read the reasons, and may appeal, is sanctioned."
    )
    async def set_member_standing(
        self,
        info: Info,
        input: Annotated[SetMemberStandingInput, INPUT],
    ) -> SetMemberStandingResult:
        member = await info.context.services.moderating.standing.set(
            info.context.caller, member_id(input.member_id), input.standing, input.reason
        )
        return SetMemberStandingSuccess(member=Member.of(member))

    @strawberry.mutation(
        description="Leave the boards, come back, or be shown under a pseudonym: one's own choice, or by operators "
        "and services anyone's."
    )
    async def set_board_presence(
        self, info: Info, input: Annotated[SetBoardPresenceInput, INPUT]
    ) -> SetBoardPresenceResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        member = await info.context.services.presence.set(
            info.context.caller, target, input.presence, input.pseudonym
        )
        return SetBoardPresenceSuccess(member=Member.of(member))


def member_id(global_id: str) -> bytes:
    """The member's id. Raises: NotFound for what is no member's id."""
    found = decode_bytes_id(global_id, "Member")
    if found is None:
        raise NotFound("There is no such member.", path=["memberId"])
    return found


def json_object(value: Any, name: str) -> dict[str, Any] | None:
    """A JSON value that must be an object. Raises: InvalidInput."""
    if value is not None and not isinstance(value, dict):
        raise InvalidInput(f"{name} must be a JSON object.", path=[name])
    return value


def _identities(stated: list[IdentityInput] | None) -> tuple[Identity, ...] | None:
    return None if stated is None else tuple(Identity(i.provider, i.subject) for i in stated)
