"""`exportMember`, `memberErasure`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.mutations.members import member_id as decode_member
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.privacy import EXPORTS, MemberErasure, MemberExportRecord, MemberExportSection


@strawberry.type
class PrivacyQueries:
    @strawberry.field(
        description="All that is held of a member, a section at a time: one's own, for operators and services anyone's."
    )
    async def export_member(
        self,
        info: Info,
        section: Annotated[MemberExportSection, strawberry.argument(description="Which part.")],
        member_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Oneself when not given.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[MemberExportRecord]:
        listing = EXPORTS[section]
        page = await info.context.services.exports.page(
            info.context.caller,
            decode_member(member_id) if member_id is not None else None,
            section,
            window(first, after, last, before, of=listing),
        )
        return connect(page, MemberExportRecord.of, listing)

    @strawberry.field(
        description="How far erasing a member has come; null where they were not erased. For operators and services."
    )
    async def member_erasure(
        self,
        info: Info,
        member_id: Annotated[strawberry.ID, strawberry.argument(description="Whose.")],
    ) -> MemberErasure | None:
        found = await info.context.services.erasures.find(info.context.caller, decode_member(member_id))
        return MemberErasure.of(found) if found else None
