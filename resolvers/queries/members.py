"""`me`, `member`, `members`."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.kit.errors import InvalidInput
from gamification.members import model, service
from resolvers.context import Info
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    connect,
    decode_bytes_id,
    window,
)
from resolvers.types.members import Member, MemberStanding

MemberOrderField = service.MemberOrder
strawberry.enum(
    MemberOrderField, name="MemberOrderField", description="What lists of members can be ordered by."
)
LISTINGS = {
    (field, descending): Listing(f"members by {field.value}, {descending}", (kind, bytes))
    for field, kind in ((service.MemberOrder.JOINED_AT, datetime), (service.MemberOrder.DISPLAY_NAME, str))
    for descending in (False, True)
}
"""The kinds of list that `members` gives."""


@strawberry.input(description="Which members to list.")
class MemberFilter:
    standing: MemberStanding | None = strawberry.field(
        default=None, description="Only members of this standing."
    )
    display_name_starts_with: str | None = strawberry.field(
        default=None, description="Only names that start so; case counts."
    )


@strawberry.input(description="How to order members; the id breaks ties.")
class MemberOrder:
    field: MemberOrderField = strawberry.field(default=service.MemberOrder.JOINED_AT, description="By what.")
    descending: bool = strawberry.field(default=False, description="Greatest first.")


@strawberry.input(description="A name by which another system knows a member.")
class IdentityInput:
    provider: str = strawberry.field(description="The other system's key.")
    subject: str = strawberry.field(description="The member's name there.")


@strawberry.type
class MemberQueries:
    @strawberry.field(
        description="The member whose token this is; null for staff, services, and before joining."
    )
    async def me(self, info: Info) -> Member | None:
        found = await info.context.services.members.me(info.context.caller)
        return Member.of(found) if found else None

    @strawberry.field(
        description="A member by exactly one of global id, external id or identity; the last two for staff, "
        "services and the member. Null where missing or not visible."
    )
    async def member(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Their global id.")] = None,
        external_id: Annotated[
            str | None, strawberry.argument(description="The programme's own name for them.")
        ] = None,
        identity: Annotated[
            IdentityInput | None, strawberry.argument(description="Another system's name for them.")
        ] = None,
    ) -> Member | None:
        members, caller = info.context.services.members, info.context.caller
        if sum(given is not None for given in (id, external_id, identity)) != 1:
            raise InvalidInput("State exactly one of id, externalId and identity.", path=["id"])
        found: model.Member | None = None
        if id is not None:
            raw = decode_bytes_id(id, "Member")
            found = await info.context.loaders.members.load(raw) if raw else None
        elif external_id is not None:
            found = await members.by_external_id(caller, external_id)
        elif identity is not None:
            found = await members.by_identity(caller, model.Identity(identity.provider, identity.subject))
        return Member.of(found) if found else None

    @strawberry.field(description="Members, for staff and services.")
    async def members(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            MemberFilter | None, strawberry.argument(description="Everyone when not given.")
        ] = None,
        order_by: Annotated[
            MemberOrder | None, strawberry.argument(description="By time of joining when not given.")
        ] = None,
    ) -> Connection[Member]:
        members, caller = info.context.services.members, info.context.caller
        stated, order = filter or MemberFilter(), order_by or MemberOrder()
        listing = LISTINGS[order.field, order.descending]
        wanted = service.MemberFilter(stated.standing, stated.display_name_starts_with)
        page = await members.page(
            caller,
            wanted,
            order.field,
            descending=order.descending,
            window=window(first, after, last, before, of=listing),
        )

        async def count() -> int:
            return await members.count(caller, wanted)

        return connect(page, Member.of, listing, count)
